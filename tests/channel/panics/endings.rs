//! Panics as the last handle of a side is dropped, or after it.

use super::bomb;
use overwrite_channel::{TryRecvError, channel};
use std::task::Poll;
use support::{
    allocator::measure,
    ledger::{Ledger, Tracked},
    panics::{Bomb, panics},
    waker::{Event, Task},
};

/// Runs `body` with a ledger for two values. Afterwards each is dropped once, and no memory is left.
#[track_caller]
fn check(body: impl FnOnce(&Ledger)) {
    let ledger = Ledger::new(2);
    let ((), counts) = measure(|| body(&ledger));
    ledger.assert_each_dropped_once();
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn the_drop_of_a_value_left_in_the_channel() {
    for receivers_first in [true, false] {
        check(|ledger| {
            let (mut tx, rx) = channel();
            let clones = (tx.clone(), rx.clone());
            tx.send(bomb(ledger)).unwrap();
            drop(clones);
            // The first side to go leaves the value, the other takes it along.
            if receivers_first {
                drop(rx);
                assert_eq!(ledger.dropped(), []);
                panics(|| drop(tx));
            } else {
                drop(tx);
                assert_eq!(ledger.dropped(), []);
                panics(|| drop(rx));
            }
        });
    }
}

#[test]
fn what_a_send_without_a_receiver_drops() {
    check(|ledger| {
        let (mut tx, rx) = channel();
        drop(rx);
        panics(|| tx.send(bomb(ledger)).map_err(drop));
        panics(|| tx.send_newest_by_key(bomb(ledger), Tracked::id).map_err(drop));
    });
    // The value is handed back, and the closure is dropped.
    check(|ledger| {
        let (mut tx, rx) = channel();
        drop(rx);
        let held = Bomb;
        let key = move |value: &Tracked| {
            let _held = &held;
            value.id()
        };
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
}

/// The wakers of a call and of a receiver, of which one panics.
#[test]
fn the_last_sender_ends_all_waits_though_a_waker_panics() {
    for (in_call, value) in [(false, false), (false, true), (true, false), (true, true)] {
        check(|ledger| {
            let (task, beside) = (Task::panicking_in(Event::Wake), Task::new());
            // The first receiver is notified first.
            let (mut tx, mut first) = channel();
            let (mut rx, mut other) = (first.clone(), first.clone());
            let mut future = beside.waits(other.recv_async());
            let mut lost = first.recv_async();
            if in_call {
                assert!(task.poll(&mut lost).is_pending());
            } else {
                drop(lost);
                assert!(first.poll_recv(&mut task.context()).is_pending());
                lost = rx.recv_async();
            }
            if value {
                // One waker panics here already.
                panics(|| tx.send(ledger.issue()));
                drop(tx);
            } else {
                panics(|| drop(tx));
            }
            assert_eq!((task.seen().woken, beside.seen().woken), (1, 1), "{in_call}, {value}");
            let received = beside.poll(&mut future);
            assert!(matches!(&received, Poll::Ready(got) if got.is_ok() == value));
            drop((received, future, lost));
            assert!(other.is_closed() && rx.is_closed());
            assert!(matches!(rx.try_recv(), Err(TryRecvError::Disconnected)));
        });
    }
}

#[test]
fn the_last_receiver_ends_all_waits_though_a_waker_panics() {
    for (others, panics_at) in [(0, 0), (1, 0), (1, 1), (2, 0), (2, 1), (2, 2)] {
        check(|ledger| {
            let (mut tx, rx) = channel();
            let waits = tx.clone();
            tx.send(ledger.issue()).unwrap();
            let tasks: Vec<_> =
                (0..=others)
                    .map(|at| {
                        if at == panics_at { Task::panicking_in(Event::Wake) } else { Task::new() }
                    })
                    .collect();
            let mut futures: Vec<_> = tasks.iter().map(|_| waits.closed()).collect();
            for (task, future) in tasks.iter().zip(&mut futures) {
                assert!(task.poll(future).is_pending());
            }
            panics(|| drop(rx));
            assert!(tx.is_closed());
            for (task, future) in tasks.iter().zip(&mut futures) {
                assert_eq!(task.seen().woken, 1, "{panics_at} of {others}");
                assert!(task.poll(future).is_ready());
            }
            assert_eq!(ledger.dropped(), []);
            assert_eq!(tx.send(ledger.issue()).unwrap_err().into_inner().id(), 1);
            assert_eq!(ledger.dropped(), [1], "the last value goes with the senders");
        });
    }
}

/// Its waiter was forgotten, so the drop of the receiver passes the wake on.
#[test]
fn a_receiver_whose_drop_wakes_a_waker_that_panics_is_gone() {
    check(|ledger| {
        let task = Task::panicking_in(Event::Wake);
        // The first receiver is notified first.
        let (mut tx, mut rx) = channel();
        let mut waits = rx.clone();
        let mut lost = rx.recv_async();
        assert!(Task::new().poll(&mut lost).is_pending());
        std::mem::forget(lost);
        let future = task.waits(waits.recv_async());
        tx.send(ledger.issue()).unwrap();
        panics(|| drop(rx));
        assert_eq!(task.seen().woken, 1);
        drop(future);
        drop(waits);
        assert!(tx.is_closed(), "both were counted");
    });
}
