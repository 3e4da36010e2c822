//! The two tests of the upstream fix, by meaning: the sentinel channel of a migrator that may retry
//! `MaxRetries` times.

use overwrite_channel::{Receiver, Sender, channel};
use std::sync::mpsc::{SyncSender, sync_channel};

mod common {
    pub(crate) mod counting;
}
use common::counting::{Counting, Counts, bytes, measure};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Says that all events up to the lock of one attempt are processed.
#[derive(Debug, PartialEq, Eq)]
struct Sentinel {
    attempt: u64,
    challenge: [u8; 40],
}

impl Sentinel {
    fn new(attempt: u64) -> Self {
        Self { attempt, challenge: [b'0'; 40] }
    }
}

/// How the migrator makes its channel: whatever may be retried, it has one place.
fn sentinel_channel(_max_retries: u64) -> (Sender<Sentinel>, Receiver<Sentinel>) {
    channel()
}

/// The migrator's first try: a place for each retry.
fn one_place_a_retry(max_retries: usize) -> SyncSender<Sentinel> {
    sync_channel(max_retries).0
}

#[test]
fn of_two_sentinels_sent_without_a_receive_exactly_the_second_is_left() {
    let (mut tx, mut rx) = sentinel_channel(1);
    assert_eq!(tx.send(Sentinel::new(1)), Ok(None));
    assert_eq!(tx.send(Sentinel::new(2)), Ok(Some(Sentinel::new(1))));

    let left: Vec<_> = rx.try_iter().collect();
    assert_eq!(left, [Sentinel::new(2)]);
}

#[test]
fn a_channel_for_ten_trillion_retries_takes_the_bytes_of_one_for_a_single_retry() {
    // The meter tells channels apart whose size depends on the retries.
    let (_small, single) = measure(|| one_place_a_retry(1));
    let (_large, thousand) = measure(|| one_place_a_retry(1000));
    assert!(thousand.live_bytes > single.live_bytes + bytes(900 * size_of::<Sentinel>()));

    let (_one, single) = measure(|| sentinel_channel(1));
    let ((mut tx, mut rx), trillions) = measure(|| sentinel_channel(9_999_999_999_999));
    assert_eq!(trillions, single);

    // One place, not none: each send but the first finds it taken.
    assert_eq!(tx.send(Sentinel::new(1)), Ok(None));
    assert_eq!(tx.send(Sentinel::new(2)), Ok(Some(Sentinel::new(1))));
    assert_eq!(tx.send(Sentinel::new(3)), Ok(Some(Sentinel::new(2))));
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [Sentinel::new(3)]);
}

#[test]
fn attempts_leave_memory_unchanged() {
    let (mut tx, mut rx) = sentinel_channel(9_999_999_999_999);
    let ((), counts) = measure(|| {
        for attempt in 1..=100_000 {
            let stale = tx.send(Sentinel::new(attempt)).unwrap();
            // Every third attempt is received, the others time out.
            let in_slot = (attempt > 1 && attempt % 3 != 1).then_some(attempt - 1);
            assert_eq!(stale.map(|sentinel| sentinel.attempt), in_slot);
            if attempt % 3 == 0 {
                assert_eq!(rx.try_recv().unwrap().attempt, attempt);
            }
        }
    });
    assert_eq!(counts, Counts::default());
}
