//! A panic in user code loses at most the value it was looking at, drops it once, and leaves a
//! channel that works.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel};
use std::{
    cell::RefCell,
    cmp::Ordering,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod tracked;
}
use common::{
    parked::Sleeper,
    tracked::{Ledger, Tracked},
};

/// Runs `body` and drops what it returns, which must panic.
fn panics<R>(body: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(|| drop(body()))).is_err(), "it did not panic");
}

/// The same channel, empty, goes on: it sends, receives, parks, clones and closes.
fn still_works<'a>(mut tx: Sender<Tracked<'a>>, mut rx: Receiver<Tracked<'a>>, ledger: &'a Ledger) {
    let value = || {
        let value = ledger.issue();
        (value.id(), value)
    };
    let (first, value_one) = value();
    let (second, value_two) = value();
    assert!(rx.try_recv().is_err());
    assert!(tx.send(value_one).unwrap().is_none());
    let mut clone = tx.clone();
    assert_eq!(clone.send_newest_by_key(value_two, Tracked::id).unwrap().unwrap().id(), first);
    assert_eq!(rx.recv().unwrap().id(), second);

    rx.set_spin_limit(0);
    assert!(rx.recv_timeout(Duration::from_micros(1)).is_err());
    let mut other = rx.clone();
    for receiver in [&mut rx, &mut other] {
        let (id, parcel) = value();
        let sleeper = Sleeper::default();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                sleeper.is_this_thread();
                // Much longer than it takes: a wake that is lost fails the test.
                receiver.recv_timeout(Duration::from_secs(60)).unwrap().id()
            });
            sleeper.until_asleep();
            assert!(tx.send(parcel).unwrap().is_none());
            assert_eq!(receiver.join().unwrap(), id);
        });
    }

    let (last, value) = value();
    assert!(tx.send(value).unwrap().is_none());
    drop((tx, clone));
    assert_eq!(other.recv().unwrap().id(), last);
    assert!(other.recv().is_err() && rx.recv().is_err());
    ledger.assert_each_dropped_once();
}

#[test]
fn a_predicate_loses_the_value_it_was_looking_at() {
    type Look = fn(&mut Receiver<Tracked<'_>>);
    let looks: [Look; 3] = [
        |rx| drop(rx.recv_matching(|_| panic!("a predicate"))),
        |rx| drop(rx.recv_matching_timeout(Duration::MAX, |_| panic!("a predicate"))),
        |rx| drop(rx.recv_matching_deadline(Instant::now(), |_| panic!("a predicate"))),
    ];
    for look in looks {
        let ledger = Ledger::new(10);
        let (mut tx, mut rx) = channel();
        tx.send(ledger.issue()).unwrap();
        panics(|| look(&mut rx));
        assert_eq!(ledger.dropped(), [0]);
        still_works(tx, rx, &ledger);
    }
}

/// Calls `send_newest_by_key` with payload 1 while the slot holds payload 0. `key` must panic: the call loses the payload
/// that `key` was looking at, and the other one is in the channel.
fn key_panics<K: Ord>(key: impl FnMut(&Tracked<'_>) -> K, lost: usize) {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    panics(|| tx.send_newest_by_key(ledger.issue(), key));
    assert_eq!(ledger.dropped(), [lost]);
    assert_eq!(rx.try_recv().unwrap().id(), 1 - lost);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_key_that_panics_at_once_leaves_the_channel_alone() {
    key_panics(|_| -> u8 { panic!("a key") }, 1);

    // Also an empty one.
    let ledger = Ledger::new(10);
    let (mut tx, rx) = channel();
    panics(|| tx.send_newest_by_key(ledger.issue(), |_| -> u8 { panic!("a key") }));
    assert_eq!(ledger.dropped(), [0]);
    assert!(rx.is_empty());
    still_works(tx, rx, &ledger);
}

#[test]
fn a_key_that_panics_over_the_displaced_value_loses_that_value() {
    key_panics(|value| if value.id() == 0 { panic!("a key") } else { value.id() }, 0);
}

#[test]
fn a_comparison_that_panics_loses_the_displaced_value() {
    #[derive(PartialEq, Eq)]
    struct Incomparable(usize);

    impl PartialOrd for Incomparable {
        fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
            Some(self.cmp(other))
        }
    }

    impl Ord for Incomparable {
        fn cmp(&self, _: &Self) -> Ordering {
            panic!("a comparison")
        }
    }

    key_panics(|value| Incomparable(value.id()), 0);
}

/// Whichever of two keys is dropped first.
#[test]
fn a_key_that_panics_as_it_is_dropped_loses_the_displaced_value() {
    #[derive(PartialEq, Eq, PartialOrd, Ord)]
    struct PanicsWhenDropped(usize);

    impl Drop for PanicsWhenDropped {
        fn drop(&mut self) {
            assert!(thread::panicking(), "a key's drop");
        }
    }

    key_panics(|value| PanicsWhenDropped(value.id()), 0);
    key_panics(|value| PanicsWhenDropped(9 - value.id()), 0);
}

#[test]
fn a_key_that_panics_after_a_receive_loses_only_the_value_it_was_looking_at() {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    tx.send(ledger.issue()).unwrap();
    let mut received = None;
    panics(|| {
        tx.send_newest_by_key(ledger.issue(), |value| {
            if value.id() == 0 {
                received = rx.try_recv().ok();
                panic!("a key");
            }
            value.id()
        })
    });
    assert_eq!(ledger.dropped(), [0]);
    assert_eq!(received.take().unwrap().id(), 1);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_key_that_panics_after_another_send_loses_only_the_value_it_was_looking_at() {
    // In the first round, and in the second, when the value that was sent again is displaced.
    for last_look in [1, 2] {
        let ledger = Ledger::new(20);
        let (mut tx, mut rx) = channel();
        let other = RefCell::new(tx.clone());
        let mut displaced = Vec::new();
        tx.send(ledger.issue()).unwrap();
        let mut looks = 0;
        panics(|| {
            tx.send_newest_by_key(ledger.issue(), |value| {
                if looks > 0 {
                    displaced.extend(other.borrow_mut().send(ledger.issue()).unwrap());
                }
                assert_ne!(looks, last_look, "a key");
                looks += 1;
                // Each value it looks at is newer than the one before.
                (looks, value.id()).0
            })
        });
        let ids: Vec<_> = displaced.iter().map(Tracked::id).collect();
        let (stale, looked_at, left): (&[_], _, _) =
            if last_look == 1 { (&[1], 0, 2) } else { (&[1, 0], 2, 3) };
        assert_eq!(ids, stale);
        assert_eq!(ledger.dropped(), [looked_at]);
        assert_eq!(rx.try_recv().unwrap().id(), left);
        displaced.clear();
        drop(other);
        still_works(tx, rx, &ledger);
    }
}

/// The room that the value was put in comes back to the slot with another sender's value, which stays there.
#[test]
fn a_key_that_panics_after_much_has_happened_loses_only_the_value_it_was_looking_at() {
    let ledger = Ledger::new(20);
    let (mut tx, mut rx) = channel();
    let mut other = tx.clone();
    tx.send(ledger.issue()).unwrap();
    panics(|| {
        tx.send_newest_by_key(ledger.issue(), |value| {
            if value.id() == 0 {
                for _ in 0..2 {
                    rx.recv().unwrap();
                    assert!(other.send(ledger.issue()).unwrap().is_none());
                }
                assert_eq!(other.send(ledger.issue()).unwrap().unwrap().id(), 3);
                panic!("a key");
            }
            value.id()
        })
    });
    // 1 and 2 were received, and 3 was displaced.
    assert_eq!(ledger.dropped(), [0, 1, 2, 3]);
    assert_eq!(rx.try_recv().unwrap().id(), 4);
    drop(other);
    still_works(tx, rx, &ledger);
}

/// Each key made and each comparison counts one down, and panics at zero.
struct Fuse<'a> {
    key: usize,
    left: &'a AtomicUsize,
}

impl Fuse<'_> {
    fn burn(left: &AtomicUsize) {
        assert_ne!(left.fetch_sub(1, SeqCst), 1, "the fuse is burnt");
    }
}

impl PartialEq for Fuse<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Fuse<'_> {}

impl PartialOrd for Fuse<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Fuse<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        Self::burn(self.left);
        self.key.cmp(&other.key)
    }
}

#[test]
fn wherever_a_key_panics_at_most_one_value_is_lost() {
    let mut fuse = 1;
    loop {
        let ledger = Ledger::new(10);
        let (mut tx, mut rx) = channel();
        let (newer, older) = (ledger.issue(), ledger.issue());
        tx.send(newer).unwrap();
        let left = AtomicUsize::new(fuse);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            tx.send_newest_by_key(older, |value| {
                Fuse::burn(&left);
                Fuse { key: 10 - value.id(), left: &left }
            })
        }));
        let completed = outcome.is_ok();
        assert_eq!(ledger.dropped().len(), usize::from(!completed), "with a fuse of {fuse}");
        drop(outcome);
        assert_eq!(ledger.dropped().len(), 1);
        assert!(rx.try_recv().is_ok());
        still_works(tx, rx, &ledger);
        if completed {
            break;
        }
        fuse += 1;
    }
    // Three keys and two comparisons: the older value is sent, and then the newer one again.
    assert_eq!(fuse, 6);
}
