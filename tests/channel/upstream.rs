//! The tests of the upstream fix, by meaning: the sentinel channel of a migrator that may retry `MaxRetries` times.

use overwrite_channel::{Receiver, Sender, channel};
use std::sync::mpsc::sync_channel;
use support::allocator::{Counts, bytes, measure};

/// The end of an attempt: its number, and a challenge.
type Sentinel = (u64, [u8; 40]);

/// Makes the migrator's channel: whatever may be retried, it has one place.
fn sentinel_channel(_max_retries: u64) -> (Sender<Sentinel>, Receiver<Sentinel>) {
    channel()
}

#[test]
fn a_channel_for_ten_trillion_retries_takes_the_bytes_of_one_for_a_single_retry() {
    // The meter tells channels apart whose size depends on the retries: the migrator's first try had a place for each.
    let [(_small, single), (_large, thousand)] =
        [1, 1000].map(|max_retries| measure(|| sync_channel::<Sentinel>(max_retries)));
    assert!(thousand.live_bytes > single.live_bytes + bytes(900 * size_of::<Sentinel>()));

    let [(_one, single), (_all, trillions)] =
        [1, 9_999_999_999_999].map(|max_retries| measure(|| sentinel_channel(max_retries)));
    assert_eq!(trillions, single);
}

#[test]
fn of_sentinels_sent_without_a_receive_the_last_is_left_and_memory_is_unchanged() {
    let (mut tx, mut rx) = sentinel_channel(9_999_999_999_999);
    let ((), counts) = measure(|| {
        for attempt in 1..=100_000 {
            let stale = tx.send((attempt, [b'0'; 40])).unwrap();
            // Every third attempt is received, the others time out.
            let in_slot = (attempt > 1 && attempt % 3 != 1).then_some((attempt - 1, [b'0'; 40]));
            assert_eq!(stale, in_slot);
            if attempt % 3 == 0 {
                assert_eq!(
                    [rx.try_iter().next(), rx.try_iter().next()],
                    [Some((attempt, [b'0'; 40])), None]
                );
            }
        }
    });
    assert_eq!(counts, Counts::default());
}
