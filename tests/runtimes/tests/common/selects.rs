//! Several channels in one task: `select!` of two makes, and `FuturesUnordered`.

use super::{
    dice::Dice,
    runtime::{Runtime, noted, until, yield_times},
    tally::{Payload, Tally},
};
use futures::{StreamExt, future::join_all, poll, stream::FuturesUnordered};
use overwrite_channel::{Receiver, RecvError, Sender, channel};
use std::{
    mem,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

const PAYLOADS: usize = 600;

/// Sends a third of all payloads.
async fn send_a_third(tally: Tally, mut tx: Sender<Payload>, seed: usize) {
    let mut dice = Dice::new(seed);
    for _ in 0..PAYLOADS / 3 {
        // The receiver stays to the end.
        if let Some(stale) = tx.send(tally.issue().unwrap()).ok().unwrap() {
            stale.displaced();
        }
        yield_times(dice.below(5)).await;
    }
}

/// Runs `receive` on three channels that are sent to from tasks.
fn from_three<R: Runtime, F: Future<Output = usize> + Send + 'static>(
    receive: impl FnOnce([Receiver<Payload>; 3]) -> F,
) {
    let tally = Tally::new(PAYLOADS);
    let received = R::run(|runtime| {
        let mut senders = Vec::new();
        let receivers = [1, 2, 3].map(|seed| {
            let (tx, rx) = channel();
            senders.push(runtime.spawn(send_a_third(tally.clone(), tx, seed)));
            rx
        });
        let receiver = runtime.spawn(receive(receivers));
        async {
            join_all(senders).await;
            receiver.await
        }
    });
    let totals = tally.settle();
    assert_eq!(totals.received, received);
    assert_eq!(totals.received + totals.displaced, PAYLOADS, "{totals:?}");
    // The last of each channel is displaced by nothing.
    assert!(totals.received >= 3, "{totals:?}");
}

/// Each turn makes three futures and drops two of them or three.
pub(crate) fn tokio_select_loses_nothing<R: Runtime>() {
    from_three::<R, _>(|[mut a, mut b, mut c]| async move {
        let mut received = 0;
        loop {
            let payload = tokio::select! {
                Ok(payload) = a.recv_async() => payload,
                Some(payload) = b.next() => payload,
                Ok(payload) = c.recv_matching_async(|_| true) => payload,
                else => return received,
            };
            payload.received();
            received += 1;
        }
    });
}

/// The streams know that they have ended, and `complete` is when all have.
pub(crate) fn futures_select_loses_nothing<R: Runtime>() {
    from_three::<R, _>(|[mut a, mut b, mut c]| async move {
        let mut received = 0;
        loop {
            let payload = futures::select! {
                payload = a.next() => payload,
                payload = b.next() => payload,
                payload = c.select_next_some() => Some(payload),
                complete => return received,
            };
            if let Some(payload) = payload {
                payload.received();
                received += 1;
            }
        }
    });
}

/// Futures that outlive the turns, each made again when it has finished.
pub(crate) fn futures_that_stay_lose_nothing<R: Runtime>() {
    from_three::<R, _>(|receivers| async move {
        let waits = |mut rx: Receiver<Payload>| async {
            let outcome = rx.recv_async().await;
            (rx, outcome)
        };
        let mut waiting: FuturesUnordered<_> = receivers.map(waits).into_iter().collect();
        let mut received = 0;
        while let Some((rx, outcome)) = waiting.next().await {
            if let Ok(payload) = outcome {
                payload.received();
                received += 1;
                waiting.push(waits(rx));
            }
        }
        received
    });
}

pub(crate) fn futures_know_that_they_have_finished<R: Runtime>() {
    R::run(|runtime| async move {
        let (mut tx, mut a) = channel();
        let (gone, mut b) = channel::<usize>();
        let mut waiting = b.clone();
        let (closed, c) = channel::<usize>();
        let ends = runtime.spawn(async move {
            yield_times(3).await;
            assert_eq!(tx.send(1), Ok(None));
            yield_times(3).await;
            drop(gone);
            drop(c);
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

pub(crate) fn a_loser_that_was_woken_wakes_another<R: Runtime>() {
    R::run(|runtime| async move {
        for _ in 0..100 {
            // The first receiver is notified first.
            let (mut tx, mut loser) = channel();
            let mut other = loser.clone();
            let (mut first, mut winner) = channel();
            let waiting = Arc::new(AtomicUsize::new(0));
            let patient = runtime.spawn({
                let waiting = waiting.clone();
                async move { noted(other.recv_async(), &waiting).await }
            });
            until(|| waiting.load(SeqCst) == 1).await;
            let noted_by_racer = waiting.clone();
            let raced = runtime.spawn(async move {
                // Waits for both, and then looks at the winner first.
                let mut race = async || {
                    tokio::select! {
                        biased;
                        value = winner.recv_async() => value,
                        value = loser.recv_async() => value,
                    }
                };
                let value = noted(race(), &noted_by_racer).await;
                (loser, winner, value)
            });
            until(|| waiting.load(SeqCst) == 2).await;
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

pub(crate) fn a_forgotten_wait_wakes_another_when_its_receiver_goes<R: Runtime>() {
    R::run(|runtime| async move {
        for round in 0..100 {
            let (mut tx, mut forgetful) = channel();
            let mut rx = forgetful.clone();
            let waiting = Arc::new(AtomicUsize::new(0));
            let patient = runtime.spawn({
                let waiting = waiting.clone();
                async move { noted(rx.recv_async(), &waiting).await }
            });
            until(|| waiting.load(SeqCst) == 1).await;
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

pub(crate) fn one_task_waits_for_many_channels<R: Runtime>() {
    const CHANNELS: usize = 200;
    R::run(|runtime| async move {
        let (senders, mut receivers): (Vec<_>, Vec<_>) =
            (0..CHANNELS).map(|_| channel::<usize>()).unzip();
        let mut waiting: FuturesUnordered<_> =
            receivers.iter_mut().map(Receiver::recv_async).collect();
        assert!(poll!(waiting.next()).is_pending());
        let sender = runtime.spawn(async move {
            let mut dice = Dice::new(CHANNELS);
            let mut left: Vec<_> = senders.into_iter().enumerate().collect();
            while !left.is_empty() {
                let (channel, mut tx) = left.swap_remove(dice.below(left.len()));
                assert_eq!(tx.send(channel), Ok(None));
                yield_times(dice.below(2)).await;
            }
        });
        let mut received = Vec::new();
        while let Some(outcome) = waiting.next().await {
            received.push(outcome.unwrap());
        }
        sender.await;
        received.sort_unstable();
        assert!(received.into_iter().eq(0..CHANNELS));
    });
}

pub(crate) fn one_task_waits_with_many_receivers_of_one_channel<R: Runtime>() {
    const RECEIVERS: usize = 100;
    R::run(|runtime| async move {
        let (mut tx, rx) = channel::<usize>();
        let (mut back, mut answers) = channel();
        let mut receivers = vec![rx; RECEIVERS];
        let mut waiting: FuturesUnordered<_> =
            receivers.iter_mut().map(Receiver::recv_async).collect();
        assert!(poll!(waiting.next()).is_pending());
        let sender = runtime.spawn(async move {
            // Each of them gets one: those that have finished wait no more.
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
