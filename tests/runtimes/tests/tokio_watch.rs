//! Tokio's `watch`: what holds for both crates, and what tokio documents but the other does not do.

use futures::poll;
use overwrite_channel_runtimes::{
    is, is_not,
    polled::{Polled, at_once},
};
use std::{
    cell::Cell,
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::pin,
    ptr,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};
use support::{
    panics::{panics, strike},
    watchdog::watched,
};
use tokio::{sync::watch, task::coop::unconstrained};

mod watch_as_tokio;

/// Returns the value that `send_replace` returned.
fn old<T>(replaced: T) -> T {
    replaced
}

const SEND_ERROR: &str = "channel closed";
const RECV_ERROR: &str = "channel closed";
const RECV_ERROR_DEBUG: &str = "RecvError(())";

/// It has no trait but those that every type has.
struct Plain(u8);

#[test]
fn values_are_modified_where_they_are_by_closures_that_may_use_up_what_they_hold() {
    let (tx, rx) = watch::channel(Plain(1));
    let before = ptr::from_ref(&*rx.borrow());
    let (first, second) = (Box::new(2), Box::new(3));
    tx.send_modify(move |value| value.0 = *Box::leak(first));
    assert_eq!(rx.borrow().0, 2);
    assert!(tx.send_if_modified(move |value| {
        value.0 = *second;
        drop(second);
        true
    }));
    assert_eq!(rx.borrow().0, 3);
    assert_eq!(ptr::from_ref(&*rx.borrow()), before);
}

#[test]
fn a_modification_that_is_denied_or_panics_is_silent() {
    let modifications: [fn(&watch::Sender<u8>); 3] = [
        |tx| {
            assert!(!tx.send_if_modified(|value| {
                *value = 2;
                false
            }));
        },
        |tx| {
            panics(|| {
                tx.send_modify(|value| {
                    *value = 2;
                    strike();
                });
            });
        },
        |tx| {
            panics(|| {
                tx.send_if_modified(|value| {
                    *value = 2;
                    strike();
                    true
                })
            });
        },
    ];
    for modify in modifications {
        let (tx, mut rx) = watch::channel(1);
        let mut other = tx.subscribe();
        let mut changed = Polled::waiting(other.changed());
        modify(&tx);
        assert!(changed.wakes() == 0 && changed.waits());
        assert!(!rx.has_changed().unwrap());
        assert_eq!((*tx.borrow(), *rx.borrow_and_update()), (2, 2));
    }
}

#[test]
fn what_a_search_waited_for_is_not_new() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| *value == 1));
    tx.send(1).unwrap();
    assert!(!wait.end().unwrap().has_changed());
}

#[test]
fn a_replaced_value_comes_by_itself() {
    let (tx, _rx) = watch::channel(1);
    assert_eq!(tx.send_replace(2), 1);
    assert_eq!(tx.send_replace(3), 2);
}

/// That it could not return before can be seen without a clock: what comes before the look's end has happened when it
/// returns.
#[test]
fn a_look_delays_a_send() {
    watched(|_| {
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
            (0..100).for_each(|_| thread::yield_now());
            assert_eq!(*value, 1);
            ended.store(true, SeqCst);
            drop(value);
            assert!(sender.join().unwrap());
        });
        assert_eq!(*rx.borrow(), 2);
    });
}

#[test]
fn traits_that_the_other_has_not_or_only_the_other_has() {
    fn is_pinned<Choice, F: NotUnpin<Choice>>(_: &F) {}
    trait NotUnpin<Choice> {}
    impl<F> NotUnpin<()> for F {}
    impl<F: Unpin> NotUnpin<u8> for F {}

    // A look is a lock of its thread.
    is_not!(watch::Ref<'static, u8>: Send);
    // Handles are shown where values are, and can be used after a panic whatever the value.
    is_not!(watch::Sender<Plain>: Debug);
    is_not!(watch::Receiver<Plain>: Debug);
    is!(watch::Sender<Cell<u8>>: UnwindSafe, RefUnwindSafe);
    is!(watch::Receiver<Cell<u8>>: UnwindSafe, RefUnwindSafe);
    let (tx, mut rx) = watch::channel(1);
    is_pinned(&tx.closed());
    is_pinned(&rx.changed());
    is_pinned(&rx.wait_for(|_| true));
}

/// Returns how many waits of different receivers in a row are ready, if each finds a change.
async fn ready_in_a_row() -> usize {
    for ready in 0..1000 {
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            return ready;
        }
    }
    1000
}

/// Waits are charged to the budget of the runtime's task, which all that it uses share. Outside of a task there is none.
#[tokio::test]
async fn the_budget_is_the_tasks() {
    assert!((1..1000).contains(&ready_in_a_row().await));
    assert_eq!(unconstrained(ready_in_a_row()).await, 1000, "it can be switched off");
    assert_eq!(thread::spawn(|| at_once(ready_in_a_row())).join().unwrap(), 1000);
}
