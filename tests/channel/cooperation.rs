//! A handle whose waits are always ready yields now and then, so that its task does not starve other tasks.
//! Exactly when, and that nothing is lost by it; what runtimes make of it is in `tests/runtimes`.

use crate::{
    receivers,
    receives::{Way, every_way},
};
use futures::FutureExt;
#[cfg(feature = "watch")]
use overwrite_channel::watch;
use overwrite_channel::{ClosedFuture, Receiver, Sender, channel};
use std::{array, cell::Cell, pin::pin, task::Poll, thread};
use support::{
    panics::panics,
    waker::{Event, Seen, Task, tasks},
};

/// So many waits in a row may be ready.
const BUDGET: usize = 128;

/// Returns the ways to receive that have a budget.
fn receive_ways<T>() -> Vec<(&'static str, Way<Receiver<T>, T>)> {
    every_way().into_iter().filter(|(name, _)| *name != "poll_recv").collect()
}

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

#[test]
fn a_receiver_yields_once_after_so_many_ready_waits() {
    for (name, way) in receive_ways() {
        println!("{name}");
        let (mut tx, mut rx) = channel();
        let mut displaced = 0;
        let fill = || displaced += usize::from(tx.send(7).unwrap().is_some());
        fills_its_budget(&mut rx, way, true, fill);
        assert!(displaced == 3 && !rx.is_empty(), "each yield leaves the value where it is");
        assert_eq!(rx.try_recv(), Ok(7));
        drop(tx);
        has_a_budget_at_the_end(rx, way);
    }
}

#[test]
#[cfg(feature = "watch")]
fn a_receiver_of_watch_yields_once_after_so_many_ready_waits() {
    type Row = (&'static str, Way<watch::Receiver<usize>, ()>, bool);
    let rows: Vec<Row> = vec![
        ("changed", |rx| rx.changed().map(Result::ok).boxed_local(), true),
        // A value that was wanted once is wanted again.
        (
            "wait_for",
            |rx| rx.wait_for(|it| *it > 0).map(|it| it.ok().map(drop)).boxed_local(),
            false,
        ),
        #[cfg(feature = "stream")]
        ("next", |rx| futures::StreamExt::next(rx).map(|it| it.map(drop)).boxed_local(), true),
    ];
    for (name, way, can_wait) in rows {
        println!("{name}");
        let (tx, mut rx) = watch::channel(0);
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
    #[cfg(feature = "watch")]
    has_a_budget_at_the_end(watch::Sender::new(0), |tx| tx.closed().map(Some).boxed_local());
}

#[test]
fn the_ways_of_one_receiver_share_its_budget() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let ways = receive_ways();
    for (name, last) in &ways {
        for number in 0..BUDGET {
            tx.send(number).unwrap();
            let (_, way) = ways[number % ways.len()];
            assert!(task.poll(&mut way(&mut rx)).is_ready());
        }
        assert!(task.poll(&mut last(&mut rx)).is_pending(), "{name}");
        assert_eq!(task.seen(), Seen::WOKEN, "{name}");
    }
}

#[test]
fn explicit_polls_and_calls_that_do_not_wait_have_no_budget() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let mut sends = |number| _ = tx.send(number).unwrap();
    for number in 0..3 * BUDGET {
        sends(number);
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(number)));
        sends(number);
        assert_eq!(rx.try_recv(), Ok(number));
        sends(number);
        assert_eq!(rx.recv(), Ok(number));
    }
    // They do not use that of the other calls.
    yields_after(BUDGET, &mut rx, receive_ways()[0].1, || sends(0));
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

/// Uses the budget up, and leaves a value in the slot.
fn used_up(tx: &mut Sender<usize>, rx: &mut Receiver<usize>) {
    for number in 0..BUDGET {
        tx.send(number).unwrap();
        assert!(Task::new().poll(&mut rx.recv_async()).is_ready());
    }
    tx.send(BUDGET).unwrap();
}

#[test]
fn a_future_that_is_dropped_as_it_yields_leaves_the_value_to_another() {
    let [task, beside] = tasks();
    let (mut tx, [mut other, mut rx]) = receivers();
    let mut waits = other.recv_async();
    used_up(&mut tx, &mut rx);
    assert!(task.poll(&mut rx.recv_async()).is_pending());
    assert_eq!(beside.poll(&mut waits), Poll::Ready(Ok(BUDGET)));
    assert_eq!(task.seen(), Seen::WOKEN);
}

#[test]
fn a_waker_that_panics_as_a_wait_yields_loses_nothing() {
    let task = Task::panicking_in(Event::Wake);
    let (mut tx, mut rx) = channel();
    used_up(&mut tx, &mut rx);
    let mut wait = rx.recv_async();
    panics(|| task.poll(&mut wait));
    assert_eq!(task.poll(&mut wait), Poll::Ready(Ok(BUDGET)));
}

/// Waits for the drop of `rx`, the last receiver.
fn closed_renews<'a>(rx: impl Sized, closed: impl Fn() -> ClosedFuture<'a>) {
    let task = Task::new();
    let mut first = task.waits(closed());
    drop(rx);
    assert_eq!(task.seen(), Seen { cloned: 1, ..Seen::WOKEN });
    assert!(task.poll(&mut first).is_ready());
    for _ in 1..BUDGET {
        assert!(task.poll(&mut closed()).is_ready());
    }
    // Of two futures at once, too; and one that has yielded goes on.
    let mut both: [_; 2] = array::from_fn(|_| closed());
    assert!(task.poll(&mut both[0]).is_pending());
    assert_eq!(task.seen(), Seen::WOKEN);
    assert!(task.poll(&mut both[1]).is_ready() && task.poll(&mut both[0]).is_ready());
}

#[test]
fn a_closed_that_waits_renews_the_budget() {
    let (tx, rx) = channel::<u8>();
    closed_renews(rx, || tx.closed());
    #[cfg(feature = "watch")]
    {
        let tx = watch::Sender::new(0);
        for _ in 1..BUDGET {
            assert!(Task::new().poll(&mut tx.closed()).is_ready());
        }
        closed_renews(tx.subscribe(), || tx.closed());
    }
}

/// The handle that waits is used by several threads at once, as it may.
#[test]
fn threads_that_share_a_sender_share_its_budget() {
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
