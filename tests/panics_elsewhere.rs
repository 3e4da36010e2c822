//! A panic in the drop of a value, or in a predicate while other receivers wait, breaks nothing.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod tracked;
    pub(crate) mod watchdog;
}
use common::{
    tracked::{Ledger, Tracked},
    watchdog::watched,
};

/// Its drop panics; the payload in it is dropped all the same.
struct Bomb<'a> {
    payload: Tracked<'a>,
    armed: bool,
}

impl Drop for Bomb<'_> {
    fn drop(&mut self) {
        assert!(!self.armed || thread::panicking(), "the drop of a value");
    }
}

fn bomb(ledger: &Ledger) -> Bomb<'_> {
    Bomb { payload: ledger.issue(), armed: true }
}

fn harmless(ledger: &Ledger) -> Bomb<'_> {
    Bomb { payload: ledger.issue(), armed: false }
}

/// Runs `body` and drops what it returns, which must panic.
fn panics<R>(body: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(|| drop(body()))).is_err(), "it did not panic");
}

/// Sends, displaces, receives, times out, clones and closes.
fn still_works<'a>(mut tx: Sender<Bomb<'a>>, mut rx: Receiver<Bomb<'a>>, ledger: &'a Ledger) {
    assert!(rx.try_recv().is_err());
    let mut clone = tx.clone();
    let (first, second) = (harmless(ledger), harmless(ledger));
    let ids = (first.payload.id(), second.payload.id());
    assert!(tx.send(first).unwrap().is_none());
    assert_eq!(clone.send(second).unwrap().unwrap().payload.id(), ids.0);
    assert_eq!(rx.clone().recv().unwrap().payload.id(), ids.1);
    assert!(rx.recv_timeout(Duration::from_micros(1)).is_err());
    drop((tx, clone));
    assert!(rx.recv().is_err());
    ledger.assert_each_dropped_once();
}

#[test]
fn the_drop_of_a_displaced_or_received_value() {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    assert!(tx.send(bomb(&ledger)).unwrap().is_none());
    panics(|| tx.send(bomb(&ledger)));
    assert_eq!(ledger.dropped(), [0]);
    panics(|| rx.recv());
    assert_eq!(ledger.dropped(), [0, 1]);
    still_works(tx, rx, &ledger);
}

#[test]
fn the_drop_of_a_value_that_is_not_wanted() {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    for sent in 0..3 {
        tx.send(bomb(&ledger)).unwrap();
        panics(|| match sent {
            0 => drop(rx.recv_matching(|_| false)),
            1 => drop(rx.recv_matching_timeout(Duration::MAX, |_| false)),
            _ => drop(rx.recv_matching_deadline(Instant::now(), |_| false)),
        });
        assert!(rx.is_empty());
        assert_eq!(ledger.dropped().len(), sent + 1);
    }
    still_works(tx, rx, &ledger);
}

#[test]
fn the_drop_of_a_value_that_was_not_kept() {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    // The smaller number counts as the newer.
    let key = |value: &Bomb<'_>| usize::MAX - value.payload.id();
    tx.send(bomb(&ledger)).unwrap();
    panics(|| tx.send_newest_by_key(bomb(&ledger), key));
    assert_eq!(ledger.dropped(), [1]);
    panics(|| rx.recv());
    still_works(tx, rx, &ledger);
}

#[test]
fn the_drop_of_a_value_left_in_the_channel() {
    for receivers_first in [true, false] {
        let ledger = Ledger::new(1);
        let (mut tx, rx) = channel();
        let clones = (tx.clone(), rx.clone());
        tx.send(bomb(&ledger)).unwrap();
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
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn the_drop_of_a_value_sent_to_nobody() {
    let ledger = Ledger::new(2);
    let (mut tx, rx) = channel();
    drop(rx);
    panics(|| tx.send(bomb(&ledger)).map_err(drop));
    panics(|| tx.send_newest_by_key(bomb(&ledger), |value| value.payload.id()).map_err(drop));
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn a_predicate_that_panics_does_not_strand_those_who_wait_beside_it() {
    const ROUNDS: usize = 2_000;
    watched(|watch| {
        let ledger = Ledger::new(ROUNDS);
        let (received, lost) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);

        thread::scope(|scope| {
            for receiver in 0..2 {
                let (mut clone, watch) = (rx.clone(), &watch);
                let received = &received;
                scope.spawn(move || {
                    let _running = watch.running(format!("receiver {receiver}"));
                    while clone.recv().is_ok() {
                        received.fetch_add(1, SeqCst);
                    }
                });
            }
            scope.spawn(|| {
                let _running = watch.running("receiver whose predicate panics");
                // It counts before it panics, and comes back for the next value.
                let wait = |rx: &mut Receiver<_>| {
                    rx.recv_matching(|_: &Tracked<'_>| {
                        lost.fetch_add(1, SeqCst);
                        // A panic without the message and the backtrace.
                        resume_unwind(Box::new("a predicate"))
                    })
                };
                while catch_unwind(AssertUnwindSafe(|| wait(&mut rx))).is_err() {}
            });
            let _running = watch.running("sender");
            for sent in 1..=ROUNDS {
                assert!(tx.send(ledger.issue()).unwrap().is_none());
                while received.load(SeqCst) + lost.load(SeqCst) != sent {
                    thread::yield_now();
                }
            }
            drop(tx);
        });
        ledger.assert_each_dropped_once();
    });
}
