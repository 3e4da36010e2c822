//! Keys that panic: as they are made, compared or dropped, at once or after the slot has changed.

use super::{check, panicking_in_drop, strikes};
use overwrite_channel::channel;
use std::{
    cell::{Cell, RefCell},
    cmp::Ordering,
};
use support::{
    ledger::{Ledger, Tracked},
    panics::{Bomb, caught, panics, strike},
};

/// A key whose comparisons burn a fuse.
#[derive(PartialEq, Eq)]
struct Key<'a>(usize, &'a Cell<usize>);

impl Ord for Key<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        burn(self.1);
        self.0.cmp(&other.0)
    }
}

impl PartialOrd for Key<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Shortens the fuse by one, and panics at its end.
fn burn(fuse: &Cell<usize>) {
    fuse.set(fuse.get() - 1);
    if fuse.get() == 0 {
        strike();
    }
}

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
    key_panics("at once", 1, strikes);
    key_panics("over the displaced value", 0, |value| {
        if value.id() == 0 {
            strike();
        }
        value.id()
    });
    let fuse = Cell::new(0);
    key_panics("in the comparison", 0, |value| {
        fuse.set(1);
        Key(value.id(), &fuse)
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

/// Each key that is made and each comparison burns the fuse.
#[test]
fn wherever_a_key_panics_at_most_one_value_is_lost() {
    for fuse in 1.. {
        let ledger = Ledger::new(2);
        let (mut tx, mut rx) = channel();
        let (newer, older) = (ledger.issue(), ledger.issue());
        tx.send(newer).unwrap();
        let left = Cell::new(fuse);
        let key = |value: &Tracked| {
            burn(&left);
            Key(9 - value.id(), &left)
        };
        let completed = caught(|| tx.send_newest_by_key(older, key));
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
