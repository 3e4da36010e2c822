//! How often a waker is cloned, woken and dropped: each operation on its own, counted.

use crate::{
    receivers,
    receives::{LONG, Way, at_once, detached, every_way, in_calls, timed, untimed},
};
use futures::FutureExt;
use overwrite_channel::{
    Receiver, RecvTimeoutError::Timeout, SendError, Sender, TryRecvError, channel,
};
use std::{future::Future, mem, sync::Arc, task::Poll, time::Duration};
use support::{
    ledger::{Ledger, Tracked},
    sleeper::asleep,
    waker::{Event, Seen, Task, tasks},
    watchdog::{until, watched},
};

const NOTHING: Seen = Seen::NOTHING;
const CLONED: Seen = Seen::CLONED;
const WOKEN: Seen = Seen::WOKEN;
const DROPPED: Seen = Seen::DROPPED;
const CLONED_AND_DROPPED: Seen = Seen { cloned: 1, ..DROPPED };

/// Polls a new future, which waits with a clone of the waker, and returns it.
#[track_caller]
fn waits<F: Future + Unpin>(task: &Task, future: F) -> F {
    let future = task.waits(future);
    assert_eq!(task.seen(), CLONED);
    future
}

/// Follows a wait to its end. Its last waker is woken once, by `event`, and not by what is `idle`.
fn follow<H, T>(
    name: &str,
    handle: &mut H,
    way: Way<H, T>,
    idle: impl FnOnce(),
    event: impl FnOnce(),
) -> Option<T> {
    let [first, other] = tasks();
    let expect = |step: &str, seen: [Seen; 2]| {
        assert_eq!([first.seen(), other.seen()], seen, "{name}: {step}");
    };
    let future = way(handle);
    expect("before the first poll", [NOTHING; 2]);
    let future = first.waits(future);
    expect("the first poll", [CLONED, NOTHING]);
    let future = first.waits(future);
    expect("a poll with the same waker", [NOTHING; 2]);
    let mut future = other.waits(future);
    expect("a poll with another waker", [DROPPED, CLONED]);
    idle();
    expect("idle", [NOTHING; 2]);
    event();
    expect("the event", [NOTHING, WOKEN]);
    let Poll::Ready(output) = first.poll(&mut future) else { panic!("{name}: it waits") };
    drop(future);
    expect("the last poll", [NOTHING; 2]);
    output
}

#[test]
fn a_wait_is_woken_once_by_a_send_or_by_the_last_sender_and_not_if_either_is_there() {
    let task = Task::new();
    for (name, way) in every_way() {
        let (mut tx, mut rx) = channel();
        let other = tx.clone();
        let sends = || {
            assert_eq!(tx.send(1), Ok(None));
            assert_eq!(tx.send(2), Ok(Some(1)));
        };
        assert_eq!(follow(name, &mut rx, way, || drop(other), sends), Some(2));
        let shared = tx.clone().into_shared();
        assert_eq!(tx.send(3), Ok(None));
        assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(Some(3)), "{name}");
        assert_eq!(follow(name, &mut rx, way, || drop(shared), || drop(tx)), None);
        for _ in 0..2 {
            assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(None), "{name}");
        }
        drop(rx);
        assert_eq!(task.seen(), NOTHING, "{name}");
    }
}

#[test]
fn closed_is_woken_once_by_the_last_receiver() {
    fn follows<H>(mut tx: Sender<u8>, rx: Receiver<u8>, handle: &mut H, way: Way<H, ()>) {
        let other = rx.clone();
        let idle = || {
            assert_eq!(tx.send(1), Ok(None));
            drop(other);
        };
        follow("closed", handle, way, idle, || drop(rx));
        assert_eq!(tx.send(2), Err(SendError(2)));
        // Again, it touches no waker.
        let task = Task::new();
        assert!(task.poll(&mut way(handle)).is_ready());
        assert_eq!(task.seen(), NOTHING);
    }
    let (mut tx, rx) = channel();
    follows(tx.clone(), rx, &mut tx, |tx| tx.closed().map(Some).boxed_local());
    let (tx, rx) = channel();
    follows(tx.clone(), rx, &mut tx.into_shared(), |tx| tx.closed().map(Some).boxed_local());
}

/// Something happens between a poll's look at the slot and its announcement, while the waker is cloned.
#[test]
fn what_comes_in_the_middle_of_a_poll_is_returned_and_the_waker_dropped() {
    for (name, way) in every_way() {
        let (tx, [mut rx, mut other, mut looks]) = receivers();
        let shared = Arc::new(tx.into_shared());
        let mut polls = |act: Box<dyn FnOnce() + Send>, found| {
            let task = Task::acting_in(Event::Clone, act);
            assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(found), "{name}");
            assert_eq!(task.seen(), CLONED_AND_DROPPED, "{name}");
        };
        let sends = |value| {
            let tx = shared.clone();
            Box::new(move || assert_eq!(tx.send(value), Ok(None)))
        };
        polls(sends(1), Some(1));
        // The send wakes another receiver that waits. The one that takes the value then owes it a wake.
        let beside = Task::new();
        let mut future = waits(&beside, other.recv_async());
        polls(sends(2), Some(2));
        assert_eq!(beside.seen(), WOKEN, "{name}");
        future = waits(&beside, future);
        sends(3)();
        assert_eq!(beside.seen(), WOKEN, "{name}");
        assert_eq!(looks.try_recv(), Ok(3));
        let _waiting = waits(&beside, future);
        polls(Box::new(|| drop(shared)), None);
        assert_eq!(beside.seen(), WOKEN, "{name}");
    }
    let (tx, rx) = channel::<u8>();
    let task = Task::acting_in(Event::Clone, || drop(rx));
    assert!(task.poll(&mut tx.closed()).is_ready());
    assert_eq!(task.seen(), CLONED_AND_DROPPED);
}

/// While a predicate looks at a value, its receiver does not wait.
#[test]
fn a_send_during_a_predicate_wakes_another_receiver() {
    let beside = Task::new();
    let (tx, [mut rx, mut other]) = receivers();
    let mut future = other.recv_async();
    let tx = Arc::new(tx.into_shared());
    // The value comes between the look at the slot and the announcement.
    let sends = tx.clone();
    let task = Task::acting_in(Event::Clone, move || assert_eq!(sends.send(1), Ok(None)));
    let mut matching = rx.recv_matching_async(|_| {
        assert!(beside.poll(&mut future).is_pending());
        tx.send(2).unwrap();
        assert_eq!(beside.seen(), Seen { cloned: 1, ..WOKEN });
        true
    });
    assert_eq!(task.poll(&mut matching), Poll::Ready(Ok(1)));
}

#[test]
fn a_future_that_finds_a_value_meant_for_another_drops_its_waker() {
    let [early, late] = tasks();
    let (mut tx, [mut rx, mut other]) = receivers();
    let (mut one, mut two) = (waits(&early, rx.recv_async()), waits(&late, other.recv_async()));
    tx.send(1).unwrap();
    assert_eq!([early.seen(), late.seen()], [WOKEN, NOTHING]);
    assert_eq!(late.poll(&mut two), Poll::Ready(Ok(1)));
    assert_eq!([early.seen(), late.seen()], [NOTHING, DROPPED]);
    one = waits(&early, one);
    tx.send(2).unwrap();
    assert_eq!([early.seen(), late.seen()], [WOKEN, NOTHING]);
    drop(one);
}

#[test]
fn a_dropped_wait_for_the_receivers_end_takes_its_waker_along() {
    let [task, beside] = tasks();
    let (tx, rx) = channel::<u8>();
    let (gone, _stays) = (waits(&task, tx.closed()), waits(&beside, tx.closed()));
    drop(gone);
    assert_eq!([task.seen(), beside.seen()], [DROPPED, NOTHING]);
    drop(rx);
    assert_eq!([task.seen(), beside.seen()], [NOTHING, WOKEN]);
}

#[test]
fn a_waker_left_behind_stays_until_its_receiver_waits_or_goes() {
    for (name, way) in detached() {
        let [task, beside] = tasks();
        let (mut tx, [mut rx, mut stays]) = receivers();
        drop(waits(&task, way(&mut rx)));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        assert!(rx.try_iter().next().is_none() && rx.is_empty() && !rx.is_closed());
        // None of these waits.
        for (_, receive) in timed() {
            assert_eq!(receive(&mut rx, Duration::ZERO), Err(Timeout));
        }
        drop(rx.recv_async());
        drop(rx.recv_matching_async(|_| true));
        drop(rx.clone());
        drop(task.waits(way(&mut rx)));
        assert_eq!(task.seen(), NOTHING, "{name}: the same waker");
        tx.send(1).unwrap();
        assert_eq!((task.seen(), rx.try_recv()), (WOKEN, Ok(1)), "{name}");

        drop(waits(&task, way(&mut rx)));
        drop(waits(&beside, way(&mut stays)));
        drop(rx);
        assert_eq!([task.seen(), beside.seen()], [DROPPED, NOTHING], "{name}");
        tx.send(2).unwrap();
        assert_eq!((beside.seen(), stays.try_recv()), (WOKEN, Ok(2)), "{name}");
        drop(waits(&beside, way(&mut stays)));
        drop(stays);
        assert_eq!(beside.seen(), DROPPED, "{name}: the last receiver");
    }
}

/// After a waker that a poll left behind, and after a future that was forgotten.
#[test]
fn the_next_wait_of_a_receiver_takes_its_place_and_its_waker() {
    let leaves: [fn(&Task, &mut Receiver<u8>); 2] = [
        |task, rx| assert!(rx.poll_recv(&mut task.context()).is_pending()),
        |task, rx| mem::forget(task.waits(rx.recv_async())),
    ];
    let nexts = [(in_calls(), DROPPED, NOTHING), (detached(), NOTHING, WOKEN)];
    for (leave, (ways, by_drop, by_send)) in
        leaves.into_iter().flat_map(|leave| nexts.clone().map(|next| (leave, next)))
    {
        for (name, way) in ways {
            let task = Task::new();
            let (mut tx, mut rx) = channel();
            leave(&task, &mut rx);
            assert_eq!(task.seen(), CLONED);
            let next = task.waits(way(&mut rx));
            assert_eq!(task.seen(), NOTHING, "{name}: the same waker");
            drop(next);
            assert_eq!(task.seen(), by_drop, "{name}");
            tx.send(1).unwrap();
            assert_eq!(task.seen(), by_send, "{name}");
        }
    }
}

#[test]
fn a_receive_that_waits_drops_the_waker_left_behind_on_its_receiver_and_leaves_none() {
    let left_behind = || {
        let (tx, mut rx) = channel();
        rx.set_spin_limit(0);
        let task = Task::new();
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        assert_eq!(task.seen(), CLONED);
        (tx, rx, task)
    };
    watched(move |watch| {
        for (name, receive) in untimed().into_iter().chain(timed()) {
            let _running = watch.running(name);
            let (mut tx, mut rx, task) = left_behind();
            let sends = || {
                // It parks soon, also where the kernel does not say so.
                let mut seen = NOTHING;
                until(|| {
                    seen = task.seen();
                    seen != NOTHING
                });
                assert_eq!(seen, DROPPED, "{name}");
                assert_eq!(tx.send(1), Ok(None));
            };
            let got = asleep(|| receive(&mut rx, LONG), sends);
            assert_eq!((got, task.seen()), (Ok(1), NOTHING), "{name}");
        }
        for (name, receive) in timed() {
            let _running = watch.running(format!("{name} that times out"));
            let (mut tx, mut rx, task) = left_behind();
            // A thread that is not run until the time is over does not park at all: then more time.
            let timeouts = (0..14).map(|doublings| Duration::from_millis(1) * (1 << doublings));
            let mut seen = timeouts.map(|timeout| {
                assert_eq!(receive(&mut rx, timeout), Err(Timeout), "{name}");
                task.seen()
            });
            assert_eq!(seen.find(|seen| *seen != NOTHING), Some(DROPPED), "{name}");
            tx.send(1).unwrap();
            assert_eq!(task.seen(), NOTHING, "{name}");
            // A poll after it waits as ever.
            assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(1)));
            assert!(rx.poll_recv(&mut task.context()).is_pending());
            tx.send(2).unwrap();
            assert_eq!(task.seen(), Seen { cloned: 1, ..WOKEN }, "{name}");
        }
    });
}

#[test]
fn an_unwanted_value_is_dropped_and_costs_one_wake_and_one_clone() {
    let ledger = Ledger::new(6);
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let mut looked = Vec::new();
    let wanted = |value: &Tracked| {
        looked.push(value.id());
        value.id() == 4
    };
    let mut future = waits(&task, rx.recv_matching_async(wanted));
    for _ in 0..2 {
        assert!(tx.send(ledger.issue()).unwrap().is_none());
        assert_eq!(task.seen(), WOKEN);
        future = waits(&task, future);
    }
    // It does not look at this one: the next one displaces it.
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    assert_eq!(tx.send(ledger.issue()).unwrap().unwrap().id(), 2);
    assert_eq!(task.seen(), WOKEN);
    future = waits(&task, future);
    assert_eq!(ledger.dropped(), [0, 1, 2, 3]);
    tx.send(ledger.issue()).unwrap();
    assert_eq!(task.seen(), WOKEN);
    assert!(matches!(task.poll(&mut future), Poll::Ready(Ok(value)) if value.id() == 4));
    drop(future);
    assert_eq!((task.seen(), looked), (NOTHING, vec![0, 1, 3, 4]));

    // The end, though the last value was not wanted.
    tx.send(ledger.issue()).unwrap();
    drop(tx);
    assert!(at_once(rx.recv_matching_async(|_| false)).is_err());
    ledger.assert_each_dropped_once();
}

#[test]
fn a_waker_that_outlives_the_channel_may_still_be_woken() {
    let task = Task::new();
    let (tx, mut rx) = channel::<u8>();
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    let kept = task.context().waker().clone();
    drop((tx, rx));
    assert_eq!(task.seen(), Seen { cloned: 2, ..Seen::WOKEN });
    kept.wake();
    assert_eq!(task.seen(), Seen::WOKEN);
}
