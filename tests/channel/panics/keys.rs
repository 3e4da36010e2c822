//! Keys that panic: as they are made, compared or dropped, at once or after the channel was used meanwhile.

use super::check;
use overwrite_channel::channel;
use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
};
use support::{
    ledger::{Ledger, Tracked},
    panics::{Bomb, caught, panics, strike},
};

/// A key that runs `compared` in each comparison.
struct Key<F: Fn()> {
    number: usize,
    compared: F,
    _held: Option<Bomb>,
}

impl<F: Fn()> Key<F> {
    fn new(number: usize, compared: F) -> Self {
        Self { number, compared, _held: None }
    }
}

/// Makes a key whose drop panics.
fn explosive(number: usize) -> Key<impl Fn()> {
    Key { number, compared: || {}, _held: Some(Bomb) }
}

impl<F: Fn()> Ord for Key<F> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.compared)();
        self.number.cmp(&other.number)
    }
}

impl<F: Fn()> PartialOrd for Key<F> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<F: Fn()> PartialEq for Key<F> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<F: Fn()> Eq for Key<F> {}

/// Sends value 1 by key while the slot holds value 0. The key must panic: the call loses the value `lost` that the key was
/// looking at, and the other one is in the slot.
#[track_caller]
fn key_panics<K: Ord>(name: &str, lost: usize, key: impl Fn(&Tracked) -> K) {
    check(name, &[lost], Some(1 - lost), |tx, _, ledger| {
        tx.send(ledger.issue()).unwrap();
        panics(|| tx.send_newest_by_key(ledger.issue(), &key));
    });
}

#[test]
fn a_key_that_panics_loses_the_value_it_was_looking_at() {
    key_panics("at once", 1, |_| strike());
    key_panics("over the displaced value", 0, |value| {
        if value.id() == 0 {
            strike();
        }
        value.id()
    });
    key_panics("in the comparison", 0, |value| Key::new(value.id(), strike));
    // Whichever of two keys is dropped first.
    key_panics("in the drop, the smaller key first", 0, |value| explosive(value.id()));
    key_panics("in the drop, the greater key first", 0, |value| explosive(9 - value.id()));
    // The key of the value that stays is dropped last: the send stands.
    key_panics("in the drop of the last key", 0, |value| Key {
        number: value.id(),
        compared: || {},
        _held: (value.id() == 1).then_some(Bomb),
    });
    check("at once, over an empty slot", &[0], None, |tx, _, ledger| {
        panics(|| tx.send_newest_by_key(ledger.issue(), |_| strike()));
    });
    check("in the drop of the closure", &[0], Some(1), |tx, _, ledger| {
        tx.send(ledger.issue()).unwrap();
        let held = Bomb;
        let key = move |value: &Tracked| {
            let _held = &held;
            value.id()
        };
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

/// Each key made and each comparison burns some of a fuse, which panics at its end.
#[test]
fn wherever_a_key_panics_at_most_one_value_is_lost() {
    for fuse in 1.. {
        let ledger = Ledger::new(2);
        let (mut tx, mut rx) = channel();
        let (newer, older) = (ledger.issue(), ledger.issue());
        tx.send(newer).unwrap();
        let left = Cell::new(fuse);
        let burn = || {
            left.set(left.get() - 1);
            if left.get() == 0 {
                strike();
            }
        };
        let completed = caught(|| {
            tx.send_newest_by_key(older, |value| {
                burn();
                Key::new(9 - value.id(), burn)
            })
        });
        let lost = ledger.dropped().len();
        assert_eq!(lost, usize::from(completed.is_none()), "with a fuse of {fuse}");
        assert!(rx.try_recv().is_ok() && rx.is_empty());
        if completed.is_some() {
            // Three keys and two comparisons: the older value is sent, and then the newer one again.
            assert_eq!(fuse, 6);
            break;
        }
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    }
}
