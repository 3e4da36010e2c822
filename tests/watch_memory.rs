//! What a watch channel allocates: the value's own block with each send, and nothing to look or to wait.
#![cfg(feature = "watch")]

use overwrite_channel::watch::{Receiver, Ref, Sender, channel};
use std::{
    future::Future,
    mem::ManuallyDrop,
    pin::pin,
    task::{Context, Waker},
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod counting;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    counting::{Counting, Counts, bytes, measure},
    waker::Task,
    watchdog::watched,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So large that its bytes cannot be mistaken for anything else's.
type Large = [u64; 512];
const LARGE: isize = 4096;

/// What a value takes beside itself: two counts and its version.
const BESIDE: isize = 24;

/// A channel, in a thread that has allocated what it needs to look and to wait at all.
fn warm<T: Clone>(init: T) -> (Sender<T>, Receiver<T>) {
    let (tx, mut rx) = channel(init.clone());
    tx.send(init.clone()).unwrap();
    let looks: [_; 20] = std::array::from_fn(|_| tx.borrow());
    drop(looks);
    rx.blocking_changed_timeout(Duration::ZERO).unwrap();
    channel(init)
}

#[test]
fn a_channel_is_two_allocations_and_one_value() {
    drop(warm(0_u64));
    let (_handles, counts) = measure(|| channel(0_u64));
    assert_eq!(counts.allocations, 2, "what is shared, and the value: {counts:?}");
    assert!(counts.live_bytes <= 256, "{counts:?}");

    let (handles, large) = measure(|| channel([0_u64; 512]));
    assert_eq!(large.allocations, 2, "{large:?}");
    assert_eq!(large.live_bytes - counts.live_bytes, LARGE - 8);
    let ((), counts) = measure(|| drop(handles));
    assert_eq!(counts, Counts { allocations: 0, live_bytes: -large.live_bytes });
}

#[test]
fn each_send_is_one_allocation_and_frees_another() {
    let one = Counts { allocations: 1, live_bytes: 0 };
    let (tx, rx) = warm::<Large>([0; 512]);
    for value in 0..20 {
        assert_eq!(measure(|| tx.send([value; 512]).unwrap()).1, one);
        assert_eq!(measure(|| drop(tx.send_replace([value; 512]))).1, one);
        assert_eq!(measure(|| tx.send_modify(|it| it[0] += 1)).1, one);
        assert_eq!(measure(|| tx.send_if_modified(|_| true)).1, one);
        let ((), counts) = measure(|| assert!(!tx.send_if_modified(|_| false)));
        assert_eq!(counts, Counts::default(), "the clone is not yet a value");
    }
    drop(rx);
    let ((), counts) = measure(|| assert!(tx.send([0; 512]).is_err()));
    assert_eq!(counts, Counts::default(), "nobody is there");
}

#[test]
fn what_is_looked_at_stays_and_nothing_else() {
    let (tx, rx) = warm::<Large>([0; 512]);
    let (kept, counts) = measure(|| {
        let mut kept = Vec::with_capacity(20);
        for value in 0..20 {
            kept.push(rx.borrow());
            tx.send([value; 512]).unwrap();
        }
        kept
    });
    let room = bytes(kept.capacity() * size_of::<Ref<'_, Large>>());
    assert_eq!(counts, Counts { allocations: 21, live_bytes: 20 * (LARGE + BESIDE) + room });
    let ((), counts) = measure(|| drop(kept));
    assert_eq!(counts, Counts { allocations: 0, live_bytes: -20 * (LARGE + BESIDE) - room });
}

#[test]
fn looking_allocates_nothing() {
    let (tx, mut rx) = warm::<Large>([0; 512]);
    let ((), counts) = measure(|| {
        for _ in 0..100 {
            // More at once than a thread has at hand without a count.
            let looks: [_; 20] = std::array::from_fn(|_| rx.borrow());
            assert!(looks.iter().all(|value| value[0] == 0));
            drop(looks);
            assert_eq!(tx.borrow()[0] + rx.borrow_and_update()[0], 0);
            assert!(Ref::try_unwrap(rx.borrow()).is_err());
            rx.mark_changed();
            assert_eq!(rx.has_changed(), Ok(true));
            rx.mark_unchanged();
            assert_eq!(rx.has_changed(), Ok(false));
            assert_eq!((rx.is_closed(), tx.is_closed(), rx.skipped()), (false, false, 0));
        }
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn waiting_as_a_task_allocates_nothing() {
    let (tx, mut rx) = warm(0_u64);
    let mut cx = Context::from_waker(Waker::noop());
    for value in 1..100 {
        let ((), counts) = measure(|| {
            assert!(pin!(rx.changed()).poll(&mut cx).is_pending());
            assert!(pin!(rx.wait_for(|it| *it == value)).poll(&mut cx).is_pending());
        });
        assert_eq!(counts, Counts::default());
        let ((), counts) = measure(|| {
            let mut changed = pin!(rx.changed());
            assert!(changed.as_mut().poll(&mut cx).is_pending());
            tx.send(value).unwrap();
            assert!(changed.poll(&mut cx).is_ready());
        });
        assert_eq!(counts, Counts { allocations: 1, live_bytes: 0 }, "what the send takes");
        let ((), counts) = measure(|| {
            rx.mark_changed();
            assert!(pin!(rx.changed()).poll(&mut cx).is_ready());
            assert!(pin!(rx.wait_for(|it| *it == value)).poll(&mut cx).is_ready());
        });
        assert_eq!(counts, Counts::default());
    }
}

#[test]
fn waiting_as_a_thread_allocates_nothing() {
    type Wait = fn(&mut Receiver<u64>, Duration) -> bool;
    let waits: [Wait; 4] = [
        |rx, timeout| rx.blocking_changed_timeout(timeout).is_ok(),
        |rx, timeout| rx.blocking_changed_deadline(Instant::now() + timeout).is_ok(),
        |rx, timeout| rx.blocking_wait_for_timeout(timeout, |it| *it == 1).is_ok(),
        |rx, timeout| {
            rx.blocking_wait_for_deadline(Instant::now() + timeout, |it| *it == 1).is_ok()
        },
    ];
    for wait in waits {
        let (tx, mut rx) = warm(0_u64);
        let task = Task::new();
        let mut timeout = Duration::from_micros(100);
        loop {
            // What a poll has left behind is dropped by a thread that parks, and by no other.
            let mut left = ManuallyDrop::new(rx.changed());
            assert!(task.poll(&mut *left).is_pending());
            task.seen();
            let (outcome, counts) = measure(|| wait(&mut rx, timeout));
            assert!(!outcome);
            assert_eq!(counts, Counts::default());
            if task.seen().dropped == 1 {
                break;
            }
            assert!(timeout < Duration::from_secs(10), "it never parks");
            timeout *= 2;
        }
        tx.send(1).unwrap();
        let (outcome, counts) = measure(|| wait(&mut rx, timeout));
        assert!(outcome);
        assert_eq!(counts, Counts::default());
    }
}

#[test]
fn a_hundred_thousand_sends_take_no_more_than_one() {
    let (tx, mut rx) = warm(0_u64);
    let (slow, other) = (rx.clone(), tx.clone());
    let ((), counts) = measure(|| {
        for value in 1..=50_000 {
            tx.send(value).unwrap();
            other.send_modify(|value| *value += 1);
            if value % 1_000 == 0 {
                assert_eq!(*rx.borrow_and_update(), value + 1);
            }
        }
    });
    assert_eq!(counts, Counts { allocations: 100_000, live_bytes: 0 });
    assert_eq!(rx.skipped(), 100_000 - 50);
    assert_eq!(*slow.borrow(), 50_001);
}

#[test]
fn another_sender_takes_nothing_and_other_receivers_take_wait_cells_that_stay() {
    watched(|watch| {
        let _running = watch.running("clones");
        let (tx, rx) = warm(0_u64);
        let (others, counts) = measure(|| [tx.clone(), tx.clone()]);
        assert_eq!(counts, Counts::default());
        drop(others);
        let mut others = Vec::with_capacity(1000);
        let mut come =
            || measure(|| others.extend((0..500).flat_map(|_| [rx.clone(), tx.subscribe()])));
        let counts = come().1;
        assert!((1..=40).contains(&counts.allocations), "a list that doubles: {counts:?}");
        assert!(counts.live_bytes <= 2 * 64 * 1000, "{counts:?}");
        let ((), counts) = measure(|| others.clear());
        assert_eq!(counts, Counts::default(), "the cells stay");
        let ((), counts) = measure(|| {
            for _ in 0..1_000 {
                let (_one, _two) = (rx.clone(), tx.subscribe());
            }
        });
        assert_eq!(counts, Counts::default(), "and are used again");
    });
}

#[test]
fn a_wait_for_the_receivers_end_takes_a_wait_cell_that_stays() {
    let (tx, rx) = warm(0_u64);
    let mut cx = Context::from_waker(Waker::noop());
    for turn in 0..10 {
        let ((), counts) = measure(|| assert!(pin!(tx.closed()).poll(&mut cx).is_pending()));
        assert_eq!(counts.allocations, usize::from(turn == 0));
    }
    drop(rx);
    let ((), counts) = measure(|| assert!(pin!(tx.closed()).poll(&mut cx).is_ready()));
    assert_eq!(counts, Counts::default());
}

#[test]
fn all_bytes_come_back_in_every_ending_order() {
    drop(warm(0_u64));
    // Which of four goes next, in every order.
    for code in 0..4_usize.pow(4) {
        let order = [code % 4, code / 4 % 4, code / 16 % 4, code / 64];
        if !(0..4).all(|handle| order.contains(&handle)) {
            continue;
        }
        let ((), counts) = measure(|| {
            let (tx, rx) = channel(vec![0_u64; 10]);
            let other = rx.clone();
            tx.send(vec![1; 20]).unwrap();
            let replaced = tx.send_replace(vec![2; 30]);
            let (mut tx, mut rx, mut other) = (Some(tx), Some(rx), Some(other));
            let mut replaced = Some(replaced);
            for handle in order {
                match handle {
                    0 => tx = None,
                    1 => rx = None,
                    2 => other = None,
                    _ => replaced = None,
                }
            }
            assert!(tx.is_none() && rx.is_none() && other.is_none() && replaced.is_none());
        });
        assert_eq!(counts.live_bytes, 0, "dropped in the order {order:?}");
    }
}
