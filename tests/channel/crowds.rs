//! Hundreds and thousands of waits: every wake is counted, wherever in the crowd a waiter is.

use crate::{
    many_receivers,
    receives::{Way, every_way},
    turns::SIZES,
};
#[cfg(feature = "watch")]
use futures::FutureExt;
#[cfg(feature = "watch")]
use overwrite_channel::watch;
use overwrite_channel::{ClosedFuture, Receiver, RecvError, channel};
use std::{fmt::Debug, future::Future, mem, task::Poll};
use support::crowd::{Crowd, all};

/// So many that a segment of the list has more than one count.
const VAST: usize = 12_400;

/// Drops every third wait of a crowd, and forgets every third. Then `event` wakes all but those that were dropped, and
/// those that stay return `output`.
fn one_event_wakes_all<F, E>(
    waits: impl Iterator<Item = F>,
    event: impl FnOnce() -> E,
    output: F::Output,
) where
    F: Future<Output: Copy + Debug + PartialEq> + Unpin,
{
    let waits: Vec<_> = waits.collect();
    let crowd = Crowd::new(waits.len());
    let mut stay = Vec::new();
    for (at, wait) in crowd.waits(waits).into_iter().enumerate() {
        match at % 3 {
            0 => stay.push(wait),
            1 => drop(wait),
            _ => mem::forget(wait),
        }
    }
    event();
    let expected: Vec<_> = (0..crowd.tasks.len()).filter(|at| at % 3 != 1).collect();
    assert_eq!(crowd.woken(), expected);
    for wait in &mut stay {
        let mut polled = crowd.tasks[0].poll(wait);
        // The waits of one sender share its budget.
        if polled.is_pending() {
            assert_eq!(crowd.woken(), [0], "by itself");
            polled = crowd.tasks[0].poll(wait);
        }
        assert_eq!(polled, Poll::Ready(output));
    }
    assert_eq!(crowd.woken(), []);
}

#[test]
fn the_end_of_the_other_side_wakes_a_whole_crowd() {
    for size in SIZES {
        let (tx, mut rxs) = many_receivers::<u8>(size);
        let waits = rxs.iter_mut().map(Receiver::recv_async);
        one_event_wakes_all(waits, || drop(tx), Err(RecvError));
        let (tx, rx) = channel::<u8>();
        one_event_wakes_all((0..size).map(|_| tx.closed()), || drop(rx), ());
    }
}

#[test]
#[cfg(feature = "watch")]
fn a_change_and_the_end_of_the_other_side_wake_a_whole_crowd_of_watch() {
    for size in SIZES {
        let (tx, rx) = watch::channel(0);
        let mut rxs = vec![rx; size];
        for _ in 0..3 {
            let waits = rxs.iter_mut().map(watch::Receiver::changed);
            one_event_wakes_all(waits, || [1, 2].map(|value| tx.send(value).unwrap()), Ok(()));
            rxs.iter_mut().for_each(watch::Receiver::mark_unchanged);
        }
        let waits = rxs.iter_mut().map(watch::Receiver::changed);
        one_event_wakes_all(waits, || drop(tx), Err(RecvError));
        let (tx, rx) = watch::channel(0);
        one_event_wakes_all((0..size).map(|_| tx.closed()), || drop(rx), ());
    }
}

/// Polls a wait of one handle after the other: those at both ends of each word, and a few in its middle. All others are
/// idle, and `send` wakes the one that waits.
fn one_is_found<H>(
    size: usize,
    handles: &mut [H],
    way: Way<H, usize>,
    mut send: impl FnMut(usize),
) {
    let crowd = Crowd::new(size);
    for at in (0..size).filter(|at| at + 1 == size || matches!(at % 64, 0..3 | 30..33 | 61..64)) {
        let mut wait = way(&mut handles[at]);
        crowd.pends(at, &mut wait);
        send(at);
        assert_eq!(crowd.woken_one(), at, "of {size}");
        assert_eq!(crowd.tasks[at].poll(&mut wait), Poll::Ready(Some(at)));
    }
}

#[test]
fn a_wake_finds_the_one_that_waits_among_many_that_are_idle() {
    for size in SIZES.into_iter().chain([VAST]) {
        let (mut tx, mut rxs) = many_receivers(size);
        for (_, way) in every_way() {
            one_is_found(size, &mut rxs, way, |at| assert_eq!(tx.send(at), Ok(None)));
        }
        #[cfg(feature = "watch")]
        {
            let (tx, rx) = watch::channel(0);
            let way: Way<watch::Receiver<usize>, usize> = |rx| {
                rx.mark_unchanged();
                async { rx.changed().await.ok().map(|()| *rx.borrow()) }.boxed_local()
            };
            one_is_found(size, &mut vec![rx; size], way, |at| tx.send(at).unwrap());
        }
    }
}

/// Drops futures and makes new ones in their places. Each has a place of its own: at the end, each is woken.
fn places_are_given_again<'a>(
    closed: impl Fn() -> ClosedFuture<'a>,
    size: usize,
    end: impl FnOnce(),
) {
    let crowd = Crowd::new(size);
    let mut futures: Vec<_> = (0..size).map(|_| Some(closed())).collect();
    for step in [1, 2, 3, 7, 64] {
        for (at, future) in futures.iter_mut().enumerate().step_by(step) {
            *future = None;
            if at % 2 == 0 {
                crowd.pends(at, future.insert(closed()));
            }
        }
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future.get_or_insert_with(&closed));
        }
    }
    end();
    assert_eq!(crowd.woken(), all(size));
}

#[test]
fn futures_that_take_the_places_of_others_are_each_woken() {
    for size in SIZES {
        let (tx, rx) = channel::<u8>();
        places_are_given_again(|| tx.closed(), size, || drop(rx));
        #[cfg(feature = "watch")]
        {
            let (tx, rx) = watch::channel(0);
            places_are_given_again(|| tx.closed(), size, || drop(rx));
        }
    }
}
