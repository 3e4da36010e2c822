//! Where a caller's code panics, the value, the other waiters and the channel are as told.
#![cfg(feature = "watch")]

use overwrite_channel::watch::{Receiver, Sender, channel};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod tracked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    tracked::{Ledger, Tracked},
    waker::{Event, Seen, Task},
    watchdog::watched,
};

/// Without a message, so that the test's output holds only those of real failures.
fn quiet_panic() -> ! {
    resume_unwind(Box::new(()))
}

fn panics<R>(body: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(|| drop(body()))).is_err(), "it did not panic");
}

/// A task whose waker panics when that is done to it, the first time.
fn panicking(at: Event) -> Task {
    let panicked = AtomicBool::new(false);
    Task::with(move |event| {
        if event == at && !panicked.swap(true, SeqCst) {
            quiet_panic();
        }
    })
}

/// A payload that may panic when it is cloned or dropped.
struct Payload<'a> {
    tracked: Tracked<'a>,
    ledger: &'a Ledger,
    panics_in: Option<Event>,
}

impl<'a> Payload<'a> {
    fn new(ledger: &'a Ledger) -> Self {
        Self { tracked: ledger.issue(), ledger, panics_in: None }
    }

    fn panicking(ledger: &'a Ledger, at: Event) -> Self {
        Self { tracked: ledger.issue(), ledger, panics_in: Some(at) }
    }

    fn id(&self) -> usize {
        self.tracked.id()
    }
}

impl Clone for Payload<'_> {
    fn clone(&self) -> Self {
        if self.panics_in == Some(Event::Clone) {
            quiet_panic();
        }
        Self::new(self.ledger)
    }
}

impl Drop for Payload<'_> {
    fn drop(&mut self) {
        if self.panics_in == Some(Event::Drop) && !thread::panicking() {
            quiet_panic();
        }
    }
}

/// Nothing is wrong with the channel, whose present value this receiver has seen.
fn still_works<'l>(tx: Sender<Payload<'l>>, mut rx: Receiver<Payload<'l>>, ledger: &'l Ledger) {
    let skipped = rx.skipped();
    let task = Task::new();
    let mut changed = rx.changed();
    assert!(task.poll(&mut changed).is_pending());
    task.seen();
    let payload = Payload::new(ledger);
    let id = payload.id();
    assert!(tx.send(payload).is_ok());
    assert_eq!(task.seen(), Seen { woken: 1, ..Seen::default() });
    assert_eq!(task.poll(&mut changed), Poll::Ready(Ok(())));
    drop(changed);
    assert_eq!(rx.borrow_and_update().id(), id);
    assert_eq!(rx.skipped(), skipped, "no version was left out");
    tx.send_modify(|_| {});
    assert_eq!(rx.blocking_changed_timeout(Duration::ZERO), Ok(()));
    assert_eq!(rx.skipped(), skipped);

    let mut changed = rx.changed();
    assert!(task.poll(&mut changed).is_pending());
    task.seen();
    drop(tx);
    assert_eq!(task.seen().woken, 1);
    assert!(matches!(task.poll(&mut changed), Poll::Ready(Err(_))));
    drop(changed);
    drop(rx);
    ledger.assert_each_dropped_once();
}

#[test]
fn a_modification_that_panics_has_not_happened() {
    type Modify = fn(&Sender<Payload<'_>>);
    let ways: [Modify; 4] = [
        |tx| tx.send_modify(|_| quiet_panic()),
        |tx| {
            tx.send_modify(|value| {
                *value = Payload::new(value.ledger);
                quiet_panic()
            });
        },
        |tx| assert!(tx.send_if_modified(|_| quiet_panic())),
        |tx| {
            tx.send_if_modified(|value| {
                *value = Payload::new(value.ledger);
                quiet_panic()
            });
        },
    ];
    for modify in ways {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel(Payload::new(&ledger));
        let mut waiting = rx.clone();
        let task = Task::new();
        let mut changed = waiting.changed();
        assert!(task.poll(&mut changed).is_pending());
        task.seen();
        panics(|| modify(&tx));
        assert_eq!((tx.borrow().id(), rx.borrow().id()), (0, 0));
        assert_eq!(rx.has_changed(), Ok(false));
        assert!(rx.blocking_changed_timeout(Duration::ZERO).is_err());
        assert_eq!(task.seen(), Seen::default(), "nobody is told");
        assert!(task.poll(&mut changed).is_pending());
        drop(changed);
        drop(waiting);
        assert!(!ledger.dropped().contains(&0));
        let issued = ledger.issue().id();
        assert_eq!(ledger.dropped().len(), issued, "but for the first, all are gone");
        still_works(tx, rx, &ledger);
    }
}

#[test]
fn a_modification_that_panics_after_another_sender_was_faster_keeps_that_ones() {
    let ledger = Ledger::new(20);
    let (tx, rx) = channel(Payload::new(&ledger));
    let mut calls = 0;
    panics(|| {
        tx.send_modify(|_| {
            calls += 1;
            if calls == 2 {
                quiet_panic();
            }
            assert!(tx.send(Payload::new(&ledger)).is_ok());
        });
    });
    assert_eq!(calls, 2);
    // The first clone was issued as 1, what was sent as 2.
    assert_eq!(tx.borrow().id(), 2);
    assert_eq!(rx.has_changed(), Ok(true));
    let mut rx = rx;
    assert_eq!(rx.borrow_and_update().id(), 2);
    assert_eq!(rx.skipped(), 0);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_clone_that_panics_has_modified_nothing() {
    let ledger = Ledger::new(20);
    let (tx, rx) = channel(Payload::panicking(&ledger, Event::Clone));
    let mut waiting = rx.clone();
    let task = Task::new();
    let mut changed = waiting.changed();
    assert!(task.poll(&mut changed).is_pending());
    task.seen();
    let mut calls = 0;
    panics(|| tx.send_modify(|_| calls += 1));
    panics(|| {
        tx.send_if_modified(|_| {
            calls += 1;
            true
        })
    });
    assert_eq!(calls, 0);
    assert_eq!(tx.borrow().id(), 0);
    assert_eq!(rx.has_changed(), Ok(false));
    assert_eq!(task.seen(), Seen::default(), "nobody is told");
    drop(changed);
    drop(waiting);
    // A send replaces it without a clone.
    still_works(tx, rx, &ledger);
}

#[test]
fn a_replaced_value_whose_drop_panics_has_been_replaced() {
    type Replace = for<'l> fn(&Sender<Payload<'l>>, &'l Ledger);
    let ways: [Replace; 4] = [
        |tx, ledger| drop(tx.send(Payload::new(ledger))),
        |tx, ledger| drop(tx.send_replace(Payload::new(ledger))),
        |tx, _| tx.send_modify(|_| {}),
        |tx, _| assert!(tx.send_if_modified(|_| true)),
    ];
    for (replace, is_looked_at) in ways.into_iter().flat_map(|way| [(way, false), (way, true)]) {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel(Payload::panicking(&ledger, Event::Drop));
        let mut others = [rx.clone(), rx.clone()];
        let tasks = [Task::new(), Task::new()];
        for (task, rx) in tasks.iter().zip(&mut others) {
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            // Whoever polled is still to be woken.
            std::mem::forget(changed);
            task.seen();
        }
        if is_looked_at {
            let looked_at = rx.borrow();
            replace(&tx, &ledger);
            assert_eq!(looked_at.id(), 0);
            panics(|| looked_at);
        } else {
            panics(|| replace(&tx, &ledger));
        }
        assert_eq!(ledger.dropped(), [0]);
        assert_eq!(tx.borrow().id(), 1);
        for task in tasks {
            assert_eq!(task.seen().woken, 1, "everybody is woken");
        }
        for mut other in others {
            assert!(other.blocking_changed_timeout(Duration::ZERO).is_ok());
            assert_eq!(other.borrow().id(), 1);
        }
        assert_eq!(rx.borrow_and_update().id(), 1);
        assert_eq!(rx.skipped(), 0);
        still_works(tx, rx, &ledger);
    }
}

#[test]
fn a_last_value_whose_drop_panics_does_so_with_the_last_handle() {
    for sender_first in [true, false] {
        let ledger = Ledger::new(1);
        let (tx, rx) = channel(Payload::panicking(&ledger, Event::Drop));
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
fn a_clone_that_is_not_wanted_may_panic_when_it_is_dropped() {
    let ledger = Ledger::new(20);
    let (tx, rx) = channel(Payload::new(&ledger));
    panics(|| {
        tx.send_if_modified(|value| {
            value.panics_in = Some(Event::Drop);
            false
        })
    });
    assert_eq!(tx.borrow().id(), 0);
    assert_eq!(rx.has_changed(), Ok(false));
    still_works(tx, rx, &ledger);
}

#[test]
fn those_who_wait_beside_a_waker_that_panics_are_woken_all_the_same() {
    const RECEIVERS: usize = 5;
    let ways: [fn(Sender<u32>); 4] = [
        |tx| tx.send(1).unwrap(),
        |tx| drop(tx.send_replace(1)),
        |tx| tx.send_modify(|value| *value = 1),
        // The end alone.
        drop,
    ];
    for (way, panics_at) in
        ways.into_iter().zip(0..).flat_map(|it| (0..RECEIVERS).map(move |at| (it, at)))
    {
        let (send, number) = way;
        let (tx, rx) = channel(0);
        let stays = tx.clone();
        let mut waiters: Vec<_> = (0..RECEIVERS)
            .map(|at| {
                let task = if at == panics_at { panicking(Event::Wake) } else { Task::new() };
                (task, rx.clone())
            })
            .collect();
        let mut futures: Vec<_> = waiters
            .iter_mut()
            .map(|(task, rx)| {
                let mut changed = rx.changed();
                assert!(task.poll(&mut changed).is_pending());
                task.seen();
                (task, changed)
            })
            .collect();
        let is_end = number == 3;
        if is_end {
            drop(stays);
            panics(|| send(tx));
        } else {
            panics(|| send(tx));
            assert_eq!(*stays.borrow(), 1);
            drop(stays);
        }
        for (task, changed) in &mut futures {
            assert_eq!(task.seen().woken, 1);
            let Poll::Ready(result) = task.poll(changed) else { panic!("nobody tells it") };
            assert_eq!(result.is_err(), is_end);
        }
        drop(futures);
        assert_eq!(*rx.borrow(), u32::from(!is_end));
    }
}

#[test]
fn a_thread_asleep_beside_a_waker_that_panics_is_woken() {
    watched(|watch| {
        // The thread's node comes before that of the task, or behind it.
        for before in [true, false] {
            let (tx, first) = channel(0);
            let second = first.clone();
            let (mut sleeps, mut polls) = if before { (first, second) } else { (second, first) };
            let task = panicking(Event::Wake);
            let mut changed = polls.changed();
            assert!(task.poll(&mut changed).is_pending());
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let _running = watch.running("receiver");
                    sleeper.is_this_thread();
                    sleeps.blocking_changed().map(|()| *sleeps.borrow())
                });
                sleeper.until_asleep();
                panics(|| tx.send(1));
                assert_eq!(receiver.join().unwrap(), Ok(1));
            });
            assert!(matches!(task.poll(&mut changed), Poll::Ready(Ok(()))));
        }
    });
}

#[test]
fn a_poll_whose_waker_panics_when_cloned_may_be_repeated() {
    let ledger = Ledger::new(20);
    let (tx, mut rx) = channel(Payload::new(&ledger));
    let task = panicking(Event::Clone);
    let mut changed = rx.changed();
    panics(|| task.poll(&mut changed));
    assert!(task.poll(&mut changed).is_pending());
    drop(changed);
    let task = panicking(Event::Clone);
    let mut wait_for = rx.wait_for(|value| value.id() == 1);
    panics(|| task.poll(&mut wait_for));
    assert!(task.poll(&mut wait_for).is_pending());
    assert!(tx.send(Payload::new(&ledger)).is_ok());
    assert!(matches!(task.poll(&mut wait_for), Poll::Ready(Ok(value)) if value.id() == 1));
    drop(wait_for);

    // Another one waited here before, and is not lost silently: its waker is dropped.
    let (before, task) = (Task::new(), panicking(Event::Clone));
    let mut changed = rx.changed();
    assert!(before.poll(&mut changed).is_pending());
    panics(|| task.poll(&mut changed));
    assert_eq!(before.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
    drop(changed);
    still_works(tx, rx, &ledger);
}

/// Ends a wait that has armed, in a way that drops its waker.
type End = fn(&mut Receiver<Payload<'_>>, &Task);

#[test]
fn a_waker_that_panics_when_dropped_harms_nobody() {
    let ends: [End; 5] = [
        // Polled by another task.
        |rx, task| {
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            panics(|| Task::new().poll(&mut changed));
            drop(changed);
        },
        // Given up.
        |rx, task| {
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            panics(|| changed);
        },
        |rx, task| {
            let mut wait_for = rx.wait_for(|_| false);
            assert!(task.poll(&mut wait_for).is_pending());
            panics(|| wait_for);
        },
        // Left behind, and then in the way of a thread.
        |rx, task| {
            let mut changed = rx.changed();
            assert!(task.poll(&mut changed).is_pending());
            std::mem::forget(changed);
            panics(|| rx.blocking_changed_timeout(Duration::from_secs(60)));
        },
        // Left behind with the receiver.
        |rx, task| {
            let mut other = rx.clone();
            let mut changed = other.changed();
            assert!(task.poll(&mut changed).is_pending());
            std::mem::forget(changed);
            panics(|| other);
        },
    ];
    for end in ends {
        let ledger = Ledger::new(20);
        let (tx, mut rx) = channel(Payload::new(&ledger));
        let task = panicking(Event::Drop);
        end(&mut rx, &task);
        assert_eq!(task.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
        assert_eq!(tx.receiver_count(), 1);
        still_works(tx, rx, &ledger);
    }
}

#[test]
fn a_predicate_that_panics_has_seen_the_value_that_it_looked_at() {
    let ledger = Ledger::new(20);
    let (tx, mut rx) = channel(Payload::new(&ledger));
    let waits: [fn(&mut Receiver<Payload<'_>>); 3] = [
        |rx| drop(rx.blocking_wait_for_timeout(Duration::from_secs(60), |_| quiet_panic())),
        |rx| drop(rx.blocking_wait_for_deadline(Instant::now(), |_| quiet_panic())),
        |rx| drop(rx.blocking_wait_for_timeout(Duration::ZERO, |_| quiet_panic())),
    ];
    for wait in waits {
        assert!(tx.send(Payload::new(&ledger)).is_ok());
        assert_eq!(rx.has_changed(), Ok(true));
        panics(|| wait(&mut rx));
        assert_eq!(rx.has_changed(), Ok(false));
        rx.mark_changed();
        panics(|| wait(&mut rx));
        assert_eq!(rx.has_changed(), Ok(false));
    }

    // A future may be polled again, and then waits for the next one.
    let task = Task::new();
    let (looks, panics_at) = (Cell::new(0), Cell::new(1));
    let mut wait_for = rx.wait_for(|_| {
        looks.set(looks.get() + 1);
        if looks.get() == panics_at.get() {
            quiet_panic();
        }
        false
    });
    panics(|| task.poll(&mut wait_for));
    assert!(task.poll(&mut wait_for).is_pending());
    assert_eq!(looks.get(), 1, "the same value is not looked at twice");
    panics_at.set(2);
    task.seen();
    assert!(tx.send(Payload::new(&ledger)).is_ok());
    assert_eq!(task.seen().woken, 1);
    panics(|| task.poll(&mut wait_for));
    assert!(task.poll(&mut wait_for).is_pending());
    drop(wait_for);
    assert_eq!(rx.has_changed(), Ok(false));
    assert_eq!(rx.skipped(), 0);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_thread_that_waits_and_whose_predicate_panics_leaves_the_channel_to_others() {
    watched(|watch| {
        let (tx, mut rx) = channel(Arc::new(0));
        let mut other = rx.clone();
        let sleeper = Sleeper::default();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let _running = watch.running("receiver");
                sleeper.is_this_thread();
                panics(|| {
                    rx.blocking_wait_for(|value| {
                        if **value == 1 {
                            quiet_panic();
                        }
                        false
                    })
                    .map(|value| **value)
                });
                rx
            });
            sleeper.until_asleep();
            let value = Arc::new(1);
            tx.send(value.clone()).unwrap();
            let mut rx = receiver.join().unwrap();
            assert_eq!(rx.has_changed(), Ok(false));
            assert_eq!(Arc::strong_count(&value), 2, "the look has ended");
            tx.send(Arc::new(2)).unwrap();
            assert_eq!(Arc::strong_count(&value), 1);
            assert_eq!(rx.blocking_wait_for(|_| true).map(|value| **value), Ok(2));
            assert_eq!(other.blocking_wait_for(|_| true).map(|value| **value), Ok(2));
        });
    });
}

/// Its drop panics.
struct Bomb;

impl Drop for Bomb {
    fn drop(&mut self) {
        if !thread::panicking() {
            quiet_panic();
        }
    }
}

/// The compiler itself leaks what a function is about to return when the drop of something else panics
/// (<https://github.com/rust-lang/rust/issues/47949>).
#[test]
fn a_panic_as_a_call_returns_leaks_nothing() {
    // The drop of a predicate.
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel(Payload::new(&ledger));
    let bomb = Bomb;
    let wanted = move |_: &Payload<'_>| {
        let _held = &bomb;
        true
    };
    panics(|| rx.blocking_wait_for_timeout(Duration::ZERO, wanted));
    drop((tx, rx));
    ledger.assert_each_dropped_once();

    // The drop of the value just sent, which a waker replaces at once.
    let ledger = Ledger::new(10);
    thread::scope(|scope| {
        // A waker is `'static`: the send is done elsewhere, while it waits.
        let (tx, mut rx) = channel(Payload::new(&ledger));
        let (woken, is_woken) = std::sync::mpsc::channel();
        let (replaced, is_replaced) = std::sync::mpsc::channel::<()>();
        let (woken, is_replaced) =
            (std::sync::Mutex::new(woken), std::sync::Mutex::new(is_replaced));
        let task = Task::with(move |event| {
            if event == Event::Wake {
                woken.lock().unwrap().send(()).unwrap();
                is_replaced.lock().unwrap().recv().unwrap();
            }
        });
        let mut changed = rx.changed();
        assert!(task.poll(&mut changed).is_pending());
        let other = tx.clone();
        let ledger = &ledger;
        scope.spawn(move || {
            is_woken.recv().unwrap();
            assert!(other.send(Payload::new(ledger)).is_ok());
            replaced.send(()).unwrap();
        });
        panics(|| tx.send_replace(Payload::panicking(ledger, Event::Drop)));
    });
    ledger.assert_each_dropped_once();
}

/// A send that another one was faster than lets the value go that it had looked at; if that is the last one
/// who does, the drop is its, before anything is stored.
#[test]
fn a_send_that_loses_a_race_may_panic_with_the_value_that_the_winner_replaced() {
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel(Payload::panicking(&ledger, Event::Drop));
    let is_first = Cell::new(true);
    panics(|| {
        tx.send_modify(|_| {
            if is_first.take() {
                // The clone that is modified is 1.
                assert!(tx.send(Payload::new(&ledger)).is_ok());
            }
        });
    });
    assert_eq!(rx.borrow_and_update().id(), 2, "only the other one's was stored");
    assert_eq!(ledger.dropped(), [0, 1]);
    still_works(tx, rx, &ledger);
}
