//! What a watch channel allocates: the value's own block with each send, and nothing to look or to wait.

use crate::{
    LARGE, Large, NOTHING, cost, counts, grows_as_the_number_doubles, is_free,
    tasks::waiting_for_the_end_makes_a_wait_list, wait_nodes::WAIT_LIST,
};
use overwrite_channel::watch::{Receiver, Ref, Sender, channel};
use std::{
    array,
    cell::Cell,
    mem,
    time::{Duration, Instant},
};
use support::{
    allocator::{bytes, measure},
    waker::Task,
};

/// What a value takes beside itself: two counts and its version.
const BESIDE: isize = 24;

/// Makes a channel in a thread that has allocated what it needs to look and to wait at all.
fn warm<T: Clone>(init: T) -> (Sender<T>, Receiver<T>) {
    let (tx, mut rx) = channel(init.clone());
    tx.send(init.clone()).unwrap();
    let looks: [_; 20] = array::from_fn(|_| tx.borrow());
    drop(looks);
    rx.blocking_changed_timeout(Duration::ZERO).unwrap();
    channel(init)
}

/// One is what is shared: the counts of an `Arc`, the slot, the word, the counts of both sides, where futures wait for
/// the receivers' end, and the wait list. The other is the value.
#[test]
fn a_channel_is_two_allocations_and_one_value() {
    drop(warm(0_u64));
    let shared = bytes(7 * size_of::<usize>() + WAIT_LIST);
    let (_handles, small) = measure(|| channel(0_u64));
    assert_eq!(small, counts(2, shared + BESIDE + 8));
    let (handles, large) = measure(|| channel([0_u64; 512]));
    assert_eq!(large, counts(2, shared + BESIDE + LARGE));
    assert_eq!(cost(|| drop(handles)), counts(0, -large.live_bytes));
}

#[test]
fn each_send_is_one_allocation_and_frees_another() {
    let one = counts(1, 0);
    let (tx, rx) = warm::<Large>([0; 512]);
    let slow = rx.clone();
    for value in 0..5_000 {
        assert_eq!(cost(|| tx.send([value; 512]).unwrap()), one);
        assert_eq!(cost(|| drop(tx.send_replace([value; 512]))), one);
        assert_eq!(cost(|| tx.send_modify(|it| it[0] += 1)), one);
        assert_eq!(cost(|| assert!(tx.send_if_modified(|_| true))), one);
        let counts = cost(|| assert!(!tx.send_if_modified(|_| false)));
        assert_eq!(counts, NOTHING, "the clone is not yet a value");
    }
    drop((rx, slow));
    assert_eq!(cost(|| assert!(tx.send([0; 512]).is_err())), NOTHING, "there is no receiver");
}

#[test]
fn a_value_that_is_looked_at_stays_and_nothing_else() {
    let (tx, rx) = warm::<Large>([0; 512]);
    let mut kept = Vec::with_capacity(20);
    let made = cost(|| {
        for value in 0..20 {
            kept.push(rx.borrow());
            tx.send([value; 512]).unwrap();
        }
    });
    assert_eq!(made, counts(20, 20 * (LARGE + BESIDE)));
    assert_eq!(cost(|| kept.clear()), counts(0, -20 * (LARGE + BESIDE)));
}

#[test]
fn looking_allocates_nothing() {
    let (tx, mut rx) = warm::<Large>([0; 512]);
    is_free(|_| {
        // More at once than a thread has at hand without a count.
        let looks: [_; 20] = array::from_fn(|_| rx.borrow());
        assert!(looks.iter().all(|value| value[0] == 0));
        drop(looks);
        assert_eq!(tx.borrow()[0] + rx.borrow_and_update()[0], 0);
        assert!(Ref::try_unwrap(rx.borrow()).is_err());
        rx.mark_changed();
        assert_eq!(rx.has_changed(), Ok(true));
        rx.mark_unchanged();
        assert_eq!(rx.has_changed(), Ok(false));
        assert_eq!((rx.is_closed(), tx.is_closed(), rx.skipped()), (false, false, 0));
    });
}

#[test]
fn waiting_as_a_task_allocates_nothing() {
    let (tx, mut rx) = warm(0_u64);
    let task = Task::new();
    for value in 1..100 {
        let made = cost(|| {
            assert!(task.poll(&mut rx.wait_for(|it| *it == value)).is_pending());
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            tx.send(value).unwrap();
            assert!(task.poll(&mut changed).is_ready());
            drop(changed);
            rx.mark_changed();
            assert!(task.poll(&mut rx.changed()).is_ready());
            assert!(task.poll(&mut rx.wait_for(|it| *it == value)).is_ready());
        });
        assert_eq!(made, counts(1, 0), "what the send takes");
    }
}

#[test]
fn waiting_as_a_thread_allocates_nothing() {
    let waits: [fn(&mut Receiver<u64>, Duration) -> bool; 4] = [
        |rx, time| rx.blocking_changed_timeout(time).is_ok(),
        |rx, time| rx.blocking_changed_deadline(Instant::now() + time).is_ok(),
        |rx, time| rx.blocking_wait_for_timeout(time, |it| *it == 1).is_ok(),
        |rx, time| rx.blocking_wait_for_deadline(Instant::now() + time, |it| *it == 1).is_ok(),
    ];
    for wait in waits {
        let (tx, mut rx) = warm(0_u64);
        let task = Task::new();
        let mut time = Duration::from_micros(100);
        loop {
            // What a poll has left behind is dropped by a thread that parks, and by no other.
            let mut left = rx.changed();
            assert!(task.poll(&mut left).is_pending());
            mem::forget(left);
            task.seen();
            assert_eq!(cost(|| assert!(!wait(&mut rx, time))), NOTHING);
            if task.seen().dropped == 1 {
                break;
            }
            assert!(time < Duration::from_secs(10), "it never parks");
            time *= 2;
        }
        tx.send(1).unwrap();
        assert_eq!(cost(|| assert!(wait(&mut rx, time))), NOTHING);
    }
}

#[test]
fn another_sender_takes_nothing_and_another_receiver_wait_nodes_only() {
    let (tx, rx) = warm(0_u64);
    is_free(|_| drop((tx.clone(), tx.clone())));
    // There is `rx`, and in turn a clone of it and a subscriber.
    let is_clone = Cell::new(false);
    let make = || {
        is_clone.set(!is_clone.get());
        if is_clone.get() { rx.clone() } else { tx.subscribe() }
    };
    let task = Task::new();
    grows_as_the_number_doubles(300, NOTHING, make, |rxs| {
        for rx in rxs {
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            mem::forget(changed);
        }
    });
}

#[test]
fn waiting_for_the_receivers_end_makes_a_wait_list_that_stays() {
    let (tx, rx) = warm(0_u64);
    waiting_for_the_end_makes_a_wait_list(|| tx.closed(), || drop(rx));
}
