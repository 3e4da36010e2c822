//! Where the caller's code panics, the value, the other waiters and the channel are as promised.

use crate::{SENDS, leaves, pends};
use overwrite_channel::watch::{Receiver, Sender, channel};
use std::{cell::Cell, task::Poll, time::Duration};
use support::{
    ledger::{Ledger, Tracked},
    panics::{Bomb, panics, strike},
    sleeper::asleep,
    waker::{Event, Seen, Task},
    watchdog::watched,
};

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

/// What a closure does with the clone that it modifies. Returns `true` if the clone is wanted.
type Modify = fn(&mut Tracked, &Ledger) -> bool;

#[test]
fn a_modification_that_panics_has_not_happened() {
    let cases: [(&str, Option<Event>, Modify); 3] = [
        ("the clone", Some(Event::Clone), |_, _| unreachable!("modified without a clone")),
        ("the closure", None, |value, ledger| {
            *value = ledger.issue();
            strike();
            true
        }),
        ("the drop of a clone that is not wanted", None, |value, ledger| {
            *value = ledger.issue().panicking_in(Event::Drop);
            false
        }),
    ];
    for (name, panics_in, modify) in cases {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel_of(&ledger, panics_in);
        let mut waiting = rx.clone();
        let task = Task::new();
        let mut changed = waiting.changed();
        pends(&task, &mut changed);
        panics(|| tx.send_if_modified(|value| modify(value, &ledger)));
        assert_eq!((tx.borrow().id(), rx.borrow().id()), (0, 0), "{name}");
        assert_eq!(rx.has_changed(), Ok(false), "{name}");
        assert!(rx.blocking_changed_timeout(Duration::ZERO).is_err(), "{name}");
        assert_eq!(task.seen(), Seen::NOTHING, "{name}");
        assert!(task.poll(&mut changed).is_pending(), "{name}");
        drop(changed);
        drop(waiting);
        assert_eq!(ledger.alive(), [0], "{name}");
        still_works(tx, rx, &ledger);
    }
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
    for (panics_in, modified) in [(None, 2), (Some(Event::Drop), 1)] {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel_of(&ledger, panics_in);
        let mut calls = 0;
        panics(|| {
            tx.send_modify(|_| {
                calls += 1;
                if calls == 2 {
                    strike();
                }
                // The clone is 1.
                assert!(tx.send(ledger.issue()).is_ok());
            });
        });
        assert_eq!((calls, ledger.alive()), (modified, vec![2]));
        assert_eq!(rx.has_changed(), Ok(true));
        assert_eq!((rx.borrow_and_update().id(), rx.skipped()), (2, 0));
        still_works(tx, rx, &ledger);
    }
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

/// Ends a wait of the task, whose waker panics when it is dropped.
type End = fn(&mut Receiver<Tracked>, &Task);

const ENDS: [(&str, End); 3] = [
    ("the future is dropped", |rx, task| {
        let mut changed = rx.changed();
        pends(task, &mut changed);
        panics(|| changed);
    }),
    ("left behind, in the way of a thread", |rx, task| {
        leaves(task, rx);
        panics(|| rx.blocking_changed_timeout(Duration::from_secs(60)));
    }),
    ("left behind, in the way of the future of a value", |rx, task| {
        leaves(task, rx);
        rx.mark_changed();
        let mut wait_for = rx.wait_for(|_| true);
        panics(|| Task::new().poll(&mut wait_for));
        drop(wait_for);
        assert_eq!(rx.has_changed(), Ok(true), "the predicate was not called");
        assert!(Task::new().poll(&mut rx.wait_for(|_| true)).is_ready());
    }),
];

#[test]
fn a_waker_that_panics_when_dropped_harms_no_later_wait() {
    for (name, end) in ENDS {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel_of(&ledger, None);
        let task = Task::panicking_in(Event::Drop);
        end(&mut rx, &task);
        assert_eq!((task.seen(), tx.receiver_count()), (Seen::DROPPED, 1), "{name}");
        still_works(tx, rx, &ledger);
    }
}

#[test]
fn a_predicate_that_panics_has_seen_the_value_that_it_looked_at() {
    let ledger = Ledger::new(20);
    let (tx, mut rx) = channel_of(&ledger, None);
    let task = Task::new();
    let looks = Cell::new(0);
    let mut wait_for = rx.wait_for(|_| {
        looks.set(looks.get() + 1);
        strike();
        false
    });
    panics(|| task.poll(&mut wait_for));
    // It may be polled again, and then waits for the next value.
    pends(&task, &mut wait_for);
    assert_eq!(looks.get(), 1, "the same value is not looked at twice");
    assert!(tx.send(ledger.issue()).is_ok());
    assert_eq!(task.seen(), Seen::WOKEN);
    panics(|| task.poll(&mut wait_for));
    pends(&task, &mut wait_for);
    drop(wait_for);
    assert_eq!((rx.has_changed(), rx.skipped()), (Ok(false), 0));
    still_works(tx, rx, &ledger);
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
    use std::rc::Rc;

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
