//! Several channels in one task: tokio's `select!`, and `FuturesUnordered`.

use super::{receive, send_next};
use futures::{StreamExt, stream::FuturesUnordered};
use overwrite_channel::{Receiver, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_times},
};
use support::{
    dice::Dice,
    ledger::{Fate, Ledger, Tracked},
};

on_each_runtime! {
    tokio_select_loses_nothing
    futures_that_stay_lose_nothing
}

/// Runs `receive` on three channels, to each of which a task sends a third of the values.
fn from_three<R: Runtime>(receive: impl AsyncFnOnce([Receiver<Tracked>; 3])) {
    const VALUES: usize = 600;
    let ledger = Ledger::new(VALUES);
    R::run(|runtime| async move {
        let receivers = [1, 2, 3].map(|seed| {
            let (mut tx, rx) = channel();
            let (ledger, mut dice) = (ledger.clone(), Dice::new(seed));
            let sender = runtime.spawn(async move {
                for _ in 0..VALUES / 3 {
                    // The receiver stays to the end.
                    assert!(send_next(&ledger, &mut tx));
                    yield_times(dice.below(5)).await;
                }
            });
            (rx, sender)
        });
        let [(a, first), (b, second), (c, third)] = receivers;
        futures::join!(receive([a, b, c]), first, second, third);
        let totals = ledger.totals();
        assert_eq!(totals.received + totals.displaced, VALUES, "{totals:?}");
        // The last value of each channel is displaced by none.
        assert!(totals.received >= 3, "{totals:?}");
    });
}

/// Each turn makes three futures and drops two of them or three.
fn tokio_select_loses_nothing<R: Runtime>() {
    from_three::<R>(async |[mut a, mut b, mut c]| {
        while let Some(value) = tokio::select! {
            Ok(value) = a.recv_async() => Some(value),
            Some(value) = b.next() => Some(value),
            Ok(value) = c.recv_matching_async(|_| true) => Some(value),
            else => None,
        } {
            value.meets(Fate::Received);
        }
    });
}

/// Futures that outlive the turns, each made again when it has finished.
fn futures_that_stay_lose_nothing<R: Runtime>() {
    from_three::<R>(async |receivers| {
        let wait = |mut rx: Receiver<Tracked>| async move { (receive(&mut rx, 0).await, rx) };
        let mut waiting: FuturesUnordered<_> = receivers.map(wait).into_iter().collect();
        while let Some((value, rx)) = waiting.next().await {
            if let Some(value) = value {
                value.meets(Fate::Received);
                waiting.push(wait(rx));
            }
        }
    });
}
