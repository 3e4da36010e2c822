//! Threads that merge. Panics of a merge, and withdrawals, are in the random programs of `tests/fuzz`.

use overwrite_channel::channel;
use std::{collections::BTreeMap, iter, sync::Arc, thread};
use support::watchdog::watched;

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
