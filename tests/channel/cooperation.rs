//! A handle whose waits are always ready yields now and then, so that its task does not starve other tasks.
//!
//! That the ways to wait of a handle share its budget, and that nothing is lost by a yield, is in the random programs of
//! `tests/fuzz`; what runtimes make of it is in `tests/runtimes`.

use crate::{
    receivers,
    receives::{Way, every_way, updates},
};
use futures::FutureExt;
use overwrite_channel::{buffer, channel};
use std::{cell::Cell, pin::pin, task::Poll, thread};
use support::{
    panics::panics,
    waker::{Event, Seen, Task, tasks},
};
#[cfg(feature = "watch")]
use {crate::receives::changes, overwrite_channel::watch};

/// So many waits in a row may be ready.
const BUDGET: usize = 128;

/// Polls until the handle yields, which must be after exactly so many ready polls. `fill` makes the next poll ready.
#[track_caller]
fn yields_after<H, T>(ready: usize, handle: &mut H, way: Way<H, T>, mut fill: impl FnMut()) {
    let task = Task::new();
    for number in 1..=ready {
        fill();
        assert!(task.poll(&mut way(handle)).is_ready(), "poll {number}");
    }
    assert_eq!(task.seen(), Seen::NOTHING);
    fill();
    assert!(task.poll(&mut way(handle)).is_pending(), "it does not yield after {ready}");
    assert_eq!(task.seen(), Seen::WOKEN);
}

/// Checks the budget of a handle. Its waits are ready whenever `fill` was called, and otherwise wait if they `can_wait`.
fn fills_its_budget<H, T>(handle: &mut H, way: Way<H, T>, can_wait: bool, mut fill: impl FnMut()) {
    for _ in 0..3 {
        yields_after(BUDGET, handle, way, &mut fill);
    }
    // A wait that is pending renews it.
    for _ in 0..if can_wait { 3 } else { 0 } {
        let task = Task::new();
        for _ in 1..BUDGET {
            fill();
            assert!(task.poll(&mut way(handle)).is_ready());
        }
        // `next` has left a waker, which was woken.
        task.seen();
        assert!(task.poll(&mut way(handle)).is_pending());
        assert_eq!(task.seen().woken, 0, "it waits");
    }
    yields_after(BUDGET, handle, way, fill);
}

/// Checks the budget of a handle that need not wait, because the other side was dropped.
fn has_a_budget_at_the_end<H: Clone, T>(mut handle: H, way: Way<H, T>) {
    for _ in 0..3 {
        yields_after(BUDGET, &mut handle, way, || ());
    }
    for _ in 0..BUDGET {
        assert!(Task::new().poll(&mut way(&mut handle)).is_ready());
    }
    // A clone has a budget of its own.
    yields_after(BUDGET, &mut handle.clone(), way, || ());
    yields_after(0, &mut handle, way, || ());
}

/// Checks the budget of the waits of a flavour. `send` returns `true` if it displaces a value.
fn yields_once_in_each_way<S, H: Clone>(
    ways: Vec<(&str, Way<H, usize>)>,
    channel: fn() -> (S, H),
    send: fn(&mut S) -> bool,
) {
    for (name, way) in ways.into_iter().filter(|(name, _)| !name.starts_with("poll_")) {
        println!("{name}");
        let (mut tx, mut rx) = channel();
        let mut displaced = 0;
        fills_its_budget(&mut rx, way, true, || displaced += usize::from(send(&mut tx)));
        assert_eq!(displaced, 3, "each yield leaves the value where it is");
        assert!(send(&mut tx), "the last one, too");
        let task = Task::new();
        assert!(task.poll(&mut way(&mut rx)).is_ready());
        drop(task.waits(way(&mut rx)));
        drop(tx);
        has_a_budget_at_the_end(rx, way);
    }
}

#[test]
fn a_receiver_yields_once_after_so_many_ready_waits() {
    yields_once_in_each_way(every_way(), channel, |tx| tx.send(7).unwrap().is_some());
    yields_once_in_each_way(updates(), || buffer::channel(0), |tx| tx.write(7).unwrap());
}

#[test]
#[cfg(feature = "watch")]
fn a_receiver_of_watch_yields_once_after_so_many_ready_waits() {
    for (name, way) in changes() {
        println!("{name}");
        let (tx, mut rx) = watch::channel(0);
        // A value that was wanted once is wanted again.
        let can_wait = name != "wait_for";
        fills_its_budget(&mut rx, way, can_wait, || tx.send_modify(|value| *value += 1));
        assert_eq!(rx.has_changed(), Ok(true), "it was marked as seen by the yield");
        assert!(Task::new().poll(&mut way(&mut rx)).is_ready());
        assert_eq!(rx.skipped(), 3, "one for each yield before the last");
        drop(tx);
        has_a_budget_at_the_end(rx.clone(), way);
    }
}

#[test]
fn a_sender_without_receivers_yields_once_after_so_many_ready_waits() {
    let (tx, _) = channel::<u8>();
    has_a_budget_at_the_end(tx.clone(), |tx| tx.closed().map(Some).boxed_local());
    has_a_budget_at_the_end(tx.into_shared(), |tx| tx.closed().map(Some).boxed_local());
    let (writer, _) = buffer::channel(0);
    has_a_budget_at_the_end(writer, |writer| writer.closed().map(Some).boxed_local());
    #[cfg(feature = "watch")]
    has_a_budget_at_the_end(watch::Sender::new(0), |tx| tx.closed().map(Some).boxed_local());
}

#[test]
fn explicit_polls_and_calls_that_do_not_wait_have_no_budget() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let (mut writer, mut reader) = buffer::channel(0);
    let mut sends = |number| _ = tx.send(number).unwrap();
    for number in 0..3 * BUDGET {
        writer.write(number).unwrap();
        assert!(reader.poll_updated(&mut task.context()).is_ready());
        sends(number);
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(number)));
        sends(number);
        assert_eq!(rx.try_recv(), Ok(number));
        sends(number);
        assert_eq!(rx.recv(), Ok(number));
    }
    // They do not use that of the other calls.
    yields_after(BUDGET, &mut rx, every_way()[0].1, || sends(0));
}

/// Each look at a value sends the next: the slot is never found empty.
#[test]
fn unwanted_values_use_the_budget() {
    let [task, beside] = tasks();
    let (tx, [mut rx, mut other]) = receivers();
    let (tx, looks, most) = (tx.into_shared(), Cell::new(0), Cell::new(3 * BUDGET + 1));
    let mut wait = rx.recv_matching_async(|value| {
        looks.set(looks.get() + 1);
        if looks.get() < most.get() {
            tx.send(value + 1).unwrap();
        }
        *value == 999
    });
    tx.send(0).unwrap();
    for polls in 1..=3 {
        wait = task.waits(wait);
        assert_eq!((looks.get(), task.seen()), (polls * BUDGET, Seen::WOKEN), "without a clone");
    }
    // One is left, and then it waits.
    wait = task.waits(wait);
    assert_eq!((looks.get(), task.seen()), (3 * BUDGET + 1, Seen::CLONED));

    // The wake by a send is not mistaken for one by itself: a receiver that waits beside it is not forgotten.
    most.set(1000);
    let _waiting = beside.waits(other.recv_async());
    tx.send(0).unwrap();
    assert_eq!(task.seen(), Seen::WOKEN);
    wait = task.waits(wait);
    assert_eq!((looks.get(), task.seen()), (4 * BUDGET + 1, Seen::WOKEN));
    assert_eq!(beside.seen(), Seen { cloned: 1, ..Seen::WOKEN });
    tx.send(999).unwrap();
    assert_eq!(task.poll(&mut wait), Poll::Ready(Ok(999)));
}

#[test]
#[cfg(feature = "watch")]
fn unwanted_values_of_watch_use_the_budget() {
    let task = Task::new();
    let (tx, mut rx) = watch::channel(0);
    let looks = Cell::new(0);
    let mut wait = rx.wait_for(|value| {
        looks.set(looks.get() + 1);
        tx.send(value + 1).unwrap();
        looks.get() == 3 * BUDGET
    });
    for polls in 1..=2 {
        assert!(task.poll(&mut wait).is_pending());
        // And the first, at the value that is there.
        assert_eq!((looks.get(), task.seen()), (polls * BUDGET + 1, Seen::WOKEN));
    }
    assert!(task.poll(&mut wait).is_ready());
    assert_eq!(task.seen(), Seen::NOTHING);
}

#[test]
fn a_wait_that_panics_or_is_dropped_as_it_yields_loses_nothing() {
    let task = Task::panicking_in(Event::Wake);
    let (mut tx, [mut rx, mut other]) = receivers();
    for number in 0..BUDGET {
        tx.send(number).unwrap();
        assert!(task.poll(&mut rx.recv_async()).is_ready());
    }
    tx.send(BUDGET).unwrap();
    panics(|| task.poll(&mut rx.recv_async()));
    assert_eq!(task.poll(&mut other.recv_async()), Poll::Ready(Ok(BUDGET)));
}

/// Only a sender of `watch` waits again for the receivers' end after it has come.
#[test]
#[cfg(feature = "watch")]
fn a_closed_that_waits_renews_the_budget() {
    let task = Task::new();
    let tx = watch::Sender::new(0);
    for _ in 1..BUDGET {
        assert!(task.poll(&mut tx.closed()).is_ready());
    }
    let rx = tx.subscribe();
    let mut closed = task.waits(tx.closed());
    drop(rx);
    assert!(task.poll(&mut closed).is_ready());
    for _ in 1..BUDGET {
        assert!(task.poll(&mut tx.closed()).is_ready());
    }
    task.seen();
    // A future that has yielded goes on.
    let mut closed = task.waits(tx.closed());
    assert_eq!(task.seen(), Seen::WOKEN);
    assert!(task.poll(&mut closed).is_ready());
}

/// The handle that waits is used by several threads at once, as it may.
#[test]
fn a_sender_that_two_threads_poll_yields_to_both() {
    let (tx, rx) = channel::<u8>();
    drop(rx);
    let tx = tx.into_shared();
    thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let task = Task::new();
                let is_pending = |_: &usize| task.poll(&mut pin!(tx.closed())).is_pending();
                let yields = (0..100 * BUDGET).filter(is_pending).count();
                assert!(yields > 0);
            });
        }
    });
}
