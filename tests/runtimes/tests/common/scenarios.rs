//! What holds on every runtime.

use super::{
    dice::Dice,
    runtime::{Runtime, noted, until, yield_now, yield_times},
    tally::{Payload, Tally, Totals},
};
use futures::{SinkExt, StreamExt, future::join_all, pin_mut, poll, stream};
use overwrite_channel::{RecvError, SendError, Sender, channel};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

pub(crate) fn a_task_sends_and_a_task_receives<R: Runtime>() {
    const ROUNDS: usize = 1000;
    R::run(|runtime| async move {
        let (mut tx, mut rx) = channel();
        let (mut back, mut answers) = channel();
        let echo = runtime.spawn(async move {
            while let Ok(value) = rx.recv_async().await {
                assert_eq!(back.send(value), Ok(None));
            }
        });
        for round in 0..ROUNDS {
            assert_eq!(tx.send(round), Ok(None));
            assert_eq!(answers.recv_async().await, Ok(round));
        }
        drop(tx);
        echo.await;
        assert_eq!(answers.recv_async().await, Err(RecvError));
    });
}

pub(crate) fn a_thread_sends_and_a_task_receives<R: Runtime>() {
    const ROUNDS: usize = 300;
    let (mut tx, mut rx) = channel();
    let (mut back, mut answers) = channel();
    answers.set_spin_limit(0);
    let thread = thread::spawn(move || {
        for round in 0..ROUNDS {
            assert_eq!(tx.send(round), Ok(None));
            assert_eq!(answers.recv(), Ok(round));
        }
    });
    let received = R::run(|runtime| {
        runtime.spawn(async move {
            let mut received = 0;
            while let Ok(value) = rx.recv_async().await {
                // The thread is ahead by no more than the answer it waits for.
                assert_eq!(back.send(value), Ok(None));
                received += 1;
            }
            received
        })
    });
    thread.join().unwrap();
    assert_eq!(received, ROUNDS);
}

pub(crate) fn a_task_sends_and_a_parked_thread_receives<R: Runtime>() {
    const ROUNDS: usize = 300;
    let (mut tx, mut rx) = channel();
    let (mut back, mut answers) = channel();
    rx.set_spin_limit(0);
    let thread = thread::spawn(move || {
        let mut received = 0;
        for value in rx {
            assert_eq!(back.send(value), Ok(None));
            received += 1;
        }
        received
    });
    R::run(|runtime| {
        runtime.spawn(async move {
            for round in 0..ROUNDS {
                assert_eq!(tx.send(round), Ok(None));
                assert_eq!(answers.recv_async().await, Ok(round));
            }
        })
    });
    assert_eq!(thread.join().unwrap(), ROUNDS);
}

/// Sends until there is no payload left, or no receiver.
async fn send_all_of(tally: Tally, mut tx: Sender<Payload>, mut dice: Dice) {
    while let Some(payload) = tally.issue() {
        match tx.send(payload) {
            Ok(Some(stale)) => stale.displaced(),
            Ok(None) => {}
            Err(SendError(payload)) => return payload.handed_back(),
        }
        yield_times(dice.below(3)).await;
    }
}

/// The same in a thread.
fn send_all_from_thread(tally: &Tally, mut tx: Sender<Payload>) {
    while let Some(payload) = tally.issue() {
        match tx.send(payload) {
            Ok(Some(stale)) => stale.displaced(),
            Ok(None) => {}
            Err(SendError(payload)) => return payload.handed_back(),
        }
        thread::yield_now();
    }
}

/// Three tasks and a thread send on one slot; two tasks that await, one with a predicate, one with a
/// stream, and a parked thread receive from it, each at most `quota`.
fn many_on_one_slot<R: Runtime>(tally: &Tally, quota: usize) {
    let (tx, rx) = channel();
    let mut parked = rx.clone();
    parked.set_spin_limit(0);
    let receiver = thread::spawn(move || {
        parked.iter().take(quota).for_each(Payload::received);
    });
    let sender = thread::spawn({
        let (tally, tx) = (tally.clone(), tx.clone());
        move || send_all_from_thread(&tally, tx)
    });
    R::run(|runtime| async move {
        let mut tasks = Vec::new();
        for _ in 0..2 {
            let mut rx = rx.clone();
            tasks.push(runtime.spawn(async move {
                for _ in 0..quota {
                    let Ok(payload) = rx.recv_async().await else { break };
                    payload.received();
                }
            }));
        }
        let mut matching = rx.clone();
        tasks.push(runtime.spawn(async move {
            for _ in 0..quota {
                let Ok(payload) = matching.recv_matching_async(|_| true).await else { break };
                payload.received();
            }
        }));
        tasks.push(runtime.spawn(rx.take(quota).for_each(|payload| async {
            payload.received();
        })));
        for seed in 0..3 {
            tasks.push(runtime.spawn(send_all_of(tally.clone(), tx.clone(), Dice::new(seed))));
        }
        drop(tx);
        join_all(tasks).await;
    });
    receiver.join().unwrap();
    sender.join().unwrap();
}

pub(crate) fn every_value_is_accounted_for_until_the_senders_go<R: Runtime>() {
    const PAYLOADS: usize = 8000;
    let tally = Tally::new(PAYLOADS);
    many_on_one_slot::<R>(&tally, usize::MAX);
    let totals = tally.settle();
    assert_eq!(totals.received + totals.displaced, PAYLOADS, "{totals:?}");
    assert_eq!((totals.handed_back, totals.with_channel), (0, 0), "{totals:?}");
    assert!(totals.received > 0, "{totals:?}");
}

pub(crate) fn every_value_is_accounted_for_until_the_receivers_go<R: Runtime>() {
    const QUOTA: usize = 100;
    let tally = Tally::new(1_000_000);
    many_on_one_slot::<R>(&tally, QUOTA);
    let Totals { issued, received, displaced, handed_back, with_channel } = tally.settle();
    // None of the five receivers got less, none of the four senders went on.
    assert_eq!((received, handed_back), (5 * QUOTA, 4));
    assert!(with_channel <= 1, "{with_channel} values in one slot");
    assert_eq!(received + displaced + handed_back + with_channel, issued);
}

pub(crate) fn the_newest_value_arrives<R: Runtime>() {
    const NEWEST: usize = 300;
    const SENDERS: usize = 3;
    R::run(|runtime| async move {
        for round in 0..10 {
            let (tx, mut rx) = channel();
            let senders: Vec<_> = (0..SENDERS)
                .map(|first| {
                    let (mut tx, mut dice) = (tx.clone(), Dice::new(round * SENDERS + first));
                    runtime.spawn(async move {
                        for value in (0..=NEWEST).skip(first).step_by(SENDERS) {
                            let not_kept = tx.send_newest(value).unwrap();
                            assert_ne!(not_kept, Some(NEWEST));
                            yield_times(dice.below(2)).await;
                        }
                    })
                })
                .collect();
            // A sender is left, so the end cannot stand in for the value.
            assert_eq!(rx.recv_matching_async(|value| *value == NEWEST).await, Ok(NEWEST));
            join_all(senders).await;
        }
    });
}

pub(crate) fn the_end_ends_every_waiting_task<R: Runtime>() {
    const TASKS: usize = 9;
    for value in [None, Some(1)] {
        let (mut tx, rx) = channel();
        let mut parked = rx.clone();
        parked.set_spin_limit(0);
        let thread = thread::spawn(move || parked.recv().ok());
        let received: Vec<_> = R::run(|runtime| async move {
            let waiting = Arc::new(AtomicUsize::new(0));
            let tasks: Vec<_> = (0..TASKS)
                .map(|kind| {
                    let (mut rx, waiting) = (rx.clone(), waiting.clone());
                    runtime.spawn(async move {
                        match kind % 3 {
                            0 => noted(rx.recv_async(), &waiting).await.ok(),
                            1 => noted(rx.next(), &waiting).await,
                            _ => noted(rx.recv_matching_async(|_| true), &waiting).await.ok(),
                        }
                    })
                })
                .collect();
            until(|| waiting.load(SeqCst) == TASKS).await;
            let other = tx.clone();
            if let Some(value) = value {
                assert_eq!(tx.send(value), Ok(None));
            }
            drop(tx);
            drop(other);
            join_all(tasks).await
        });
        let received = received.into_iter().chain([thread.join().unwrap()]).flatten();
        assert!(received.eq(value));
    }
}

pub(crate) fn a_receiver_is_a_stream<R: Runtime>() {
    const LAST: usize = 500;
    R::run(|runtime| async move {
        let (mut tx, rx) = channel();
        let doubled = runtime.spawn(rx.map(|value: usize| 2 * value).collect::<Vec<_>>());
        let sender = runtime.spawn(async move {
            let mut dice = Dice::new(0);
            for value in 1..=LAST {
                tx.send(value).unwrap();
                yield_times(dice.below(3)).await;
            }
        });
        sender.await;
        let doubled = doubled.await;
        assert!(doubled.is_sorted());
        assert_eq!(doubled.last(), Some(&(2 * LAST)));

        // Two at once, each to its end.
        let (mut evens, even) = channel();
        let (mut odds, odd) = channel();
        let both = runtime.spawn(stream::select(even, odd).collect::<Vec<_>>());
        assert_eq!(evens.send(2), Ok(None));
        drop(evens);
        yield_now().await;
        assert_eq!(odds.send(1), Ok(None));
        drop(odds);
        let mut both = both.await;
        both.sort_unstable();
        assert_eq!(both, [1, 2]);
    });
}

pub(crate) fn a_sender_is_a_sink<R: Runtime>() {
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

        // Without a reader in between the last one of all is left.
        let (mut tx, mut rx) = channel();
        assert_eq!(tx.send_all(&mut stream::iter(1..=9).map(Ok)).await, Ok(()));
        assert_eq!(tx.close().await, Ok(()));
        assert_eq!(rx.next().await, Some(9));
        let mut shared = tx.into_shared();
        assert_eq!(shared.send_all(&mut stream::iter(1..=4).map(Ok)).await, Ok(()));
        assert_eq!(rx.next().await, Some(4));
        drop(shared);
        assert_eq!(rx.next().await, None);

        // A value that nobody can receive comes back.
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

pub(crate) fn a_sender_learns_that_the_receivers_are_gone<R: Runtime>() {
    const TASKS: usize = 5;
    R::run(|runtime| async move {
        for _ in 0..20 {
            let (tx, rx) = channel::<usize>();
            let other = rx.clone();
            let (waiting, ended) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
            let tasks: Vec<_> = (0..TASKS)
                .map(|_| {
                    let (tx, waiting, ended) = (tx.clone(), waiting.clone(), ended.clone());
                    runtime.spawn(async move {
                        // One that is given up is in nobody's way.
                        assert!(poll!(tx.closed()).is_pending());
                        noted(tx.closed(), &waiting).await;
                        assert!(tx.is_closed());
                        ended.fetch_add(1, SeqCst);
                    })
                })
                .collect();
            until(|| waiting.load(SeqCst) == TASKS).await;
            drop(rx);
            let closed = tx.closed();
            pin_mut!(closed);
            assert!(poll!(&mut closed).is_pending());
            yield_times(3).await;
            assert_eq!(ended.load(SeqCst), 0);
            thread::spawn(move || drop(other));
            closed.await;
            join_all(tasks).await;
            assert_eq!(ended.load(SeqCst), TASKS);
        }
    });
}

pub(crate) fn a_flood_of_stale_values_starves_nobody<R: Runtime>() {
    const STEPS: usize = 100;
    // One poll looks at 128 values, and each task is polled in its turn.
    const MOST_LOOKS_A_STEP: usize = 1000;
    let (looks, steps) = R::run(|runtime| async move {
        let (tx, mut rx) = channel();
        let tx = tx.into_shared();
        let (looks, steps) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        tx.send(0).unwrap();
        let flooded = runtime.spawn({
            let (looks, steps) = (looks.clone(), steps.clone());
            async move {
                // Each look at a value makes the next: the slot is never found empty.
                let wanted = |value: &usize| {
                    tx.send(value + 1).unwrap();
                    looks.fetch_add(1, SeqCst);
                    steps.load(SeqCst) == STEPS
                };
                rx.recv_matching_async(wanted).await.unwrap();
            }
        });
        let other = runtime.spawn({
            let (looks, steps) = (looks.clone(), steps.clone());
            async move {
                until(|| looks.load(SeqCst) > 0).await;
                for _ in 0..STEPS {
                    yield_now().await;
                    steps.fetch_add(1, SeqCst);
                }
            }
        });
        other.await;
        flooded.await;
        (looks.load(SeqCst), steps.load(SeqCst))
    });
    assert_eq!(steps, STEPS);
    assert!(looks > 0);
    // With one thread only: with more, the flooded task has its own.
    if R::ONE_THREAD {
        assert!(looks < STEPS * MOST_LOOKS_A_STEP, "{looks} looks");
    }
}
