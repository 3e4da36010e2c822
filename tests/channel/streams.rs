//! Receivers as streams, and futures and streams in `select!`.

use crate::{receivers, waits::at_once};
use futures::{
    Stream, StreamExt, executor::block_on, future::FusedFuture, select, stream::FusedStream,
};
use overwrite_channel::{Receiver, RecvError, channel};
use std::{hint::spin_loop, pin::Pin, task::Poll, thread};
use support::{
    ledger::{Fate, Ledger},
    rounds::rounds,
    waker::Task,
    watchdog::watched,
};

fn next<T>(task: &Task, rx: &mut Receiver<T>) -> Poll<Option<T>> {
    Pin::new(rx).poll_next(&mut task.context())
}

#[test]
fn a_stream_yields_the_newest_and_is_terminated_when_it_has_returned_the_end() {
    let task = Task::new();
    let (mut tx, [mut rx, mut other]) = receivers();
    assert_eq!(next(&task, &mut rx), Poll::Pending);
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(next(&task, &mut rx), Poll::Ready(Some(2)));
    assert_eq!(next(&task, &mut rx), Poll::Pending);
    tx.send(3).unwrap();
    drop(tx);
    assert!(!rx.is_terminated(), "the last value is there");
    assert_eq!(next(&task, &mut rx), Poll::Ready(Some(3)));
    assert!(!rx.is_terminated(), "the end has not been returned");
    for _ in 0..3 {
        assert_eq!(next(&task, &mut rx), Poll::Ready(None));
        assert!(rx.is_terminated());
    }
    let mut clone = rx.clone();
    assert!(!clone.is_terminated() && !other.is_terminated(), "each is a stream of its own");
    assert_eq!(next(&task, &mut clone), Poll::Ready(None));
    assert!(clone.is_terminated());

    // Other calls that report the end are not the stream.
    assert_eq!(other.poll_recv(&mut task.context()), Poll::Ready(Err(RecvError)));
    assert_eq!(at_once(other.recv_async()), Err(RecvError));
    assert_eq!(other.recv(), Err(RecvError));
    assert!(!other.is_terminated());
    assert_eq!(at_once(other.collect::<Vec<_>>()), []);
}

#[test]
fn a_stream_that_ends_between_the_question_and_the_poll_may_be_polled() {
    // Without a value; and with a last one, which another receiver takes in between.
    for value in [None, Some(1)] {
        let task = Task::new();
        let (mut tx, [mut rx, mut other]) = receivers();
        if let Some(value) = value {
            tx.send(value).unwrap();
        }
        let mut some = rx.select_next_some();
        assert!(!some.is_terminated());
        drop(tx);
        assert!(!some.is_terminated());
        assert_eq!(other.try_recv().ok(), value);
        some = task.waits(some);
        assert!(some.is_terminated());
        assert_eq!(task.seen().woken, 1, "`select!` asks again");
    }
}

#[test]
fn a_select_completes_whenever_the_last_sender_goes() {
    watched(|watch| {
        let _running = watch.running("select");
        for round in rounds(2000) {
            let (mut tx, mut rx) = channel();
            let sender = thread::spawn(move || {
                (0..round % 64).for_each(|_| spin_loop());
                tx.send(round).unwrap();
            });
            let mut values = Vec::new();
            block_on(async {
                loop {
                    select! {
                        value = rx.select_next_some() => values.push(value),
                        complete => break,
                    }
                }
            });
            assert_eq!(values, [round]);
            sender.join().unwrap();
        }
    });
}

/// Polls a future that waits, lets `act` make it ready, and polls it again.
fn is_terminated_at_the_end(mut future: impl FusedFuture + Unpin, act: impl FnOnce()) {
    let task = Task::new();
    assert!(!future.is_terminated());
    future = task.waits(future);
    assert!(!future.is_terminated());
    act();
    assert!(!future.is_terminated());
    assert!(task.poll(&mut future).is_ready());
    assert!(future.is_terminated());
}

#[test]
fn the_futures_are_terminated_when_they_have_returned_and_not_before() {
    let (mut tx, mut rx) = channel();
    is_terminated_at_the_end(rx.recv_async(), || _ = tx.send(1));
    tx.send(2).unwrap();
    is_terminated_at_the_end(rx.recv_matching_async(|value| *value == 3), || _ = tx.send(3));
    is_terminated_at_the_end(tx.clone().closed(), || drop(rx));
    let (tx, mut rx) = channel::<u8>();
    is_terminated_at_the_end(rx.recv_async(), || drop(tx));
    let (tx, mut rx) = channel::<u8>();
    is_terminated_at_the_end(rx.recv_matching_async(|_| true), || drop(tx));
}

#[test]
fn a_select_over_three_streams_gets_all_values_and_the_end_of_each_once() {
    const ROUNDS: usize = 300;
    watched(|watch| {
        let ledger = Ledger::new(3 * ROUNDS);
        let ((a_tx, mut a), (b_tx, mut b), (c_tx, mut c)) = (channel(), channel(), channel());
        thread::scope(|scope| {
            for (at, mut tx) in [a_tx, b_tx, c_tx].into_iter().enumerate() {
                let ledger = &ledger;
                scope.spawn(move || {
                    let _running = watch.running(format!("sender {at}"));
                    // They end one after the other.
                    for _ in rounds(ROUNDS / (at + 1)) {
                        if let Some(stale) = tx.send(ledger.issue()).unwrap() {
                            stale.meets(Fate::Displaced);
                        }
                        thread::yield_now();
                    }
                });
            }
            let _running = watch.running("select");
            let mut ends = [0; 3];
            block_on(async {
                loop {
                    let (at, value) = select! {
                        value = a.next() => (0, value),
                        value = b.next() => (1, value),
                        value = c.next() => (2, value),
                        complete => break,
                    };
                    match value {
                        Some(value) => value.meets(Fate::Received),
                        None => ends[at] += 1,
                    }
                }
            });
            assert_eq!(ends, [1; 3]);
        });
        assert!([a, b, c].iter().all(FusedStream::is_terminated));
        assert_eq!(ledger.totals().dropped_with_channel, 0);
    });
}

#[test]
fn a_select_of_futures_drops_the_losers_and_loses_nothing() {
    at_once(async {
        let ((mut a_tx, mut a), (mut b_tx, mut b)) = (channel(), channel());
        for sent in [0, 2, 4] {
            a_tx.send(sent).unwrap();
            b_tx.send(sent + 1).unwrap();
            // The future that loses has a value at first, and then none.
            let mut both = [0; 2];
            for got in &mut both {
                *got = select! {
                    value = a.recv_async() => value.unwrap(),
                    value = b.recv_matching_async(|_| true) => value.unwrap(),
                };
            }
            both.sort_unstable();
            assert_eq!(both, [sent, sent + 1]);
        }
        // Finished futures are left out, until none is left.
        let (mut one, mut two) = (a.recv_async(), b.recv_async());
        drop((a_tx, b_tx));
        let mut ends = 0;
        for _ in 0..3 {
            select! {
                end = one => ends += usize::from(end.is_err()),
                end = two => ends += usize::from(end.is_err()),
                complete => ends += 10,
            }
        }
        assert_eq!(ends, 12);
    });
}
