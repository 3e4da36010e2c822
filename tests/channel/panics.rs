//! Panics in user code that meet a thread that is parked, or the node of a shared sender; and where a panic that is the
//! caller's fault points to.
//!
//! Everything else that panics is in the random programs of `tests/fuzz`: keys, predicates, values and wakers, at any
//! point.

use crate::receivers;
use overwrite_channel::{StaticChannel, channel, wait_any, wait_any_deadline, wait_any_timeout};
use std::{
    panic::Location,
    time::{Duration, Instant},
};
use support::{
    allocator::{Counts, measure},
    panics::{panics, place, strike},
    waker::{Event, Task},
};
#[cfg(all(target_os = "linux", not(miri)))] // it must see that a thread is asleep
use support::{sleeper::asleep, watchdog::watched};

/// Panics, as a predicate or as a key.
pub(crate) fn strikes<T>(_: &T) -> bool {
    strike();
    true
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))]
fn a_parked_thread_is_unparked_though_a_waker_before_it_panics() {
    watched(|watchdog| {
        let _running = watchdog.running("receiver and sender");
        let task = Task::panicking_in(Event::Wake);
        let (mut tx, [mut rx, mut parks]) = receivers();
        parks.set_spin_limit(0);
        let _stalled = task.waits(rx.recv_async());
        assert_eq!(asleep(|| parks.recv(), || panics(|| tx.send(1))), Ok(1));
        assert_eq!(task.seen().woken, 1);
    });
}

/// A shared sender allocates a node if the one before did not come back.
#[test]
fn a_shared_sender_whose_send_panicked_has_its_node_back() {
    let ((), counts) = measure(|| {
        let task = Task::panicking_in(Event::Wake);
        let (tx, mut rx) = channel();
        let shared = tx.into_shared();
        let sends_without_allocation = |stale| {
            let ((), counts) = measure(|| {
                assert_eq!(shared.send([1_u64; 8]), Ok(stale));
                assert_eq!(shared.send([2; 8]), Ok(Some([1; 8])));
            });
            assert_eq!(counts, Counts::default());
        };
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        panics(|| shared.send([0; 8]));
        assert_eq!(task.seen().woken, 1);
        sends_without_allocation(Some([0; 8]));
        assert_eq!(rx.try_recv(), Ok([2; 8]));
        panics(|| shared.send_newest_by_key([0; 8], strikes));
        sends_without_allocation(None);
    });
    assert_eq!(counts.live_bytes, 0);
}

/// Checks that the panic of `call` names the line of this check.
#[track_caller]
fn points_here<R>(call: impl FnOnce() -> R) {
    let here = Location::caller();
    assert_eq!(place(call), (here.file().to_owned(), here.line()));
}

#[test]
fn a_panic_that_is_the_callers_fault_points_to_the_call() {
    static CHANNEL: StaticChannel<u32, 2> = StaticChannel::new();
    points_here(|| wait_any(&mut []));
    points_here(|| wait_any_timeout(&mut [], Duration::ZERO));
    points_here(|| wait_any_deadline(&mut [], Instant::now()));
    let (tx, rx) = CHANNEL.split().unwrap();
    points_here(|| tx.clone());
    points_here(|| rx.clone());
    let shared = tx.into_shared();
    points_here(|| shared.clone());
    shared.send(1).unwrap();
    let merged = shared.send_merged(2, |unread, value| {
        points_here(|| shared.send(3));
        points_here(|| shared.send_newest(3));
        points_here(|| shared.send_newest_by_key(3, |value| *value));
        points_here(|| shared.send_merged(3, |_, value| value));
        unread + value
    });
    assert_eq!(merged, Ok(true));
    let displaced = shared.send_newest_by_key(4, |value| {
        points_here(|| shared.withdraw());
        *value
    });
    assert_eq!(displaced, Ok(Some(3)));
}
