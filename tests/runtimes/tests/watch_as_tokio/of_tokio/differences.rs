//! What tokio's documentation says of its own `watch`, and does not hold for the other.

use super::watch;
use crate::{
    tools::{Polled, at_once, has, is_unpin, panics},
    watchdog::watched,
};
use futures::poll;
use std::{
    cell::Cell,
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};
use tokio::task::coop::unconstrained;

/// It has no trait but those that every type has.
struct Plain(u8);

#[test]
fn values_are_modified_where_they_are() {
    let (tx, rx) = watch::channel(Plain(1));
    tx.send_modify(|value| value.0 += 1);
    let before = std::ptr::from_ref(&*rx.borrow());
    assert!(tx.send_if_modified(|value| {
        value.0 += 1;
        true
    }));
    assert_eq!(rx.borrow().0, 3);
    assert_eq!(std::ptr::from_ref(&*rx.borrow()), before);
}

#[test]
fn a_modification_may_use_up_what_it_holds() {
    let (tx, rx) = watch::channel(String::new());
    let (first, second) = (String::from("first"), String::from("second"));
    tx.send_modify(move |value| *value = first);
    assert_eq!(*rx.borrow(), "first");
    assert!(tx.send_if_modified(move |value| {
        *value = second;
        true
    }));
    assert_eq!(*rx.borrow(), "second");
}

#[test]
fn a_modification_that_is_denied_is_silent() {
    let (tx, mut rx) = watch::channel(1);
    let mut other = tx.subscribe();
    let mut changed = Polled::waiting(other.changed());
    assert!(!tx.send_if_modified(|value| {
        *value = 2;
        false
    }));
    assert_eq!(changed.wakes(), 0);
    assert!(changed.waits());
    assert!(!rx.has_changed().unwrap());
    assert_eq!((*tx.borrow(), *rx.borrow()), (2, 2));
    assert_eq!(*rx.borrow_and_update(), 2);
}

#[test]
fn what_a_search_waited_for_is_not_new() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| *value == 1));
    tx.send(1).unwrap();
    let found = wait.end().unwrap();
    assert!(!found.has_changed());
}

#[test]
fn what_was_modified_before_a_panic_is_there() {
    let (tx, rx) = watch::channel(1);
    let message = panics(|| {
        tx.send_modify(|value| {
            *value = 2;
            panic!("half done");
        });
    });
    assert_eq!((message.as_str(), *rx.borrow()), ("half done", 2));
    assert!(!rx.has_changed().unwrap());
    panics(|| {
        tx.send_if_modified(|value| {
            *value = 3;
            panic!("half done");
        })
    });
    assert_eq!(*rx.borrow(), 3);
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn a_replaced_value_comes_by_itself() {
    let (tx, _rx) = watch::channel(1);
    assert_eq!(tx.send_replace(2), 1);
    assert_eq!(tx.send_replace(3), 2);
}

#[test]
fn a_look_is_a_lock_of_this_thread() {
    assert!(!has!(watch::Ref<'static, u8>: Send));
}

/// That it could not return before can be seen without a clock: what comes before the look's end has
/// happened when it returns.
#[test]
fn a_look_delays_a_send() {
    watched(|watch| {
        let _running = watch.running("a sender");
        let (tx, rx) = watch::channel(1);
        let (begun, ended) = (AtomicBool::new(false), AtomicBool::new(false));
        thread::scope(|scope| {
            let value = rx.borrow();
            let sender = scope.spawn(|| {
                begun.store(true, SeqCst);
                tx.send(2).unwrap();
                ended.load(SeqCst)
            });
            while !begun.load(SeqCst) {
                thread::yield_now();
            }
            for _ in 0..100 {
                thread::yield_now();
            }
            assert_eq!(*value, 1);
            ended.store(true, SeqCst);
            drop(value);
            assert!(sender.join().unwrap());
        });
        assert_eq!(*rx.borrow(), 2);
    });
}

#[test]
fn handles_are_shown_where_values_are() {
    assert!(!has!(watch::Sender<Plain>: Debug) && !has!(watch::Receiver<Plain>: Debug));
}

#[test]
fn waits_are_pinned() {
    let (tx, mut rx) = watch::channel(1);
    assert!(!is_unpin!(tx.closed()));
    assert!(!is_unpin!(rx.changed()));
    assert!(!is_unpin!(rx.wait_for(|_| true)));
}

/// How many waits of different receivers in a row are ready, if each finds a change.
async fn ready_in_a_row() -> usize {
    let mut ready = 0;
    while ready < 1000 {
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            break;
        }
        ready += 1;
    }
    ready
}

/// Waits are charged to the budget of the runtime's task, which all that it uses share.
#[tokio::test]
async fn the_budget_is_the_tasks() {
    assert!((1..1000).contains(&ready_in_a_row().await));
    assert_eq!(unconstrained(ready_in_a_row()).await, 1000, "it can be switched off");
}

#[test]
fn outside_of_a_task_there_is_no_budget() {
    assert_eq!(at_once(ready_in_a_row()), 1000);
}

#[test]
fn handles_can_be_used_after_a_panic_whatever_the_value() {
    assert!(has!(watch::Sender<Cell<u8>>: UnwindSafe));
    assert!(has!(watch::Sender<Cell<u8>>: RefUnwindSafe));
    assert!(has!(watch::Receiver<Cell<u8>>: UnwindSafe));
    assert!(has!(watch::Receiver<Cell<u8>>: RefUnwindSafe));
}
