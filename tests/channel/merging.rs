//! Senders that take: `send_merged` and `withdraw`.

use overwrite_channel::{SendError, channel};
use std::{collections::BTreeMap, iter, sync::Arc, thread};
use support::{
    panics::{caught, strike},
    waker::Task,
    watchdog::watched,
};

const SENDERS: usize = 4;
/// A million in all.
const SENDS: u64 = if cfg!(miri) { 20 } else { 250_000 };

/// Four threads merge a million values, and a receiver takes what they add up to.
#[test]
fn what_is_received_adds_up_to_what_was_sent() {
    watched(|_| {
        let add = |unread, value| unread + value;
        let (tx, rx) = channel();
        let shared = Arc::new(tx.clone().into_shared());
        for mut own in iter::repeat_n(tx, SENDERS) {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for value in (1..=SENDS).step_by(2) {
                    own.send_merged(value, add).unwrap();
                    shared.send_merged(value + 1, add).unwrap();
                }
            });
        }
        drop(shared);
        assert_eq!(rx.into_iter().sum::<u64>(), SENDERS as u64 * SENDS * (SENDS + 1) / 2);
    });
}

/// By a key, with the newest of each key: one sender's values keep their order.
#[test]
fn a_map_is_merged_by_key_in_the_order_of_its_sender() {
    let (mut tx, mut rx) = channel();
    let mut seen = BTreeMap::new();
    let newest = |mut unread: BTreeMap<u32, u32>, newer| {
        unread.extend::<BTreeMap<_, _>>(newer);
        unread
    };
    thread::scope(|scope| {
        scope.spawn(move || {
            for number in 0..10_000 {
                tx.send_merged(BTreeMap::from([(number % 7, number)]), newest).unwrap();
            }
        });
        for values in &mut rx {
            for (key, number) in values {
                assert!(seen.insert(key, number).is_none_or(|before| before < number));
            }
        }
    });
    assert!(seen.into_values().eq([9_996, 9_997, 9_998, 9_999, 9_993, 9_994, 9_995]));
}

/// A closure that panics loses the two values it was given, and no other; a refused value comes back.
#[test]
fn a_merge_that_panics_loses_two_values() {
    let (mut tx, mut rx) = channel();
    let own = tx.clone().into_shared();
    for shared in [false, true] {
        let mut merge =
            |value: &'static str, merge: fn(&'static str, &'static str) -> &'static str| {
                if shared { own.send_merged(value, merge) } else { tx.send_merged(value, merge) }
            };
        assert_eq!(merge("unread", |_, _| unreachable!()), Ok(false));
        let panicking = |_, _| {
            strike();
            unreachable!()
        };
        assert!(caught(|| merge("new", panicking)).is_none());
        assert_eq!(rx.try_recv().ok(), None);
        assert_eq!(merge("next", |_, _| unreachable!()), Ok(false));
        assert_eq!(rx.try_recv(), Ok("next"));
    }
    drop(rx);
    assert_eq!(tx.send_merged("late", |_, _| unreachable!()), Err(SendError("late")));
}

/// A withdrawal leaves a receiver that waits to the next value, and returns each value once.
#[test]
fn a_withdrawn_value_is_not_received() {
    let (mut tx, mut rx) = channel();
    let shared = tx.clone().into_shared();
    let task = Task::new();
    assert_eq!((tx.withdraw(), shared.withdraw()), (None, None));
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    assert_eq!(tx.send(1), Ok(None));
    assert_eq!((shared.withdraw(), tx.is_empty()), (Some(1), true));
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    assert_eq!(shared.send(2), Ok(None));
    assert_eq!(tx.withdraw(), Some(2));
    assert_eq!((tx.send(3), task.seen().woken), (Ok(None), 2));
    assert_eq!(rx.recv(), Ok(3));
}

#[test]
fn handles_are_counted() {
    let (tx, rx) = channel::<u8>();
    let shared = tx.clone().into_shared();
    let other = rx.clone();
    for counts in [
        (tx.sender_count(), tx.receiver_count()),
        (shared.sender_count(), shared.receiver_count()),
        (rx.sender_count(), rx.receiver_count()),
    ] {
        assert_eq!(counts, (2, 2));
    }
    drop((tx, shared));
    assert_eq!((rx.sender_count(), other.receiver_count()), (0, 2));
}
