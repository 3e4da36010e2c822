//! A panic at the very end of a call, in the drop of what the caller handed in: what the call would have
//! returned is dropped, once. (The compiler itself leaks it: <https://github.com/rust-lang/rust/issues/47949>.)
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvTimeoutError, channel};
use std::{
    cmp::Ordering,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod tracked;
}
use common::tracked::{Ledger, Tracked};

/// What a closure holds, or a key is: its drop panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            // Unlike `panic!`, this calls no hook, and prints nothing.
            resume_unwind(Box::new(()));
        }
    }
}

fn panics<R>(body: impl FnOnce() -> R) {
    let outcome = catch_unwind(AssertUnwindSafe(body));
    assert!(outcome.is_err(), "it did not panic");
}

#[test]
fn a_predicate_that_panics_as_it_is_dropped_leaks_no_value() {
    type Receive =
        for<'l> fn(&mut Receiver<Tracked<'l>>, Bomb) -> Result<Tracked<'l>, RecvTimeoutError>;
    let ways: [Receive; 3] = [
        |rx, bomb| {
            let wanted = move |_: &Tracked<'_>| {
                let _held = &bomb;
                true
            };
            rx.recv_matching(wanted).map_err(|_| RecvTimeoutError::Disconnected)
        },
        |rx, bomb| {
            let wanted = move |_: &Tracked<'_>| {
                let _held = &bomb;
                true
            };
            rx.recv_matching_timeout(Duration::ZERO, wanted)
        },
        |rx, bomb| {
            let wanted = move |_: &Tracked<'_>| {
                let _held = &bomb;
                true
            };
            rx.recv_matching_deadline(Instant::now(), wanted)
        },
    ];
    for receive in ways {
        let ledger = Ledger::new(1);
        let (mut tx, mut rx) = channel();
        assert!(tx.send(ledger.issue()).is_ok());
        panics(|| receive(&mut rx, Bomb));
        assert!(rx.is_empty());
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_key_function_that_panics_as_it_is_dropped_leaks_no_value() {
    let ledger = Ledger::new(3);
    let (mut tx, mut rx) = channel();
    let bomb = || {
        let bomb = Bomb;
        move |value: &Tracked<'_>| {
            let _held = &bomb;
            value.id()
        }
    };
    assert!(tx.send(ledger.issue()).is_ok());
    // What it displaced.
    panics(|| tx.send_newest_by_key(ledger.issue(), bomb()));
    assert_eq!(ledger.dropped(), [0]);
    assert_eq!(rx.try_recv().map(|value| value.id()).ok(), Some(1));
    // What it could not send.
    drop(rx);
    panics(|| tx.send_newest_by_key(ledger.issue(), bomb()));
    ledger.assert_each_dropped_once();
}

/// A key with a bomb in it, or without one.
struct Key(usize, #[expect(dead_code, reason = "it is only dropped")] Option<Bomb>);

impl Ord for Key {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Key {}

#[test]
fn the_last_key_that_panics_as_it_is_dropped_leaks_no_value() {
    let ledger = Ledger::new(2);
    let (mut tx, mut rx) = channel();
    assert!(tx.send(ledger.issue()).is_ok());
    // The key of the value that stays is dropped last.
    let key = |value: &Tracked<'_>| Key(value.id(), (value.id() == 1).then(|| Bomb));
    panics(|| tx.send_newest_by_key(ledger.issue(), key));
    assert_eq!(ledger.dropped(), [0], "the send stands");
    assert_eq!(rx.try_recv().map(|value| value.id()).ok(), Some(1));
    ledger.assert_each_dropped_once();
}
