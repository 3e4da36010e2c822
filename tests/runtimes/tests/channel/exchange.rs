//! Values that go between tasks and threads.

use super::{receive, send_next};
use futures::{FutureExt, SinkExt, StreamExt, future::join_all};
use overwrite_channel::{SendError, Sender, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting, yield_now, yield_times},
};
use smol::future::or;
use std::thread;
use support::{
    dice::Dice,
    ledger::{Fate, Ledger, Totals, Tracked},
};

on_each_runtime! {
    every_value_is_accounted_for_until_the_senders_go
    every_value_is_accounted_for_until_the_receivers_go
    a_receiver_is_a_stream_and_a_sender_is_a_sink
    a_sender_learns_that_the_receivers_are_gone
}

/// Three tasks and a thread send on one slot. Four tasks and a parked thread receive from it, each at most `quota` values.
/// Every second of the tasks gives up waiting now and then.
fn many_on_one_slot<R: Runtime>(ledger: &Ledger, quota: usize) {
    let (tx, rx) = channel();
    let mut parked = rx.clone();
    parked.set_spin_limit(0);
    let meets = |value: Tracked| value.meets(Fate::Received);
    let receiver = thread::spawn(move || parked.iter().take(quota).for_each(meets));
    let sender = thread::spawn({
        let (ledger, mut tx) = (ledger.clone(), tx.clone());
        move || {
            while send_next(&ledger, &mut tx) {
                thread::yield_now();
            }
        }
    });
    R::run(|runtime| async move {
        let mut tasks = Vec::new();
        for way in 0..4 {
            let (mut rx, mut dice) = (rx.clone(), Dice::new(0));
            tasks.push(runtime.spawn(async move {
                let mut left = quota;
                while left > 0 {
                    let wait = receive(&mut rx, way).map(Some);
                    let taken = if way % 2 == 0 {
                        wait.await
                    } else {
                        or(wait, yield_times(dice.below(3)).map(|()| None)).await
                    };
                    match taken {
                        Some(Some(value)) => {
                            meets(value);
                            left -= 1;
                        }
                        Some(None) => break,
                        None => yield_now().await,
                    }
                }
            }));
        }
        drop(rx);
        for seed in 0..3 {
            let (ledger, mut tx, mut dice) = (ledger.clone(), tx.clone(), Dice::new(seed));
            tasks.push(runtime.spawn(async move {
                while send_next(&ledger, &mut tx) {
                    yield_times(dice.below(3)).await;
                }
            }));
        }
        drop(tx);
        join_all(tasks).await;
    });
    receiver.join().unwrap();
    sender.join().unwrap();
}

fn every_value_is_accounted_for_until_the_senders_go<R: Runtime>() {
    const VALUES: usize = 8000;
    let ledger = Ledger::new(VALUES);
    many_on_one_slot::<R>(&ledger, usize::MAX);
    let totals = ledger.totals();
    assert_eq!(totals.received + totals.displaced, VALUES, "{totals:?}");
    assert!(totals.received > 0, "{totals:?}");
}

fn every_value_is_accounted_for_until_the_receivers_go<R: Runtime>() {
    const QUOTA: usize = 100;
    let ledger = Ledger::new(1_000_000);
    many_on_one_slot::<R>(&ledger, QUOTA);
    let Totals { received, handed_back, dropped_with_channel, .. } = ledger.totals();
    // None of the five receivers got less, none of the four senders went on.
    assert_eq!((received, handed_back), (5 * QUOTA, 4));
    assert!(dropped_with_channel <= 1, "{dropped_with_channel} values in one slot");
}

fn a_receiver_is_a_stream_and_a_sender_is_a_sink<R: Runtime>() {
    R::run(|runtime| async move {
        // A pipeline: what the first channel delivers goes to the second, and so does the end.
        let (mut tx, rx) = channel();
        let (next, mut end) = channel();
        let pipe = runtime.spawn(rx.map(Ok).forward(next));
        for value in 0..300 {
            assert_eq!(tx.feed(value).await, Ok(()));
            assert_eq!(end.recv_async().await, Ok(value));
        }
        drop(tx);
        assert_eq!(end.next().await, None);
        assert_eq!(pipe.await, Ok(()));

        // Without a receiver a value comes back.
        let (mut tx, rx) = channel();
        let (next, end) = channel();
        let pipe = runtime.spawn(rx.map(Ok).forward(next));
        drop(end);
        assert_eq!(tx.send(7), Ok(None));
        assert_eq!(pipe.await, Err(SendError(7)));
        tx.closed().await;
        assert_eq!(SinkExt::send(&mut tx, 8).await, Err(SendError(8)));
    });
}

fn a_sender_learns_that_the_receivers_are_gone<R: Runtime>() {
    R::run(|runtime| async move {
        for _ in 0..20 {
            let (tx, rx) = channel::<usize>();
            let waiting = Waiting::default();
            let wait = |tx: Sender<_>| {
                let waiting = waiting.clone();
                runtime.spawn(async move { waiting.on(tx.closed()).await })
            };
            let tasks = [tx.clone(), tx.clone()].map(wait);
            waiting.reaches(tasks.len()).await;
            thread::spawn(move || drop(rx));
            tx.closed().await;
            join_all(tasks).await;
        }
    });
}
