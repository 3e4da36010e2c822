//! Panics as the last handle of a side is dropped, or after it.

use super::{bomb, panicking_in_drop};
use crate::{receivers, receives::every_way};
use overwrite_channel::{TryRecvError, channel};
use std::task::Poll;
use support::{
    allocator::measure,
    ledger::{Ledger, Tracked},
    panics::panics,
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
    // The first side to go leaves the value, the other takes it along.
    for senders_first in [false, true] {
        check(|ledger| {
            let (mut tx, rx) = channel();
            tx.send(bomb(ledger)).unwrap();
            drop((tx.clone(), rx.clone()));
            let (mut tx, mut rx) = (Some(tx), Some(rx));
            drop(if senders_first { (tx.take(), None) } else { (None, rx.take()) });
            assert_eq!(ledger.dropped(), []);
            panics(|| drop((tx, rx)));
        });
    }
}

#[test]
fn what_a_send_without_a_receiver_drops() {
    check(|ledger| {
        let (mut tx, _) = channel();
        panics(|| tx.send(bomb(ledger)).map_err(drop));
        panics(|| tx.send_newest_by_key(bomb(ledger), Tracked::id).map_err(drop));
    });
    // The value is handed back, and the closure is dropped.
    check(|ledger| {
        let (mut tx, _) = channel();
        panics(|| tx.send_newest_by_key(ledger.issue(), panicking_in_drop(Tracked::id)));
    });
}

/// Two wait, and the waker of the first panics.
#[test]
fn the_last_sender_ends_all_waits_though_a_waker_panics() {
    for ((name, way), value) in every_way().into_iter().flat_map(|way| [(way, false), (way, true)])
    {
        check(|ledger| {
            let [task, beside] = [Task::panicking_in(Event::Wake), Task::new()];
            let (mut tx, [mut first, mut other]) = receivers();
            let mut future = beside.waits(other.recv_async());
            let stalled = task.waits(way(&mut first));
            if value {
                // The waker panics here already.
                panics(|| tx.send(ledger.issue()));
                drop(tx);
            } else {
                panics(|| drop(tx));
            }
            assert_eq!((task.seen().woken, beside.seen().woken), (1, 1), "{name}, {value}");
            let received = beside.poll(&mut future);
            assert!(matches!(&received, Poll::Ready(got) if got.is_ok() == value));
            drop((received, future, stalled));
            assert!(other.is_closed() && first.is_closed());
            assert!(matches!(first.try_recv(), Err(TryRecvError::Disconnected)));
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
            let mut tasks: Vec<_> = (0..=others).map(|_| Task::new()).collect();
            tasks[panics_at] = Task::panicking_in(Event::Wake);
            let mut futures: Vec<_> = tasks.iter().map(|task| task.waits(waits.closed())).collect();
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
