//! Values whose drop panics, and panics beside threads that sleep: the value, the other waiters and the channel are as
//! promised.

use crate::SENDS;
use overwrite_channel::watch::{Receiver, Sender, channel};
use std::{mem, task::Poll, time::Duration};
use support::{
    ledger::{Ledger, Tracked},
    panics::{Bomb, panics, strike},
    sleeper::asleep,
    waker::{Event, Seen, Task},
    watchdog::watched,
};

/// Polls a future that waits, and that has no waker of the task yet.
#[track_caller]
fn pends(task: &Task, future: &mut (impl Future + Unpin)) {
    assert!(task.poll(future).is_pending());
    assert_eq!(task.seen(), Seen::CLONED);
}

/// Leaves the task's waker behind in a future that is forgotten.
#[track_caller]
fn leaves<T>(task: &Task, rx: &mut Receiver<T>) {
    let mut changed = rx.changed();
    pends(task, &mut changed);
    mem::forget(changed);
}

/// Checks that nothing is wrong with a channel whose newest value the receiver has seen, and ends it.
#[track_caller]
fn still_works(tx: Sender<Tracked>, mut rx: Receiver<Tracked>, ledger: &Ledger) {
    let skipped = rx.skipped();
    let task = Task::new();
    let mut changed = rx.changed();
    pends(&task, &mut changed);
    let value = ledger.issue();
    let id = value.id();
    assert!(tx.send(value).is_ok());
    assert_eq!(task.seen(), Seen::WOKEN);
    assert_eq!(task.poll(&mut changed), Poll::Ready(Ok(())));
    drop(changed);
    assert_eq!(rx.borrow_and_update().id(), id);
    tx.send_modify(|_| {});
    assert_eq!(rx.blocking_changed_timeout(Duration::ZERO), Ok(()));
    assert_eq!(rx.skipped(), skipped, "a version was left out");

    let mut changed = rx.changed();
    pends(&task, &mut changed);
    drop(tx);
    assert_eq!(task.seen(), Seen::WOKEN);
    assert!(matches!(task.poll(&mut changed), Poll::Ready(Err(_))));
    drop(changed);
    drop(rx);
    ledger.assert_each_dropped_once();
}

fn channel_of(ledger: &Ledger, panics_in: Option<Event>) -> (Sender<Tracked>, Receiver<Tracked>) {
    let first = ledger.issue();
    channel(match panics_in {
        Some(event) => first.panicking_in(event),
        None => first,
    })
}

#[test]
fn a_modification_whose_unwanted_clone_panics_as_it_is_dropped_has_not_happened() {
    let ledger = Ledger::new(20);
    let (tx, rx) = channel_of(&ledger, None);
    let task = Task::new();
    let mut waiting = rx.clone();
    leaves(&task, &mut waiting);
    panics(|| {
        tx.send_if_modified(|value| {
            *value = ledger.issue().panicking_in(Event::Drop);
            false
        })
    });
    assert_eq!((tx.borrow().id(), rx.has_changed(), task.seen()), (0, Ok(false), Seen::NOTHING));
    drop(waiting);
    assert_eq!(ledger.alive(), [0]);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_replaced_value_whose_drop_panics_has_been_replaced() {
    let ways: [fn(&Sender<Tracked>, &Ledger); 4] = [
        |tx, ledger| drop(tx.send(ledger.issue())),
        |tx, ledger| drop(tx.send_replace(ledger.issue())),
        |tx, _| tx.send_modify(|_| {}),
        |tx, _| assert!(tx.send_if_modified(|_| true)),
    ];
    for (replace, is_looked_at) in ways.into_iter().flat_map(|way| [(way, false), (way, true)]) {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel_of(&ledger, Some(Event::Drop));
        let mut others = [rx.clone(), rx.clone()];
        let tasks = [Task::new(), Task::new()];
        for (task, rx) in tasks.iter().zip(&mut others) {
            leaves(task, rx);
        }
        if is_looked_at {
            let look = rx.borrow();
            replace(&tx, &ledger);
            assert_eq!(look.id(), 0);
            panics(|| look);
        } else {
            panics(|| replace(&tx, &ledger));
        }
        assert_eq!((ledger.dropped(), tx.borrow().id()), (vec![0], 1));
        for (task, other) in tasks.iter().zip(&mut others) {
            assert_eq!(task.seen(), Seen::WOKEN);
            assert!(other.blocking_changed_timeout(Duration::ZERO).is_ok());
            assert_eq!(other.borrow().id(), 1);
        }
        drop(others);
        assert_eq!((rx.borrow_and_update().id(), rx.skipped()), (1, 0));
        still_works(tx, rx, &ledger);
    }
}

/// A modification that a faster send has overtaken begins again, and drops the value that it had looked at first.
#[test]
fn a_modification_that_panics_after_a_faster_send_leaves_that_sends_value() {
    let ledger = Ledger::new(20);
    let (tx, mut rx) = channel_of(&ledger, Some(Event::Drop));
    // The clone is 1.
    panics(|| tx.send_modify(|_| assert!(tx.send(ledger.issue()).is_ok())));
    assert_eq!((ledger.alive(), rx.has_changed()), (vec![2], Ok(true)));
    assert_eq!((rx.borrow_and_update().id(), rx.skipped()), (2, 0));
    still_works(tx, rx, &ledger);
}

#[test]
fn a_last_value_whose_drop_panics_does_so_with_the_last_handle() {
    for sender_first in [true, false] {
        let ledger = Ledger::new(1);
        let (tx, rx) = channel_of(&ledger, Some(Event::Drop));
        if sender_first {
            drop(tx);
            panics(|| rx);
        } else {
            drop(rx);
            panics(|| tx);
        }
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_task_and_a_thread_that_wait_beside_a_waker_that_panics_are_woken() {
    watched(|_| {
        let acts = SENDS.into_iter().map(Some).chain([None]);
        for (act, panics_first) in acts.flat_map(|act| [(act, true), (act, false)]) {
            let (tx, mut before) = channel(0);
            // The thread's node lies between those of the tasks.
            let (mut sleeps, mut behind) = (before.clone(), before.clone());
            let mut tasks = [Task::panicking_in(Event::Wake), Task::new()];
            if !panics_first {
                tasks.reverse();
            }
            let mut waits = [before.changed(), behind.changed()];
            tasks.iter().zip(&mut waits).for_each(|(task, wait)| pends(task, wait));
            let mut tx = Some(tx);
            let act = || match act {
                Some(send) => panics(|| send(tx.as_ref().unwrap())),
                None => panics(|| tx.take()),
            };
            let is_change = asleep(|| sleeps.blocking_changed().is_ok(), act);
            assert_eq!(is_change, tx.is_some());
            for (task, wait) in tasks.iter().zip(&mut waits) {
                assert_eq!(task.seen(), Seen::WOKEN);
                assert_eq!(task.poll(wait).map(|end| end.is_ok()), Poll::Ready(is_change));
            }
            assert_eq!(*sleeps.borrow(), u32::from(is_change));
        }
    });
}

#[test]
fn a_thread_whose_predicate_panics_leaves_the_channel_to_the_other_receivers() {
    watched(|_| {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel_of(&ledger, None);
        let mut other = rx.clone();
        let strikes_at_1 = |value: &Tracked| {
            if value.id() == 1 {
                strike();
            }
            false
        };
        let wait = || panics(|| rx.blocking_wait_for(strikes_at_1));
        asleep(wait, || drop(tx.send(ledger.issue())));
        assert_eq!(rx.has_changed(), Ok(false));
        assert!(tx.send(ledger.issue()).is_ok());
        assert_eq!(ledger.alive(), [2], "the look has ended");
        for rx in [&mut rx, &mut other] {
            assert_eq!(rx.blocking_wait_for(|_| true).map(|value| value.id()), Ok(2));
        }
        drop(other);
        still_works(tx, rx, &ledger);
    });
}

/// The compiler itself leaks what a function is about to return when the drop of something else panics
/// (<https://github.com/rust-lang/rust/issues/47949>).
#[test]
fn a_panic_as_a_call_returns_leaks_nothing() {
    // The drop of a predicate.
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel_of(&ledger, None);
    let bomb = Bomb;
    let wanted = move |_: &Tracked| {
        let _held = &bomb;
        true
    };
    panics(|| rx.blocking_wait_for_timeout(Duration::ZERO, wanted));
    still_works(tx, rx, &ledger);

    // The drop of the value just sent, which a waker replaces at once.
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel_of(&ledger, None);
    let (other, newer) = (tx.clone(), ledger.clone());
    let task = Task::with(move |event| {
        if event == Event::Wake {
            assert!(other.send(newer.issue()).is_ok());
        }
    });
    leaves(&task, &mut rx);
    panics(|| tx.send_replace(ledger.issue().panicking_in(Event::Drop)));
    assert_eq!((ledger.alive(), rx.borrow_and_update().id()), (vec![2], 2));
    drop((tx, rx, task));
    ledger.assert_each_dropped_once();
}

#[cfg(feature = "stream")]
mod stream {
    use super::*;
    use futures::StreamExt;
    use std::{cell::Cell, rc::Rc};

    /// A value whose clone first sends a newer one.
    struct Replaced {
        tracked: Tracked,
        tx: Rc<Cell<Option<Sender<Self>>>>,
    }

    impl Clone for Replaced {
        fn clone(&self) -> Self {
            let newer = || Self { tracked: self.tracked.clone(), tx: Rc::clone(&self.tx) };
            if let Some(tx) = self.tx.take() {
                assert!(tx.send(newer()).is_ok());
            }
            newer()
        }
    }

    #[test]
    fn a_clone_is_dropped_if_the_drop_of_its_original_panics() {
        let ledger = Ledger::new(10);
        let own = Rc::default();
        let tracked = ledger.issue().panicking_in(Event::Drop);
        let (tx, mut rx) = channel(Replaced { tracked, tx: Rc::clone(&own) });
        own.set(Some(tx));
        rx.mark_changed();
        // It is replaced while it is cloned, and then this is the last look at it.
        panics(|| Task::new().poll(&mut rx.next()));
        assert_eq!((ledger.alive(), rx.skipped()), (vec![1], 0));
        drop(rx);
        ledger.assert_each_dropped_once();
    }
}
