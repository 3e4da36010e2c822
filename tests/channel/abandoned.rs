//! Futures that are dropped or forgotten at any point: no value is lost, and no wake that another wait needs.

use crate::receivers;
use futures::{executor::block_on, future::Either};
use overwrite_channel::{
    Receiver, RecvFuture, RecvMatchingFuture, Sender, channel, wait_any, wait_any_timeout,
};
use std::{mem, task, time::Duration};
use support::{
    ledger::{Ledger, Tracked},
    waker::{Seen, Task, tasks},
};

/// What happens to a future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Poll,
    PollByAnother,
    Send,
    /// Another receiver takes the value.
    Snatch,
    DropSenders,
}
use Step::{DropSenders, Poll, PollByAnother, Send, Snatch};

/// How often a wait beside the future is woken: by the steps, by the drop of the future or what its receiver does after it
/// was forgotten, and by the drop of its receiver.
type Woken = [usize; 3];

/// What happens to a future before it is dropped.
const DROPPED: [(&[Step], Woken); 9] = [
    (&[], [0, 0, 0]),
    (&[Poll], [0, 0, 0]),
    (&[Poll, PollByAnother, Poll], [0, 0, 0]),
    (&[Poll, Send], [0, 1, 0]),
    // A send that displaces a value passes the future, which may be stalled.
    (&[Poll, Send, Send], [1, 0, 0]),
    (&[Poll, Send, Snatch], [0, 1, 0]),
    (&[Poll, Send, Snatch, Poll], [0, 0, 0]),
    (&[Poll, Send, Poll], [0, 0, 0]),
    // The end wakes every receiver.
    (&[Poll, Send, DropSenders], [1, 0, 0]),
];

const NEVER: &[Woken] = &[[0, 0, 0]];
const BY_ACT: &[Woken] = &[[0, 1, 0]];
const BY_DROP: &[Woken] = &[[0, 0, 1]];
/// The debt is written on the slot.
const BY_THE_NEXT_SEND: &[Woken] = &[[0, 0, 0]];
const ONCE: &[Woken] = &[[0, 1, 0], [0, 0, 1], [0, 0, 0]];

const IN_SLOT: &[Step] = &[Poll, Send];
const SNATCHED: &[Step] = &[Poll, Send, Snatch];

type Act = fn(&mut Receiver<Tracked>);

/// What happens to a future before it is forgotten, and what its receiver does then.
const FORGOTTEN: [(&str, &[Step], Act, &[Woken]); 14] = [
    ("nothing", IN_SLOT, |_| (), BY_DROP),
    // It was not woken: its receiver waits no more, and takes no wake.
    ("nothing", &[Poll], |_| (), NEVER),
    ("recv_async", &[Poll], |rx| drop(Task::new().waits(rx.recv_async())), NEVER),
    // A look is no wait: the wake is still there for the next.
    ("try_recv", IN_SLOT, |rx| assert!(rx.try_recv().is_ok()), BY_DROP),
    ("poll_recv", IN_SLOT, |rx| assert!(polled(rx).is_ready()), BY_ACT),
    ("recv", IN_SLOT, |rx| assert!(rx.recv().is_ok()), BY_ACT),
    ("recv_async", IN_SLOT, |rx| assert!(block_on(rx.recv_async()).is_ok()), BY_THE_NEXT_SEND),
    ("poll_recv", SNATCHED, |rx| assert!(polled(rx).is_pending()), BY_ACT),
    ("recv_async", SNATCHED, |rx| drop(Task::new().waits(rx.recv_async())), ONCE),
    (
        "recv_matching_async",
        SNATCHED,
        |rx| drop(Task::new().waits(rx.recv_matching_async(|_| true))),
        ONCE,
    ),
    (
        "recv_timeout",
        SNATCHED,
        |rx| assert!(rx.recv_timeout(Duration::from_millis(1)).is_err()),
        ONCE,
    ),
    // It does not say that its thread takes the value: another channel may be ready.
    ("wait_any", IN_SLOT, |rx| assert_eq!(wait_any(&mut [rx]), 0), BY_ACT),
    (
        "wait_any that returns for another channel",
        IN_SLOT,
        |rx| {
            let (_, mut ended) = channel::<u8>();
            assert_eq!(wait_any(&mut [&mut ended, rx]), 0);
        },
        BY_ACT,
    ),
    (
        "wait_any_timeout",
        SNATCHED,
        |rx| assert_eq!(wait_any_timeout(&mut [rx], Duration::from_millis(1)), None),
        BY_ACT,
    ),
];

fn polled(rx: &mut Receiver<Tracked>) -> task::Poll<()> {
    rx.poll_recv(&mut Task::new().context()).map(drop)
}

type Matching<'a> = RecvMatchingFuture<'a, Tracked, fn(&Tracked) -> bool>;
type Way = fn(&mut Receiver<Tracked>) -> Either<RecvFuture<'_, Tracked>, Matching<'_>>;

/// Not boxed, because they are forgotten.
const WAYS: [Way; 2] = [
    |rx| Either::Left(rx.recv_async()),
    |rx| Either::Right(rx.recv_matching_async(|value| value.id() < usize::MAX)),
];

/// Takes the steps, drops the future or forgets it, acts, and drops the receiver.
fn abandon(way: Way, steps: &[Step], is_forgotten: bool, act: Act) -> Woken {
    let ledger = Ledger::new(10);
    let [task, beside] = tasks();
    let (tx, [mut rx, mut snatches, mut waits]) = receivers();
    rx.set_spin_limit(0);
    let mut tx = Some(tx);
    let send = |tx: &mut Option<Sender<_>>| drop(tx.as_mut().unwrap().send(ledger.issue()));
    let mut other = beside.waits(waits.recv_async());
    let mut future = way(&mut rx);
    for step in steps {
        match step {
            Poll => {
                let is_full = !snatches.is_empty();
                assert_eq!(task.poll(&mut future).is_ready(), is_full);
            }
            PollByAnother => future = Task::new().waits(future),
            Send => send(&mut tx),
            Snatch => drop(snatches.try_recv().unwrap()),
            DropSenders => tx = None,
        }
    }
    let seen = task.seen();
    assert_eq!(seen.woken, usize::from(steps.contains(&Send)));
    let by_steps = beside.seen().woken;
    if is_forgotten {
        mem::forget(future);
    } else {
        drop(future);
        let left = seen.cloned - seen.woken - seen.dropped;
        assert_eq!(
            task.seen(),
            Seen { dropped: left, ..Seen::NOTHING },
            "it takes its waker along"
        );
    }
    act(&mut rx);
    let by_act = beside.seen().woken;
    drop(rx);
    let woken = [by_steps, by_act, beside.seen().woken];

    // It takes what is there, or waits again, as any other.
    if snatches.is_empty() {
        if woken.contains(&1) {
            other = beside.waits(other);
            assert_eq!(beside.seen(), Seen::CLONED);
        }
        send(&mut tx);
        assert_eq!(beside.seen(), Seen::WOKEN);
    }
    assert!(matches!(beside.poll(&mut other), task::Poll::Ready(Ok(_))));
    drop(other);
    drop((tx, snatches, waits));
    ledger.assert_each_dropped_once();
    woken
}

#[test]
fn a_future_that_is_dropped_at_any_point_loses_no_value_and_no_wake() {
    for way in WAYS {
        for (steps, woken) in DROPPED {
            println!("{steps:?}");
            assert_eq!(abandon(way, steps, false, |_| ()), woken);
        }
    }
}

#[test]
fn the_wake_of_a_forgotten_future_is_passed_on() {
    for way in WAYS {
        for (name, steps, act, expected) in FORGOTTEN {
            println!("{name} after {steps:?}");
            let woken = abandon(way, steps, true, act);
            assert!(expected.contains(&woken), "{woken:?}");
        }
    }
}
