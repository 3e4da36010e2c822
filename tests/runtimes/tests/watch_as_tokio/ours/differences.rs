//! What differs from tokio's, and what there is besides.

use super::watch::{self, Ref};
use crate::{
    on_tokio::MultiThread,
    runtime::{Runtime, until, yield_times},
    tools::{Polled, at_once, has, is_unpin, panics, waits},
    watchdog::watched,
};
use futures::{StreamExt, future::FusedFuture, poll, stream::FusedStream};
use std::{
    cell::Cell,
    fmt::Debug,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
};
use tokio::task::coop::{cooperative, unconstrained};
use watch::error::{RecvError, RecvTimeoutError};

/// It has no trait but those that every type has.
struct Plain;

/// A value that counts its clones, and panics instead if it is told to.
struct Cloned<'a> {
    clones: &'a AtomicUsize,
    panics: &'a AtomicBool,
}

impl Clone for Cloned<'_> {
    fn clone(&self) -> Self {
        assert!(!self.panics.load(SeqCst), "no clone");
        self.clones.fetch_add(1, SeqCst);
        Self { ..*self }
    }
}

#[test]
fn a_look_delays_nobody_and_stays_what_it_is() {
    watched(|watch| {
        let _running = watch.running("a_look_delays_nobody_and_stays_what_it_is");
        let (tx, mut rx) = watch::channel(1);
        let other = rx.clone();
        let first = other.borrow();
        tx.send(2).unwrap();
        let second = tx.borrow();
        let replaced = tx.send_replace(3);
        let third = rx.borrow_and_update();
        tx.send_modify(|value| *value += 1);
        assert!(tx.send_if_modified(|value| {
            *value += 1;
            true
        }));
        assert_eq!((*first, *second, *replaced, *third), (1, 2, 2, 3));
        assert_eq!((first.has_changed(), third.has_changed()), (false, true));
        drop(third);
        assert_eq!((*rx.borrow(), *tx.borrow()), (5, 5));
    });
}

#[test]
fn there_may_be_more_looks_than_are_cheap() {
    let (tx, rx) = watch::channel(0);
    let mut looks = Vec::new();
    for value in 1..=100 {
        looks.push(rx.borrow());
        looks.push(tx.borrow());
        tx.send(value).unwrap();
    }
    assert!(looks.iter().map(|look| **look).eq((0..100).flat_map(|value| [value; 2])));
}

#[test]
fn a_look_may_go_to_another_thread_and_stay_there() {
    assert!(has!(Ref<'static, u8>: Send));
    watched(|watch| {
        let _running = watch.running("a task that looks");
        MultiThread::run(|runtime| async move {
            let (tx, mut rx) = watch::channel(String::from("first"));
            let looked = Arc::new(AtomicBool::new(false));
            let has_looked = looked.clone();
            let task = runtime.spawn(async move {
                let mut looks = 0;
                loop {
                    let before = rx.borrow().len();
                    let look = rx.borrow_and_update();
                    looked.store(true, SeqCst);
                    // In another thread, maybe, and while the sender sends.
                    yield_times(3).await;
                    assert!(look.len() >= before);
                    looks += 1;
                    drop(look);
                    if rx.changed().await.is_err() {
                        break looks;
                    }
                }
            });
            until(|| has_looked.load(SeqCst)).await;
            for length in 5..500 {
                tx.send("x".repeat(length)).unwrap();
                if length % 7 == 0 {
                    yield_times(1).await;
                }
            }
            drop(tx);
            assert!(task.await >= 2);
        });
    });
}

#[test]
fn a_look_at_what_was_replaced_keeps_it() {
    let value = Arc::new(());
    let left = Arc::downgrade(&value);
    let (tx, rx) = watch::channel(value);
    let look = rx.borrow();
    tx.send(Arc::new(())).unwrap();
    assert_eq!(left.strong_count(), 1);
    drop(look);
    assert_eq!(left.strong_count(), 0);
}

#[test]
fn a_replaced_value_comes_as_a_look() {
    let (tx, rx) = watch::channel(String::from("first"));
    let look = rx.borrow();
    let replaced = tx.send_replace(String::from("second"));
    assert_eq!((replaced.as_str(), replaced.has_changed()), ("first", false));
    let replaced = Ref::try_unwrap(replaced).unwrap_err();
    assert_eq!(*replaced, "first");
    drop(look);
    assert_eq!(Ref::try_unwrap(replaced).unwrap(), "first");
    assert!(Ref::try_unwrap(rx.borrow()).is_err());
    assert_eq!(*rx.borrow(), "second");
}

#[test]
fn a_look_is_shown_as_its_value() {
    let (tx, rx) = watch::channel(1);
    tx.send(2).unwrap();
    assert_eq!(rx.borrow().to_string(), "2");
    assert_eq!(format!("{:03}", rx.borrow()), "002");
    assert_eq!(format!("{:?}", rx.borrow()), "Ref { value: 2, has_changed: true }");
    assert!(!has!(Ref<'static, Plain>: Debug));
}

#[test]
fn handles_are_shown_whatever_the_values() {
    let (tx, mut rx) = watch::channel(Plain);
    assert_eq!(format!("{tx:?} {rx:?}"), "Sender { .. } Receiver { .. }");
    assert_eq!(format!("{:?}", tx.closed()), "ClosedFuture { .. }");
    assert_eq!(format!("{:?}", rx.changed()), "ChangedFuture { .. }");
    assert_eq!(format!("{:?}", rx.wait_for(|_| true)), "WaitForFuture { .. }");
}

#[test]
fn a_clone_is_modified() {
    let (clones, panics) = <(AtomicUsize, AtomicBool)>::default();
    let (tx, rx) = watch::channel(Cloned { clones: &clones, panics: &panics });
    let before = rx.borrow();
    let address = std::ptr::from_ref(&*before);
    tx.send_modify(|value| assert!(!std::ptr::eq(value, address)));
    assert_eq!(clones.load(SeqCst), 1);
    assert!(!tx.send_if_modified(|_| false));
    assert_eq!(clones.load(SeqCst), 2);
    assert!(!std::ptr::eq(&raw const *rx.borrow(), address));
    // To send, to look and to clone a handle need none.
    let other = rx.clone();
    drop((tx.subscribe(), tx.clone(), other.borrow()));
    assert_eq!(clones.load(SeqCst), 2);
}

#[test]
fn a_modification_that_is_denied_has_not_been() {
    let (tx, rx) = watch::channel(1);
    assert!(!tx.send_if_modified(|value| {
        *value = 2;
        false
    }));
    assert_eq!((*tx.borrow(), *rx.borrow()), (1, 1));
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn what_a_search_waited_for_is_new() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| *value == 1));
    tx.send(1).unwrap();
    let found = wait.end().unwrap();
    assert!(found.has_changed());
}

#[test]
fn what_was_modified_before_a_panic_has_not_been() {
    let (tx, mut rx) = watch::channel(1);
    let mut other = rx.clone();
    let mut changed = Polled::waiting(other.changed());
    let message = panics(|| {
        tx.send_modify(|value| {
            *value = 2;
            panic!("half done");
        });
    });
    assert_eq!(message, "half done");
    panics(|| {
        tx.send_if_modified(|value| {
            *value = 3;
            panic!("half done");
        })
    });
    assert_eq!(changed.wakes(), 0);
    assert!(changed.waits());
    assert_eq!((*tx.borrow(), *rx.borrow()), (1, 1));
    assert!(!rx.has_changed().unwrap());
    // Nor is it a change that was skipped.
    tx.send(4).unwrap();
    assert_eq!(*rx.borrow_and_update(), 4);
    assert_eq!(rx.skipped(), 0);
}

#[test]
fn a_clone_that_panics_changes_nothing() {
    let (clones, panicking) = (AtomicUsize::new(0), AtomicBool::new(true));
    let (tx, rx) = watch::channel(Cloned { clones: &clones, panics: &panicking });
    assert_eq!(panics(|| tx.send_modify(|_| panic!("there is no clone"))), "no clone");
    assert!(!rx.has_changed().unwrap());
    panicking.store(false, SeqCst);
    tx.send_modify(|_| {});
    assert!(rx.has_changed().unwrap());
}

/// In tokio's, each of these is a deadlock or a panic.
#[test]
fn a_modification_may_use_the_channel_and_begins_again_then() {
    watched(|watch| {
        let _running = watch.running("a_modification_may_use_the_channel_and_begins_again_then");
        let (tx, mut rx) = watch::channel(1);
        let mut begun = Vec::new();
        tx.send_modify(|value| {
            begun.push(*value);
            if begun.len() == 1 {
                tx.send(10).unwrap();
            }
            *value += *rx.borrow();
        });
        assert_eq!(begun, [1, 10]);
        assert_eq!(*rx.borrow_and_update(), 20);

        let mut begun = 0;
        // The second time there is nothing to do.
        assert!(!tx.send_if_modified(|value| {
            begun += 1;
            if begun == 1 {
                tx.send(30).unwrap();
            }
            *value < 30
        }));
        assert_eq!((begun, *rx.borrow_and_update()), (2, 30));
        let found = at_once(rx.wait_for(|value| {
            tx.send(value + 1).unwrap();
            *value == 32
        }));
        assert_eq!(*found.unwrap(), 32);
        assert_eq!(*rx.borrow(), 33);
    });
}

#[test]
fn skipped_changes_are_counted() {
    let (tx, mut rx) = watch::channel(0);
    assert_eq!(rx.skipped(), 0);
    tx.send(1).unwrap();
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(rx.skipped(), 0);
    for value in 2..=5 {
        tx.send(value).unwrap();
    }
    assert_eq!(*rx.borrow(), 5);
    assert_eq!(rx.skipped(), 0, "nothing was marked as seen");
    assert_eq!(*rx.borrow_and_update(), 5);
    assert_eq!(rx.skipped(), 3);
    assert_eq!(*rx.borrow_and_update(), 5);
    rx.mark_changed();
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(rx.skipped(), 3, "a mark is no value");
    rx.mark_changed();
    tx.send(5).unwrap();
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(rx.skipped(), 3, "nor is there one between it and the next");

    let (clone, subscribed) = (rx.clone(), tx.subscribe());
    assert_eq!((clone.skipped(), subscribed.skipped()), (3, 0));
    for value in 6..=8 {
        tx.send(value).unwrap();
    }
    rx.mark_unchanged();
    assert_eq!(rx.skipped(), 5);
    tx.send(9).unwrap();
    tx.send(10).unwrap();
    assert_eq!(*at_once(rx.wait_for(|value| *value == 10)).unwrap(), 10);
    assert_eq!((rx.skipped(), clone.skipped()), (6, 3));
}

#[test]
fn a_receiver_is_a_stream_of_what_it_has_not_seen() {
    let (tx, mut rx) = watch::channel(0);
    assert!(waits(rx.next()));
    rx.mark_changed();
    assert_eq!(at_once(rx.next()), Some(0));
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(at_once(rx.next()), Some(2));
    tx.send(3).unwrap();
    drop(tx);
    assert!(!rx.is_terminated());
    assert_eq!(at_once(rx.next()), Some(3));
    assert!(!rx.is_terminated());
    assert_eq!(at_once(rx.next()), None);
    assert!(rx.is_terminated());
    assert_eq!(at_once(rx.next()), None);
}

#[test]
fn waits_need_no_pin_and_know_their_end() {
    fn ends(mut future: impl FusedFuture + Unpin) {
        assert!(!future.is_terminated());
        at_once(&mut future);
        assert!(future.is_terminated());
        let polled_again = panics(move || at_once(future));
        assert!(polled_again.contains("polled after it had finished"), "{polled_again}");
    }

    let (tx, mut rx) = watch::channel(0);
    assert!(is_unpin!(tx.closed()));
    assert!(is_unpin!(rx.changed()));
    assert!(is_unpin!(rx.wait_for(|_| true)));
    rx.mark_changed();
    ends(rx.changed());
    ends(rx.wait_for(|value| *value == 0));
    drop(rx);
    ends(tx.closed());
}

/// A wait for a value that panicked may be polled again.
#[test]
fn a_question_that_panics_may_be_asked_again() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::new(rx.wait_for(|value| {
        assert!(*value != 0, "not yet");
        *value == 2
    }));
    assert_eq!(panics(|| wait.waits()), "not yet");
    assert!(wait.waits());
    tx.send(1).unwrap();
    assert_eq!(wait.wakes(), 1);
    assert!(wait.waits());
    tx.send(2).unwrap();
    assert_eq!(*wait.end().unwrap(), 2);
}

/// How many waits of one receiver in a row are ready, if each finds a change.
async fn ready_in_a_row() -> usize {
    let (tx, mut rx) = watch::channel(0);
    let mut ready = 0;
    while ready < 1000 {
        tx.send(1).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            break;
        }
        ready += 1;
    }
    ready
}

/// A wait is charged to the budget of its handle, whatever runs the task.
#[tokio::test]
async fn the_budget_is_the_handles() {
    for _ in 0..3 {
        assert_eq!(ready_in_a_row().await, 128);
        assert_eq!(unconstrained(ready_in_a_row()).await, 128, "tokio does not switch it off");
    }
    assert_eq!(std::thread::spawn(|| at_once(ready_in_a_row())).join().unwrap(), 128);
}

/// And to that of tokio's task, by `cooperative`, whatever the handle.
#[tokio::test]
async fn a_wait_can_be_charged_to_the_task() {
    let mut ready = 0;
    loop {
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        if poll!(pin!(cooperative(rx.changed()))).is_pending() {
            assert_eq!(rx.has_changed(), Ok(true), "it was marked as seen");
            break;
        }
        ready += 1;
        assert!(ready < 1000);
    }
    assert!(ready > 0);
}

/// A flood of values that are not wanted, in one poll, does not keep other tasks waiting.
#[test]
fn a_flood_of_unwanted_values_ends_a_poll() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        if *value < 1_000 {
            tx.send(value + 1).unwrap();
        }
        *value == 1_000
    }));
    let mut polls = 1;
    while wait.waits() {
        assert!(wait.wakes() >= 1, "it sleeps, with a value there");
        polls += 1;
        assert!(polls <= 1_000);
    }
    assert!(polls > 1);
}

#[test]
fn errors_are_compared_and_turned_into_those_of_timeouts() {
    let (tx, mut rx) = watch::channel(0);
    drop(tx);
    let error: RecvError = at_once(rx.changed()).unwrap_err();
    let copy = error;
    assert_eq!(rx.has_changed(), Err(error));
    assert_eq!(RecvTimeoutError::from(copy), RecvTimeoutError::Disconnected);
    let error: watch::error::SendError<_> = watch::Sender::new(0).send(1).unwrap_err();
    assert_eq!(error.into_inner(), 1);
}

/// As an `Arc` of it can.
#[test]
fn handles_can_be_used_after_a_panic_if_the_value_can_through_a_reference() {
    type Cells = Cell<u8>;
    assert!(!has!(Arc<Cells>: UnwindSafe) && !has!(Arc<Cells>: RefUnwindSafe));
    assert!(!has!(watch::Sender<Cells>: UnwindSafe) && !has!(watch::Sender<Cells>: RefUnwindSafe));
    assert!(!has!(watch::Receiver<Cells>: UnwindSafe));
    assert!(!has!(watch::Receiver<Cells>: RefUnwindSafe));
    assert!(!has!(Ref<'static, Cells>: UnwindSafe) && !has!(Ref<'static, Cells>: RefUnwindSafe));
    // `&mut u8` is not unwind safe, but a shared reference to it is.
    assert!(has!(watch::Sender<&'static mut u8>: UnwindSafe));
    assert!(has!(watch::Receiver<&'static mut u8>: UnwindSafe));
    assert!(has!(Ref<'static, &'static mut u8>: UnwindSafe));
}

type WaitFor<T> = watch::WaitForFuture<'static, T, fn(&T) -> bool>;

/// Those that hold the receiver's mutable reference are only looked at.
#[test]
fn waits_can_be_used_after_a_panic() {
    fn can<F: Future + UnwindSafe>(_: F) {}
    let (tx, _rx) = watch::channel(0);
    can(tx.closed());
    let (tx, _rx) = watch::channel(Cell::new(0));
    can(tx.closed());
    assert!(!has!(watch::ChangedFuture<'static, u8>: UnwindSafe));
    assert!(has!(watch::ChangedFuture<'static, u8>: RefUnwindSafe));
    assert!(!has!(watch::ChangedFuture<'static, Cell<u8>>: RefUnwindSafe));
    assert!(!has!(WaitFor<u8>: UnwindSafe) && has!(WaitFor<u8>: RefUnwindSafe));
    assert!(!has!(WaitFor<Cell<u8>>: RefUnwindSafe));
}
