//! Hundreds and thousands of receivers and futures: every wake is counted, wherever in the crowd a waiter is.
#![cfg(feature = "watch")]

use overwrite_channel::{Receiver, RecvError, Sender, channel, watch};
use std::{
    future::{Future, poll_fn},
    iter, mem,
    pin::{Pin, pin},
    task::Poll,
};

mod common {
    pub(crate) mod crowd;
    #[expect(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod waker;
}
use common::crowd::{Crowd, all};

/// One word of 64 bits and its neighbours, and sizes at which a list that doubles has grown once more.
const SIZES: [usize; 9] = [1, 2, 3, 63, 64, 65, 127, 600, 2100];

/// So many that a segment of the list has more than one count.
const VAST: usize = 12_400;

/// So many waits of one handle in a row are ready before one yields.
const READY_IN_A_ROW: usize = 128;

/// A channel with so many receivers: the first, and its clones in order.
fn crowded(size: usize) -> (Sender<usize>, Vec<Receiver<usize>>) {
    let (tx, first) = channel();
    let clones: Vec<_> = (1..size).map(|_| first.clone()).collect();
    (tx, iter::once(first).chain(clones).collect())
}

/// The places at both ends of each word, and a few in its middle.
fn places(size: usize) -> impl Iterator<Item = usize> {
    (0..size).filter(move |at| at + 1 == size || matches!(at % 64, 0..3 | 30..33 | 61..64))
}

#[test]
fn each_send_wakes_the_next_of_a_crowd_until_all_have_a_value() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (mut tx, mut rxs) = crowded(size);
        let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future);
        }
        for (value, future) in futures.iter_mut().enumerate() {
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(crowd.woken_one(), value, "in the order of the clones");
            assert_eq!(crowd.tasks[value].poll(future), Poll::Ready(Ok(value)));
        }
        assert_eq!(tx.send(size), Ok(None));
        assert!(crowd.woken().is_empty(), "no receiver waits");
    }
}

/// None of those that are woken is polled: each send that displaces a value wakes the next one all the same.
#[test]
fn each_send_passes_those_of_a_crowd_that_are_stalled() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (mut tx, mut rxs) = crowded(size);
        let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future);
        }
        for value in 0..size {
            assert_eq!(tx.send(value), Ok(value.checked_sub(1)));
            assert_eq!(crowd.woken_one(), value);
        }
        assert_eq!(tx.send(size), Ok(Some(size - 1)));
        assert!(crowd.woken().is_empty(), "all were woken");
    }
}

/// One value, and each future that is woken is dropped: so each wakes the next one.
#[test]
fn a_wake_is_passed_on_through_a_whole_crowd() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (mut tx, mut rxs) = crowded(size);
        let mut futures: Vec<_> = rxs.iter_mut().map(|rx| Some(rx.recv_async())).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future.as_mut().unwrap());
        }
        assert_eq!(tx.send(7), Ok(None));
        for (at, future) in futures.iter_mut().enumerate() {
            assert_eq!(crowd.woken_one(), at);
            *future = None;
        }
        assert!(crowd.woken().is_empty());
        drop(futures);
        assert_eq!(rxs[0].try_recv(), Ok(7));
    }
}

/// All but one of the receivers are idle, and the one that waits is each of them in turn.
#[test]
fn a_wake_finds_the_one_that_waits_among_many_that_are_idle() {
    for size in SIZES.into_iter().chain([VAST]) {
        let crowd = Crowd::new(size);
        let (mut tx, mut rxs) = crowded(size);
        for at in places(size) {
            let mut future = rxs[at].recv_async();
            crowd.pends(at, &mut future);
            assert_eq!(tx.send(at), Ok(None));
            assert_eq!(crowd.woken_one(), at);
            assert_eq!(crowd.tasks[at].poll(&mut future), Poll::Ready(Ok(at)));
            drop(future);

            let mut left = poll_fn(|cx| rxs[at].poll_recv(cx));
            crowd.pends(at, &mut left);
            assert_eq!(tx.send(at), Ok(None));
            assert_eq!(crowd.woken_one(), at);
            assert_eq!(crowd.tasks[at].poll(&mut left), Poll::Ready(Ok(at)));
        }
    }
}

/// Every third receiver is idle, and every third waits in a call: each send wakes all others, and one of these.
#[test]
fn a_send_wakes_all_that_were_left_behind_in_a_crowd() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (mut tx, mut rxs) = crowded(size);
        for round in 0..3 {
            let mut futures = Vec::new();
            let mut left = Vec::new();
            for (at, rx) in rxs.iter_mut().enumerate() {
                match (at + round) % 3 {
                    0 => {
                        let mut future = rx.recv_async();
                        crowd.pends(at, &mut future);
                        futures.push(at);
                        // Its drop would take the waker along; the next wait of this receiver makes up for it.
                        mem::forget(future);
                    }
                    1 => {
                        crowd.pends(at, &mut poll_fn(|cx| rx.poll_recv(cx)));
                        left.push(at);
                    }
                    _ => drop(rx.try_recv()),
                }
            }
            assert_eq!(tx.send(round), Ok(None));
            let (in_call, woken): (Vec<_>, _) =
                crowd.woken().into_iter().partition(|at| futures.contains(at));
            assert_eq!(woken, left);
            assert_eq!(in_call.len(), futures.len().min(1));
            assert_eq!(rxs[0].try_recv(), Ok(round));
            // What the forgotten futures owe and occupy goes with their receivers.
            for at in futures {
                rxs[at] = rxs[at].clone();
            }
            crowd.woken();
        }
    }
}

#[test]
fn the_last_sender_wakes_a_whole_crowd() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (tx, mut rxs) = crowded(size);
        let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future);
        }
        let dropped: Vec<_> = futures.drain(size / 3..size / 2).collect();
        let waiting = [all(size / 3), (size / 2..size).collect()].concat();
        drop(dropped);
        drop(tx);
        assert_eq!(crowd.woken(), waiting);
        for future in &mut futures {
            assert_eq!(crowd.tasks[0].poll(future), Poll::Ready(Err(RecvError)));
        }
    }
}

/// Every third future is dropped before, and every third is forgotten.
#[test]
fn the_last_receiver_wakes_a_whole_crowd() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (tx, rx) = channel::<u8>();
        let mut futures: Vec<_> = (0..size).map(|_| tx.closed()).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future);
        }
        let mut stay = Vec::new();
        for (at, future) in futures.into_iter().enumerate() {
            match at % 3 {
                0 => stay.push(future),
                1 => drop(future),
                _ => mem::forget(future),
            }
        }
        drop(rx);
        assert_eq!(crowd.woken(), (0..size).filter(|at| at % 3 != 1).collect::<Vec<_>>());
        for (at, future) in stay.iter_mut().enumerate() {
            // All are of one sender, whose waits yield once after so many that were ready.
            if at > 0 && at % READY_IN_A_ROW == 0 {
                crowd.pends(0, future);
                assert_eq!(crowd.woken(), [0], "by itself");
            }
            assert!(crowd.tasks[0].poll(future).is_ready());
        }
        assert!(crowd.woken().is_empty());
    }
}

/// The places of futures that have gone are given to others, each to one.
#[test]
fn futures_that_take_the_places_of_others_are_each_woken() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (tx, rx) = channel::<u8>();
        let mut futures: Vec<_> = (0..size).map(|_| Some(tx.closed())).collect();
        for step in [1, 2, 3, 7, 64] {
            for (at, future) in futures.iter_mut().enumerate().step_by(step) {
                *future = None;
                if at % 2 == 0 {
                    crowd.pends(at, future.insert(tx.closed()));
                }
            }
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future.get_or_insert_with(|| tx.closed()));
            }
        }
        drop(rx);
        assert_eq!(crowd.woken(), all(size));
    }
}

#[test]
fn each_change_wakes_a_whole_crowd() {
    for size in SIZES {
        let crowd = Crowd::new(size);
        let (tx, rx) = watch::channel(0);
        let mut rxs = vec![rx; size];
        for value in 1..=3 {
            let mut futures: Vec<_> = rxs.iter_mut().map(watch::Receiver::changed).collect();
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future);
            }
            tx.send(value).unwrap();
            tx.send(value).unwrap();
            assert_eq!(crowd.woken(), all(size));
            for (at, future) in futures.iter_mut().enumerate() {
                assert_eq!(crowd.tasks[at].poll(future), Poll::Ready(Ok(())));
            }
        }
        let mut futures: Vec<_> = rxs.iter_mut().map(watch::Receiver::changed).collect();
        for (at, future) in futures.iter_mut().enumerate() {
            crowd.pends(at, future);
        }
        drop(tx);
        assert_eq!(crowd.woken(), all(size));
    }
}

#[test]
fn a_change_finds_the_one_that_waits_among_many_that_are_idle() {
    for size in SIZES.into_iter().chain([VAST]) {
        let crowd = Crowd::new(size);
        let (tx, rx) = watch::channel(0);
        let mut rxs = vec![rx; size];
        for at in places(size) {
            rxs[at].mark_unchanged();
            let mut changed = pin!(rxs[at].changed());
            assert!(crowd.tasks[at].poll(&mut changed).is_pending());
            tx.send(at).unwrap();
            assert_eq!(crowd.woken_one(), at);
            assert!(Pin::new(&mut changed).poll(&mut crowd.tasks[at].context()).is_ready());
        }
    }
}
