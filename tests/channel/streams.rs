//! Receivers as streams, and futures and streams in `select!`.

use crate::{receivers, receives::at_once};
use futures::{
    Stream, StreamExt, executor::block_on, future::FusedFuture, select, stream::FusedStream,
};
use overwrite_channel::{Receiver, RecvError, channel};
use std::{pin::Pin, task::Poll};
use support::{
    ledger::{Fate, Tracked},
    waker::Task,
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

/// Receives by `select!` until it completes.
pub(crate) fn selects<T>(mut rx: Receiver<T>) -> Vec<T> {
    block_on(async {
        let mut values = Vec::new();
        loop {
            select! {
                value = rx.select_next_some() => values.push(value),
                complete => break values,
            }
        }
    })
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

/// Receives from three streams until the end of each, which comes once.
pub(crate) fn by_select([mut a, mut b, mut c]: [Receiver<Tracked>; 3]) {
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
