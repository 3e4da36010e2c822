//! Keys that panic: as they are made, compared or dropped, at once or after the slot has changed.

use super::{check, panicking_in_drop, strikes};
use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
};
use support::{
    ledger::Tracked,
    panics::{Bomb, panics, strike},
};

/// A key whose comparisons burn a fuse.
#[derive(PartialEq, Eq)]
struct Key<'a>(usize, &'a Fuse);

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.1.burn();
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Panics when it has burnt so many times, and again each time after that.
#[derive(PartialEq, Eq)]
struct Fuse {
    length: usize,
    burnt: Cell<usize>,
}

impl Fuse {
    fn new(length: usize) -> Self {
        Self { length, burnt: Cell::new(0) }
    }

    fn burn(&self) {
        self.burnt.set(self.burnt.get() + 1);
        if self.burnt.get() == self.length {
            self.burnt.set(0);
            strike();
        }
    }

    /// Makes the key by which smaller numbers are newer.
    fn key(&self, value: &Tracked) -> Key<'_> {
        self.burn();
        Key(usize::MAX - value.id(), self)
    }
}

/// Sends value 1 by key, by a sender of either kind, while the slot holds value 0. The key must panic: the call loses the
/// value `lost` that the key was looking at, and the other one is in the slot.
#[track_caller]
fn key_panics<K: Ord>(name: &str, lost: usize, key: impl Fn(&Tracked) -> K) {
    for shared in [false, true] {
        check(format!("{name}, shared: {shared}"), &[lost], Some(1 - lost), |tx, _, ledger| {
            tx.send(ledger.issue()).unwrap();
            if shared {
                let shared = tx.clone().into_shared();
                panics(|| shared.send_newest_by_key(ledger.issue(), &key));
            } else {
                panics(|| tx.send_newest_by_key(ledger.issue(), &key));
            }
        });
    }
}

#[test]
fn a_key_that_panics_loses_the_value_it_was_looking_at() {
    // Value 1 is older: it is sent, then value 0 again. That takes three keys and two comparisons.
    for (number, lost) in (1..).zip([1, 0, 0, 1, 1]) {
        let fuse = Fuse::new(number);
        key_panics(&format!("in key or comparison {number}"), lost, |value| fuse.key(value));
    }
    check("never", &[1], Some(0), |tx, _, ledger| {
        let fuse = Fuse::new(6);
        tx.send(ledger.issue()).unwrap();
        let too_old = tx.send_newest_by_key(ledger.issue(), |value| fuse.key(value));
        assert_eq!(too_old.unwrap().map(|value| value.id()), Some(1));
        assert_eq!(fuse.burnt.get(), 5);
    });
    // Whichever of two keys is dropped first.
    key_panics("in the drop, the smaller key first", 0, |value| (value.id(), Bomb));
    key_panics("in the drop, the greater key first", 0, |value| (9 - value.id(), Bomb));
    // The key of the value that stays is dropped last: the send stands.
    let last = |value: &Tracked| (value.id(), (value.id() == 1).then_some(Bomb));
    key_panics("in the drop of the last key", 0, last);
    check("at once, over an empty slot", &[0], None, |tx, _, ledger| {
        panics(|| tx.send_newest_by_key(ledger.issue(), strikes));
    });
    check("in the drop of the closure", &[0], Some(1), |tx, _, ledger| {
        tx.send(ledger.issue()).unwrap();
        let key = panicking_in_drop(Tracked::id);
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
}

#[test]
fn a_key_that_panics_after_the_slot_has_changed_loses_the_value_it_was_looking_at() {
    check("after a receive", &[0, 1], None, |tx, rx, ledger| {
        tx.send(ledger.issue()).unwrap();
        let key = |value: &Tracked| {
            if value.id() == 0 {
                assert_eq!(rx.try_recv().unwrap().id(), 1);
                strike();
            }
            value.id()
        };
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
    // The room that the value was put in comes back to the slot with another sender's value, which stays there.
    check("after two receives and three sends", &[0, 1, 2, 3], Some(4), |tx, rx, ledger| {
        let mut other = tx.clone();
        tx.send(ledger.issue()).unwrap();
        let key = |value: &Tracked| {
            if value.id() == 0 {
                for received in [1, 2] {
                    assert_eq!(rx.recv().unwrap().id(), received);
                    assert!(other.send(ledger.issue()).unwrap().is_none());
                }
                assert_eq!(other.send(ledger.issue()).unwrap().unwrap().id(), 3);
                strike();
            }
            value.id()
        };
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
    // In the first round, and in the second, when the value that was sent again is displaced.
    for (round, stale, dropped, left) in
        [(1, &[1][..], &[0, 1][..], 2), (2, &[1, 0], &[0, 1, 2], 3)]
    {
        let name = format!("after another send, in round {round}");
        check(name, dropped, Some(left), |tx, _, ledger| {
            let (mut other, looks) = (tx.clone(), Cell::new(0));
            let displaced = RefCell::new(Vec::new());
            tx.send(ledger.issue()).unwrap();
            let key = |_: &Tracked| {
                if looks.get() > 0 {
                    let stale = other.send(ledger.issue()).unwrap();
                    displaced.borrow_mut().extend(stale.map(|value| value.id()));
                }
                if looks.get() == round {
                    strike();
                }
                // Each value that it looks at is newer than the one before.
                looks.set(looks.get() + 1);
                looks.get()
            };
            panics(|| tx.send_newest_by_key(ledger.issue(), key));
            assert_eq!(*displaced.borrow(), stale);
        });
    }
}
