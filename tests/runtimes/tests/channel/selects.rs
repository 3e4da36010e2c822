//! Several channels in one task: `select!` of two crates, and `FuturesUnordered`.

use super::{receive, send_next};
use futures::{StreamExt, future::BoxFuture, poll, stream::FuturesUnordered};
use overwrite_channel::{Receiver, RecvError, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting, yield_times},
};
use std::mem;
use support::{
    dice::Dice,
    ledger::{Fate, Ledger, Tracked},
};

on_each_runtime! {
    tokio_select_loses_nothing
    futures_select_loses_nothing
    futures_that_stay_lose_nothing
    futures_know_that_they_have_finished
    a_loser_that_was_woken_wakes_another
    a_forgotten_wait_wakes_another_when_its_receiver_goes
    one_task_waits_for_many_channels
    one_task_waits_with_many_receivers_of_one_channel
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

/// The streams know that they have ended, and `complete` is when all have.
fn futures_select_loses_nothing<R: Runtime>() {
    from_three::<R>(async |[mut a, mut b, mut c]| {
        loop {
            let value = futures::select! {
                value = a.next() => value,
                value = b.next() => value,
                value = c.select_next_some() => Some(value),
                complete => return,
            };
            if let Some(value) = value {
                value.meets(Fate::Received);
            }
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

fn futures_know_that_they_have_finished<R: Runtime>() {
    R::run(|runtime| async move {
        let (mut tx, mut a) = channel();
        let (gone, mut b) = channel::<usize>();
        let mut waiting = b.clone();
        let (closed, c) = channel::<usize>();
        let ends = runtime.spawn(async move {
            yield_times(3).await;
            assert_eq!(tx.send(1), Ok(None));
            yield_times(3).await;
            drop((gone, c));
            assert_eq!(waiting.next().await, None);
        });
        let mut outcomes = [0; 3];
        {
            let (mut value, mut end) = (a.recv_async(), b.recv_matching_async(|_| true));
            let mut no_receiver = closed.closed();
            loop {
                futures::select! {
                    value = value => {
                        assert_eq!(value, Ok(1));
                        outcomes[0] += 1;
                    }
                    end = end => {
                        assert_eq!(end, Err(RecvError));
                        outcomes[1] += 1;
                    }
                    () = no_receiver => outcomes[2] += 1,
                    complete => break,
                }
            }
        }
        assert_eq!(outcomes, [1; 3]);
        ends.await;
    });
}

/// Spawns a task that waits for one value, and returns once it waits.
async fn wait_in_task<R: Runtime>(
    runtime: &R,
    mut rx: Receiver<usize>,
) -> BoxFuture<'static, Result<usize, RecvError>> {
    let waiting = Waiting::default();
    let task = runtime.spawn({
        let waiting = waiting.clone();
        async move { waiting.on(rx.recv_async()).await }
    });
    waiting.reaches(1).await;
    task
}

fn a_loser_that_was_woken_wakes_another<R: Runtime>() {
    R::run(|runtime| async move {
        for _ in 0..100 {
            // The first receiver is notified first.
            let (mut tx, mut loser) = channel();
            let (mut first, mut winner) = channel();
            let patient = wait_in_task(&runtime, loser.clone()).await;
            let waiting = Waiting::default();
            let raced = runtime.spawn({
                let waiting = waiting.clone();
                async move {
                    // Waits for both, and then looks at the winner first.
                    let mut race = async || {
                        tokio::select! {
                            biased;
                            value = winner.recv_async() => value,
                            value = loser.recv_async() => value,
                        }
                    };
                    let value = waiting.on(race()).await;
                    (loser, winner, value)
                }
            });
            waiting.reaches(1).await;
            assert_eq!(tx.send(2), Ok(None));
            assert_eq!(first.send(1), Ok(None));
            // Its receivers stay to the end.
            let (mut loser, _winner, value) = raced.await;
            if value == Ok(2) {
                // It was faster than this thread.
                assert!(!R::ONE_THREAD);
                assert_eq!(tx.send(2), Ok(None));
            } else {
                assert_eq!(value, Ok(1));
            }
            assert_eq!(patient.await, Ok(2));
            assert!(loser.try_recv().is_err());
        }
    });
}

fn a_forgotten_wait_wakes_another_when_its_receiver_goes<R: Runtime>() {
    R::run(|runtime| async move {
        for round in 0..100 {
            let (mut tx, mut forgetful) = channel();
            let patient = wait_in_task(&runtime, forgetful.clone()).await;
            let mut forgotten = forgetful.recv_async();
            assert!(poll!(&mut forgotten).is_pending());
            mem::forget(forgotten);
            // Wakes this task, whose receiver is the first.
            assert_eq!(tx.send(round), Ok(None));
            drop(forgetful);
            assert_eq!(patient.await, Ok(round));
        }
    });
}

fn one_task_waits_for_many_channels<R: Runtime>() {
    const CHANNELS: usize = 200;
    R::run(|runtime| async move {
        let (senders, mut receivers): (Vec<_>, Vec<_>) =
            (0..CHANNELS).map(|_| channel::<usize>()).unzip();
        let mut senders: Vec<_> = senders.into_iter().enumerate().collect();
        let mut waiting: FuturesUnordered<_> =
            receivers.iter_mut().map(Receiver::recv_async).collect();
        assert!(poll!(waiting.next()).is_pending());
        let sender = runtime.spawn(async move {
            let mut dice = Dice::new(0);
            while !senders.is_empty() {
                let (at, mut tx) = senders.swap_remove(dice.below(senders.len()));
                assert_eq!(tx.send(at), Ok(None));
                yield_times(dice.below(2)).await;
            }
        });
        let mut received: Vec<_> = waiting.map(Result::unwrap).collect().await;
        sender.await;
        received.sort_unstable();
        assert!(received.into_iter().eq(0..CHANNELS));
    });
}

fn one_task_waits_with_many_receivers_of_one_channel<R: Runtime>() {
    const RECEIVERS: usize = 100;
    R::run(|runtime| async move {
        let (mut tx, rx) = channel::<usize>();
        let (mut back, mut answers) = channel();
        let mut receivers = vec![rx; RECEIVERS];
        let mut waiting: FuturesUnordered<_> =
            receivers.iter_mut().map(Receiver::recv_async).collect();
        assert!(poll!(waiting.next()).is_pending());
        let sender = runtime.spawn(async move {
            // Each receiver gets one value: those that have finished wait no more.
            for value in 0..RECEIVERS {
                assert_eq!(tx.send(value), Ok(None));
                assert_eq!(answers.recv_async().await, Ok(value));
            }
        });
        for value in 0..RECEIVERS {
            assert_eq!(waiting.next().await, Some(Ok(value)));
            assert_eq!(back.send(value), Ok(None));
        }
        assert_eq!(waiting.next().await, None);
        sender.await;
    });
}
