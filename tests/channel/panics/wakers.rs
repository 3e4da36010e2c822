//! Wakers that panic: as they are cloned, woken or dropped.

use super::{check, strikes};
use crate::{
    many_receivers, receivers,
    receives::{every_way, in_calls},
};
use overwrite_channel::{Receiver, Sender, channel};
use std::{array, mem, ops::Range, time::Duration};
use support::{
    allocator::{Counts, measure},
    ledger::Tracked,
    panics::{caught, panics},
    sleeper::asleep,
    waker::{Event, Seen, Task, tasks},
    watchdog::watched,
};

#[test]
fn a_send_that_wakes_a_waker_that_panics_has_sent() {
    for (name, way) in every_way() {
        // In the slot there is the value, or the wait takes it.
        for (dropped, left) in [(&[][..], Some(0)), (&[0], None)] {
            check(name, dropped, left, |tx, rx, ledger| {
                let task = Task::panicking_in(Event::Wake);
                let mut wait = task.waits(way(rx));
                panics(|| tx.send(ledger.issue()));
                assert_eq!(task.seen(), Seen { cloned: 1, ..Seen::WOKEN });
                assert!(left.is_some() || task.poll(&mut wait).is_ready());
            });
        }
    }
    // A task past the stalled one is notified, because the older value displaces the newer one.
    check("the value is too old", &[1], Some(0), |tx, rx, ledger| {
        let mut other = rx.clone();
        let [stalled, task] = [Task::new(), Task::panicking_in(Event::Wake)];
        let _waiting = (stalled.waits(rx.recv_async()), task.waits(other.recv_async()));
        let key = |value: &Tracked| usize::MAX - value.id();
        assert!(tx.send_newest_by_key(ledger.issue(), key).unwrap().is_none());
        assert_eq!(stalled.seen().woken, 1);
        panics(|| tx.send_newest_by_key(ledger.issue(), key));
    });
}

const RECEIVERS: usize = 6;

#[test]
fn receivers_beside_a_waker_that_panics_are_woken_all_the_same() {
    for panics_at in 0..RECEIVERS {
        for calls in 0..=RECEIVERS {
            are_woken_beside(panics_at, &(0..calls));
            are_woken_beside(panics_at, &(calls..RECEIVERS));
        }
    }
}

/// Sends to receivers of which some wait in `calls`, and the rest leave wakers. The waker at `panics_at` panics.
fn are_woken_beside(panics_at: usize, calls: &Range<usize>) {
    let mut tasks: [_; RECEIVERS] = tasks();
    tasks[panics_at] = Task::panicking_in(Event::Wake);
    let (mut tx, mut rxs) = many_receivers(RECEIVERS + 1);
    let mut looks = rxs.pop().unwrap();
    let mut futures = Vec::new();
    for (at, rx) in rxs.iter_mut().enumerate() {
        if calls.contains(&at) {
            futures.push(tasks[at].waits(rx.recv_async()));
        } else {
            assert!(rx.poll_recv(&mut tasks[at].context()).is_pending());
        }
    }
    let panicked = caught(|| tx.send(1)).is_none();
    let woken = tasks.each_ref().map(|task| task.seen().woken);
    // The first one in a call is notified. If its waker panics, the next one is, too.
    let notified = calls.clone().take(if calls.start == panics_at { 2 } else { 1 });
    let mut expected = array::from_fn(|at| usize::from(!calls.contains(&at)));
    notified.for_each(|at| expected[at] = 1);
    assert_eq!(woken, expected, "{panics_at} panics, {calls:?} are in calls");
    assert_eq!(panicked, woken[panics_at] > 0);
    assert_eq!(looks.try_recv(), Ok(1));
    // The last one first: the one that was notified must find no other to notify.
    futures.into_iter().rev().for_each(drop);
}

#[test]
#[cfg(all(target_os = "linux", not(miri)))] // it must see that a thread is asleep
fn a_parked_thread_is_unparked_though_a_waker_before_it_panics() {
    watched(|watch| {
        let _running = watch.running("receiver and sender");
        let task = Task::panicking_in(Event::Wake);
        let (mut tx, [mut rx, mut parks]) = receivers();
        parks.set_spin_limit(0);
        let _stalled = task.waits(rx.recv_async());
        assert_eq!(asleep(|| parks.recv(), || panics(|| tx.send(1))), Ok(1));
        assert_eq!(task.seen().woken, 1);
    });
}

#[test]
fn a_drop_that_passes_a_wake_to_a_waker_that_panics_loses_nothing() {
    check("by the drop of a future", &[0], None, |tx, rx, ledger| {
        let [mut second, mut third] = [rx.clone(), rx.clone()];
        let tasks = [Task::new(), Task::panicking_in(Event::Wake), Task::new()];
        let woken = || tasks.each_ref().map(|task| task.seen().woken);
        let one = tasks[0].waits(rx.recv_async());
        let _two = tasks[1].waits(second.recv_async());
        let mut three = tasks[2].waits(third.recv_async());
        tx.send(ledger.issue()).unwrap();
        assert_eq!(woken(), [1, 0, 0]);
        panics(|| drop(one));
        assert_eq!(woken(), [0, 1, 1]);
        assert!(tasks[2].poll(&mut three).is_ready());
    });
    // Its future was forgotten.
    check("by the drop of a receiver", &[], Some(0), |tx, rx, ledger| {
        let [stalled, task] = [Task::new(), Task::panicking_in(Event::Wake)];
        let other = rx.clone();
        let mut first = mem::replace(rx, other);
        mem::forget(stalled.waits(first.recv_async()));
        let _future = task.waits(rx.recv_async());
        tx.send(ledger.issue()).unwrap();
        panics(|| drop(first));
        assert_eq!(task.seen().woken, 1);
    });
}

/// Where a waker panics. No wait is left afterwards.
type Act = fn(&Task, &mut Sender<Tracked>, &mut Receiver<Tracked>);

const ACTS: [(Event, &str, Act); 6] = [
    (Event::Clone, "by a wait for the receivers' end", |task, tx, _| {
        let mut closed = tx.closed();
        panics(|| task.poll(&mut closed));
        assert!(task.poll(&mut closed).is_pending());
    }),
    (Event::Drop, "by a poll with another waker", |task, _, rx| {
        let mut future = task.waits(rx.recv_async());
        let new = Task::new();
        panics(|| new.poll(&mut future));
        assert!(new.poll(&mut future).is_pending());
    }),
    (Event::Drop, "by the drop of a future", |task, _, rx| {
        let future = task.waits(rx.recv_async());
        panics(|| drop(future));
    }),
    (Event::Drop, "by the drop of a receiver", |task, _, rx| {
        let mut gone = rx.clone();
        assert!(gone.poll_recv(&mut task.context()).is_pending());
        panics(|| drop(gone));
    }),
    (Event::Drop, "by a receive that parks", |task, _, rx| {
        rx.set_spin_limit(0);
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        // It may well not have parked before its time was over: then again.
        let mut timeouts = (0..14).map(|doublings| Duration::from_millis(1) * (1 << doublings));
        let mut times_out = |timeout| assert!(rx.recv_timeout(timeout).is_err());
        assert!(timeouts.any(|timeout| caught(|| times_out(timeout)).is_none()));
        assert_eq!(task.seen().dropped, 1);
    }),
    (Event::Drop, "by the drop of a wait for the receivers' end", |task, tx, _| {
        let closed = task.waits(tx.closed());
        panics(|| drop(closed));
    }),
];

#[test]
fn a_waker_that_panics_as_it_is_cloned_or_dropped_leaves_no_trace() {
    for (event, name, act) in ACTS {
        check(format!("{event:?} {name}"), &[], Some(0), |tx, rx, ledger| {
            let task = Task::panicking_in(event);
            act(&task, tx, rx);
            tx.send(ledger.issue()).unwrap();
            assert_eq!(task.seen().woken, 0);
        });
    }
    for (name, way) in every_way() {
        check(format!("Clone by the first poll of {name}"), &[], Some(0), |tx, rx, ledger| {
            let task = Task::panicking_in(Event::Clone);
            panics(|| task.poll(&mut way(rx)));
            tx.send(ledger.issue()).unwrap();
            assert_eq!(task.seen().woken, 0);
        });
        check(format!("Clone by a later poll of {name}"), &[0], None, |tx, rx, ledger| {
            let [before, after] = [Task::new(), Task::panicking_in(Event::Clone)];
            let mut wait = before.waits(way(rx));
            panics(|| after.poll(&mut wait));
            assert_eq!(before.seen(), Seen { cloned: 1, ..Seen::DROPPED }, "it waits no more");
            wait = after.waits(wait);
            tx.send(ledger.issue()).unwrap();
            assert_eq!((before.seen(), after.seen().woken), (Seen::NOTHING, 1));
            assert!(after.poll(&mut wait).is_ready());
        });
    }
}

#[test]
fn a_waker_that_panics_as_it_is_cloned_keeps_no_wake_from_others() {
    // The future was notified, finds nothing, and would wait again. Then it is dropped, or takes the next value.
    for (name, dropped, last) in [("dropped", &[0][..], 1), ("polled again", &[0, 1], 2)] {
        check(
            format!("a future that owes a wake: {name}"),
            dropped,
            Some(last),
            |tx, rx, ledger| {
                let [woken, beside] = tasks();
                let [mut takes, mut waits] = [rx.clone(), rx.clone()];
                let mut future = woken.waits(rx.recv_async());
                let _waiting = beside.waits(waits.recv_async());
                tx.send(ledger.issue()).unwrap();
                assert_eq!((woken.seen().woken, beside.seen().woken), (1, 0));
                assert_eq!(takes.try_recv().unwrap().id(), 0);
                panics(|| Task::panicking_in(Event::Clone).poll(&mut future));
                if last == 2 {
                    tx.send(ledger.issue()).unwrap();
                    assert!(woken.poll(&mut future).is_ready());
                }
                drop(future);
                tx.send(ledger.issue()).unwrap();
                assert_eq!(beside.seen().woken, 1, "by the drop or by a send");
            },
        );
    }
}

#[test]
fn a_value_taken_while_a_waker_panics_is_dropped_once() {
    for (name, way) in in_calls() {
        check(name, &[0], None, |tx, rx, ledger| {
            let [woken, task] = [Task::new(), Task::panicking_in(Event::Drop)];
            let mut other = rx.clone();
            let _first = woken.waits(rx.recv_async());
            let mut wait = task.waits(way(&mut other));
            tx.send(ledger.issue()).unwrap();
            assert_eq!((woken.seen().woken, task.seen().woken), (1, 0));
            // The one that was not woken finds the value, and its waker is dropped.
            panics(|| task.poll(&mut wait));
        });
    }
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
