//! Predicates that panic, and values that panic as they are dropped.

use super::{bomb, check, panicking_in_drop, strikes};
use overwrite_channel::Receiver;
use std::time::{Duration, Instant};
use support::{
    ledger::Tracked,
    panics::panics,
    waker::{Seen, Task},
};

type Receive = fn(&mut Receiver<Tracked>, Box<dyn FnMut(&Tracked) -> bool>);

/// The calls that take a predicate. Each drops what it receives.
const MATCHING: [(&str, Receive); 4] = [
    ("recv_matching", |rx, wanted| drop(rx.recv_matching(wanted))),
    ("recv_matching_timeout", |rx, wanted| drop(rx.recv_matching_timeout(Duration::MAX, wanted))),
    ("recv_matching_deadline", |rx, wanted| {
        drop(rx.recv_matching_deadline(Instant::now(), wanted));
    }),
    ("recv_matching_async", |rx, wanted| {
        drop(Task::new().poll(&mut rx.recv_matching_async(wanted)));
    }),
];

#[test]
fn a_receive_loses_only_the_value_that_its_predicate_was_looking_at() {
    for (name, receive) in MATCHING {
        check(format!("{name}: the predicate"), &[0], None, |tx, rx, ledger| {
            tx.send(ledger.issue()).unwrap();
            panics(|| receive(rx, Box::new(strikes)));
        });
        check(format!("{name}: the drop of the predicate"), &[0], None, |tx, rx, ledger| {
            tx.send(ledger.issue()).unwrap();
            panics(|| receive(rx, Box::new(panicking_in_drop(|_| true))));
        });
        check(format!("{name}: the drop of an unwanted value"), &[0], None, |tx, rx, ledger| {
            tx.send(bomb(ledger)).unwrap();
            panics(|| receive(rx, Box::new(|_| false)));
        });
    }
}

#[test]
fn a_future_goes_on_after_its_predicate_panicked() {
    check("recv_matching_async, twice", &[0, 1], None, |tx, rx, ledger| {
        let task = Task::new();
        let mut future =
            task.waits(rx.recv_matching_async(|value| value.id() > 0 || strikes(value)));
        tx.send(ledger.issue()).unwrap();
        panics(|| task.poll(&mut future).is_ready());
        assert_eq!(ledger.dropped(), [0]);
        assert!(task.poll(&mut future).is_pending());
        task.seen();
        tx.send(ledger.issue()).unwrap();
        assert_eq!(task.seen(), Seen::WOKEN);
        assert!(task.poll(&mut future).is_ready());
    });
}

#[test]
fn a_value_that_panics_as_it_is_dropped_is_gone_and_no_other() {
    check("received", &[0], None, |tx, rx, ledger| {
        tx.send(bomb(ledger)).unwrap();
        panics(|| rx.recv());
    });
    check("displaced", &[0], Some(1), |tx, _, ledger| {
        tx.send(bomb(ledger)).unwrap();
        panics(|| tx.send(bomb(ledger)));
    });
    check("too old", &[1], Some(0), |tx, _, ledger| {
        tx.send(bomb(ledger)).unwrap();
        // The smaller number counts as the newer.
        panics(|| tx.send_newest_by_key(bomb(ledger), |value| usize::MAX - value.id()));
    });
}
