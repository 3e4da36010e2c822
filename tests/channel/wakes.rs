//! How often a waker is cloned, woken and dropped, counted exactly.
//!
//! The random programs of `tests/fuzz` count, too, and know whether the channel holds a clone of each waker.

use crate::{
    receivers,
    receives::{Way, every_way, timed, untimed, updates},
};
use futures::FutureExt;
use overwrite_channel::{Receiver, RecvTimeoutError::Timeout, SendError, Sender, buffer, channel};
use std::{sync::Arc, task::Poll, time::Duration};
use support::{
    rounds::LONG,
    sleeper::asleep,
    waker::{Event, Seen, Task, tasks},
    watchdog::{until, watched},
};
#[cfg(feature = "watch")]
use {crate::receives::changes, overwrite_channel::watch};

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

/// Follows the waits of a flavour, each on two new channels.
fn follow_each<S: Clone, H>(
    ways: Vec<(&str, Way<H, usize>)>,
    channel: fn() -> (S, H),
    send: fn(&mut S, usize),
) {
    let task = Task::new();
    for (name, way) in ways {
        let (mut tx, mut rx) = channel();
        let other = tx.clone();
        let sends = || [1, 2].into_iter().for_each(|value| send(&mut tx, value));
        assert_eq!(follow(name, &mut rx, way, || drop(other), sends), Some(2));
        send(&mut tx, 3);
        assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(Some(3)), "{name}");

        let (tx, mut rx) = channel();
        let other = tx.clone();
        assert_eq!(follow(name, &mut rx, way, || drop(other), || drop(tx)), None);
        for _ in 0..2 {
            assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(None), "{name}");
        }
        drop(rx);
        assert_eq!(task.seen(), NOTHING, "{name}");
    }
}

#[test]
fn a_wait_is_woken_once_by_a_send_or_by_the_last_sender_and_not_if_either_is_there() {
    follow_each(every_way(), channel, |tx, value| _ = tx.send(value).unwrap());
    let shared = || {
        let (tx, rx) = channel();
        (tx.into_shared(), rx)
    };
    follow_each(every_way(), shared, |tx, value| _ = tx.send(value).unwrap());
    follow_each(updates(), || buffer::channel(0), |tx, value| _ = tx.write(value).unwrap());
    #[cfg(feature = "watch")]
    follow_each(changes(), || watch::channel(0), |tx, value| tx.send(value).unwrap());
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
    for (name, way) in updates() {
        let (mut writer, mut reader) = buffer::channel(0);
        let task = Task::acting_in(Event::Clone, move || assert_eq!(writer.write(1), Ok(false)));
        assert_eq!(task.poll(&mut way(&mut reader)), Poll::Ready(Some(1)), "{name}");
        assert_eq!(task.seen(), CLONED_AND_DROPPED, "{name}");
    }
    let (tx, rx) = channel::<u8>();
    let task = Task::acting_in(Event::Clone, || drop(rx));
    assert!(task.poll(&mut tx.closed()).is_ready());
    assert_eq!(task.seen(), CLONED_AND_DROPPED);
}

#[test]
#[cfg(feature = "watch")]
fn what_comes_in_the_middle_of_a_poll_of_watch_is_seen_and_the_waker_dropped() {
    for ((name, way), sends) in changes().into_iter().flat_map(|way| [(way, true), (way, false)]) {
        let (tx, mut rx) = watch::channel(0);
        let stays = sends.then(|| tx.clone());
        let task = Task::acting_in(Event::Clone, move || {
            if sends {
                tx.send(1).unwrap();
            }
            drop(tx);
        });
        assert_eq!(task.poll(&mut way(&mut rx)), Poll::Ready(sends.then_some(1)), "{name}");
        assert_eq!(task.seen(), CLONED_AND_DROPPED, "{name}");
        assert_eq!(rx.has_changed().ok(), stays.map(|_| false), "{name}");
    }
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
fn a_waker_may_send_through_the_same_handle() {
    let (tx, mut rx) = channel();
    let shared = Arc::new(tx.into_shared());
    let sends = Arc::downgrade(&shared);
    let task = Task::acting_in(Event::Wake, move || {
        assert_eq!(sends.upgrade().unwrap().send(2), Ok(Some(1)));
    });
    let mut future = task.waits(rx.recv_async());
    assert_eq!(shared.send(1), Ok(None));
    assert_eq!(task.seen().woken, 1);
    assert_eq!(Task::new().poll(&mut future), Poll::Ready(Ok(2)));
    assert_eq!(shared.send(3), Ok(None));
}

/// Leaves a waker behind by `leave`, drops futures that were not polled, and sends: the waker is woken.
#[track_caller]
fn stays_in_place<H>(
    mut receiver: H,
    leave: impl FnOnce(&mut H, &Task) -> bool,
    drop_unpolled: impl FnOnce(&mut H),
    send: impl FnOnce(),
) {
    let task = Task::new();
    assert!(leave(&mut receiver, &task));
    drop_unpolled(&mut receiver);
    assert_eq!(task.seen(), CLONED);
    send();
    assert_eq!(task.seen(), WOKEN);
}

#[test]
fn a_future_that_is_dropped_before_it_is_polled_leaves_a_waker_left_behind_in_place() {
    let (mut tx, rx) = channel();
    stays_in_place(
        rx,
        |rx, task| rx.poll_recv(&mut task.context()).is_pending(),
        |rx| {
            drop(rx.recv_async());
            drop(rx.recv_matching_async(|_| true));
        },
        || assert_eq!(tx.send(1), Ok(None)),
    );
    let (mut writer, reader) = buffer::channel(0);
    stays_in_place(
        reader,
        |reader, task| reader.poll_updated(&mut task.context()).is_pending(),
        |reader| drop(reader.updated()),
        || assert_eq!(writer.publish(), Ok(false)),
    );
    #[cfg(feature = "watch")]
    {
        type Leave = fn(&mut watch::Receiver<u8>, &Task) -> bool;
        let leaves: &[Leave] = &[
            |rx, task| rx.poll_changed(&mut task.context()).is_pending(),
            #[cfg(feature = "stream")]
            |rx, task| task.poll(&mut futures::StreamExt::next(rx)).is_pending(),
        ];
        for leave in leaves {
            let (tx, rx) = watch::channel(0);
            stays_in_place(
                rx,
                leave,
                |rx| {
                    drop(rx.changed());
                    drop(rx.wait_for(|_| true));
                },
                || tx.send(1).unwrap(),
            );
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
    watched(move |watchdog| {
        for (name, receive) in untimed().into_iter().chain(timed()) {
            let _running = watchdog.running(name);
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
            let _running = watchdog.running(format!("{name} that times out"));
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
