//! Wakers that panic: as they are cloned, woken or dropped.

use super::check;
use overwrite_channel::{Receiver, Sender, channel};
use std::{iter, sync::Arc, task::Poll, time::Duration};
use support::{
    allocator::{Counts, measure},
    ledger::Tracked,
    panics::{caught, panics, strike},
    sleeper::asleep,
    waker::{Event, Seen, Task},
    watchdog::watched,
};

/// Makes two more receivers. `rx` is the first of the three, and notified first.
fn two_more<T>(rx: &Receiver<T>) -> [Receiver<T>; 2] {
    [rx.clone(), rx.clone()]
}

#[test]
fn a_send_that_wakes_a_waker_that_panics_has_sent() {
    let wakes = || Task::panicking_in(Event::Wake);
    let panics_once = |tx: &mut Sender<_>, task: &Task, value| {
        panics(|| tx.send(value));
        assert_eq!(task.seen(), Seen { cloned: 1, ..Seen::WOKEN });
    };
    check("a receiver's waker", &[], Some(0), |tx, rx, ledger| {
        let task = wakes();
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        panics_once(tx, &task, ledger.issue());
    });
    check("a future's waker, and the future is dropped", &[], Some(0), |tx, rx, ledger| {
        let task = wakes();
        let _future = task.waits(rx.recv_async());
        panics_once(tx, &task, ledger.issue());
    });
    check("a future's waker, and the future receives", &[0], None, |tx, rx, ledger| {
        let task = wakes();
        let mut future = task.waits(rx.recv_async());
        panics_once(tx, &task, ledger.issue());
        assert!(matches!(task.poll(&mut future), Poll::Ready(Ok(_))));
    });
    // A task past the stalled one is notified, because the older value displaces the newer one.
    check("a future's waker, and the value is too old", &[1], Some(0), |tx, rx, ledger| {
        let [mut other, _] = two_more(rx);
        let (stalled, task) = (Task::new(), wakes());
        let (mut one, mut two) = (rx.recv_async(), other.recv_async());
        assert!(stalled.poll(&mut one).is_pending() && task.poll(&mut two).is_pending());
        let key = |value: &Tracked| usize::MAX - value.id();
        assert!(tx.send_newest_by_key(ledger.issue(), key).unwrap().is_none());
        assert_eq!(stalled.seen().woken, 1);
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
}

#[test]
fn receivers_beside_a_waker_that_panics_are_woken_all_the_same() {
    const RECEIVERS: usize = 6;
    // Which one panics, and how many of them wait inside a call: the last ones, or the first.
    let cases = (0..RECEIVERS).flat_map(|at| (0..=RECEIVERS).map(move |calls| (at, calls)));
    for ((panics_at, calls), calls_last) in
        cases.flat_map(|case| [false, true].map(|calls_last| (case, calls_last)))
    {
        let tasks: Vec<_> = (0..RECEIVERS)
            .map(|at| if at == panics_at { Task::panicking_in(Event::Wake) } else { Task::new() })
            .collect();
        let (mut tx, mut rxs) = crate::receivers(RECEIVERS + 1);
        let mut looks = rxs.pop().unwrap();
        let in_calls = if calls_last { RECEIVERS - calls..RECEIVERS } else { 0..calls };
        let mut futures = Vec::new();
        for (at, rx) in rxs.iter_mut().enumerate() {
            if in_calls.contains(&at) {
                let mut future = rx.recv_async();
                assert!(tasks[at].poll(&mut future).is_pending());
                futures.push(future);
            } else {
                assert!(rx.poll_recv(&mut tasks[at].context()).is_pending());
            }
        }
        let panicked = caught(|| tx.send(1)).is_none();
        let woken = |at: &usize| tasks[*at].seen().woken;
        let woken: Vec<_> = (0..RECEIVERS).filter(|at| woken(at) == 1).collect();
        let about = format!("{panics_at} of {in_calls:?}: {woken:?}");
        assert_eq!(panicked, woken.contains(&panics_at), "{about}");
        // The first one in a call is notified. If its waker panics, the next one is, too.
        let notified = if in_calls.start == panics_at { 2 } else { 1 };
        let notified = in_calls.clone().take(notified);
        let expected = (0..RECEIVERS)
            .filter(|at| !in_calls.contains(at) || notified.clone().any(|call| call == *at));
        assert!(expected.eq(woken), "{about}");
        assert_eq!(looks.try_recv(), Ok(1));
        // The last one first: the one that was notified must find no other to notify.
        futures.into_iter().rev().for_each(drop);
    }
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))] // it must see that a thread is asleep
fn a_parked_thread_is_unparked_though_a_waker_before_it_panics() {
    watched(|watch| {
        let _running = watch.running("receiver and sender");
        let task = Task::panicking_in(Event::Wake);
        // The first receiver is notified first.
        let (mut tx, mut rx) = channel();
        let mut parks = rx.clone();
        parks.set_spin_limit(0);
        let _stalled = task.waits(rx.recv_async());
        assert_eq!(asleep(|| parks.recv(), || panics(|| tx.send(1))), Ok(1));
        assert_eq!(task.seen().woken, 1);
    });
}

#[test]
fn a_dropped_future_that_passes_its_wake_to_a_waker_that_panics_loses_nothing() {
    check("a future after the one that panics", &[0], None, |tx, rx, ledger| {
        let [mut second_rx, mut third_rx] = two_more(rx);
        let tasks = [Task::new(), Task::panicking_in(Event::Wake), Task::new()];
        let mut one = rx.recv_async();
        let (mut two, mut three) = (second_rx.recv_async(), third_rx.recv_async());
        for (task, future) in iter::zip(&tasks, [&mut one, &mut two, &mut three]) {
            assert!(task.poll(future).is_pending());
        }
        tx.send(ledger.issue()).unwrap();
        assert_eq!(tasks.each_ref().map(|task| task.seen().woken), [1, 0, 0]);
        panics(|| drop(one));
        assert_eq!(tasks.each_ref().map(|task| task.seen().woken), [0, 1, 1]);
        assert!(tasks[2].poll(&mut three).is_ready());
    });
}

#[test]
fn a_waker_that_panics_as_it_is_cloned_leaves_no_trace() {
    let clones = || Task::panicking_in(Event::Clone);
    check("by the first poll of a future", &[], None, |_, rx, _| {
        panics(|| clones().poll(&mut rx.recv_async()));
    });
    check("by a poll of the receiver", &[], Some(0), |tx, rx, ledger| {
        let task = clones();
        panics(|| rx.poll_recv(&mut task.context()));
        tx.send(ledger.issue()).unwrap();
        assert_eq!(task.seen().woken, 0);
    });
    check("by a later poll of a future", &[0], None, |tx, rx, ledger| {
        let (before, after) = (Task::new(), clones());
        let mut future = before.waits(rx.recv_async());
        panics(|| after.poll(&mut future));
        assert_eq!(before.seen().dropped, 1, "it waits no more");
        assert!(after.poll(&mut future).is_pending());
        tx.send(ledger.issue()).unwrap();
        assert_eq!((before.seen(), after.seen().woken), (Seen::NOTHING, 1));
        assert!(after.poll(&mut future).is_ready());
    });
    check("by a wait for the receivers' end", &[], None, |tx, _, _| {
        let task = clones();
        let mut closed = tx.closed();
        panics(|| task.poll(&mut closed));
        assert!(task.poll(&mut closed).is_pending());
    });
    // The future was notified, finds nothing, and would wait again.
    check("by a future that owes a wake", &[0], Some(1), |tx, rx, ledger| {
        let (woken, beside) = (Task::new(), Task::new());
        let [mut takes, mut waits] = two_more(rx);
        let (mut future, mut other) = (rx.recv_async(), waits.recv_async());
        assert!(beside.poll(&mut other).is_pending() && woken.poll(&mut future).is_pending());
        tx.send(ledger.issue()).unwrap();
        assert_eq!((woken.seen().woken, beside.seen().woken), (1, 0));
        assert_eq!(takes.try_recv().unwrap().id(), 0);
        panics(|| clones().poll(&mut future));
        drop(future);
        tx.send(ledger.issue()).unwrap();
        assert_eq!(beside.seen().woken, 1, "by the drop or by the send");
    });
}

#[test]
fn a_waker_that_panics_as_it_is_dropped_loses_no_more_than_the_value_just_taken() {
    let drops = || Task::panicking_in(Event::Drop);
    check("by a poll with another waker", &[], None, |_, rx, _| {
        let (old, new) = (drops(), Task::new());
        let mut future = old.waits(rx.recv_async());
        panics(|| new.poll(&mut future));
        assert!(new.poll(&mut future).is_pending());
    });
    check("by a poll that takes a value", &[0], None, |tx, rx, ledger| {
        let (task, woken) = (drops(), Task::new());
        let [mut other, _] = two_more(rx);
        let (mut first, mut waits) = (rx.recv_async(), other.recv_async());
        assert!(task.poll(&mut waits).is_pending() && woken.poll(&mut first).is_pending());
        tx.send(ledger.issue()).unwrap();
        assert_eq!((task.seen().woken, woken.seen().woken), (0, 1));
        // The one that was not woken finds the value, and its waker is dropped.
        panics(|| task.poll(&mut waits));
    });
    check("by the drop of a future", &[], None, |_, rx, _| {
        let task = drops();
        let future = task.waits(rx.recv_async());
        panics(|| drop(future));
    });
    check("by the drop of a receiver", &[], None, |_, rx, _| {
        let task = drops();
        let mut gone = rx.clone();
        assert!(gone.poll_recv(&mut task.context()).is_pending());
        panics(|| drop(gone));
    });
    check("by a receive that parks", &[], None, |_, rx, _| {
        rx.set_spin_limit(0);
        let task = drops();
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        // It may well not have parked before its time was over: then again.
        let mut timeouts = (0..14).map(|doublings| Duration::from_millis(1) * (1 << doublings));
        let mut times_out = |timeout| assert!(rx.recv_timeout(timeout).is_err());
        let panicked = timeouts.any(|timeout| caught(|| times_out(timeout)).is_none());
        assert!(panicked && task.seen().dropped == 1);
    });
    check("by the drop of a wait for the receivers' end", &[], None, |tx, _, _| {
        let task = drops();
        let closed = task.waits(tx.closed());
        panics(|| drop(closed));
    });
}

/// A shared sender allocates a node if the one before did not come back.
#[test]
fn a_shared_sender_whose_send_panicked_has_its_node_back() {
    let ((), counts) = measure(|| {
        let task = Task::panicking_in(Event::Wake);
        let (tx, mut rx) = channel();
        let shared = Arc::new(tx.into_shared());
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
        panics(|| shared.send_newest_by_key([0; 8], |_| strike()));
        sends_without_allocation(None);
    });
    assert_eq!(counts.live_bytes, 0);
}
