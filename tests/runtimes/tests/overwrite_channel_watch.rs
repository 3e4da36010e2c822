//! This crate's `watch`: what holds for both crates, what it does otherwise than tokio's, and what it has besides.

use futures::poll;
use overwrite_channel::watch::{
    self, ChangedFuture, ClosedFuture, Ref,
    error::{RecvError, RecvTimeoutError, SendError},
};
use std::{
    cell::Cell,
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::pin,
    sync::Arc,
    thread,
};
use support::{assert_is, watchdog::watched};
use tokio::task::coop::{cooperative, unconstrained};

mod watch_as_tokio;
use watch_as_tokio::{at_once, cooperation::ready_in_a_row};

/// Returns the value that `send_replace` returned, or a clone of it if a sender or receiver still looks at it.
fn old<T: Clone>(replaced: Ref<'static, T>) -> T {
    Ref::try_unwrap(replaced).unwrap_or_else(|shared| shared.clone())
}

/// Whether a modification stays that its closure denies, or after which the closure panics.
const FAILED_MODIFICATION_STAYS: bool = false;
/// Whether the `Ref` of a `wait_for` that had to wait says that the value is new.
const WAITED_FOR_IS_NEW: bool = true;
/// Whether `send_modify` changes the value where it is, or a clone of it.
const MODIFIES_IN_PLACE: bool = false;
const SEND_ERROR: &str = "sending on a channel without receivers";
const RECV_ERROR: &str = "receiving on a channel without senders";
const RECV_ERROR_DEBUG: &str = "RecvError";

type WaitFor<T> = watch::WaitForFuture<'static, T, fn(&T) -> bool>;

/// It has no trait but those that every type has.
struct Plain;

#[test]
fn a_look_delays_no_send_and_stays_what_it_is() {
    watched(|_| {
        let (tx, mut rx) = watch::channel(1);
        let first = tx.borrow();
        let replaced = tx.send_replace(2);
        let second = rx.borrow_and_update();
        tx.send_modify(|value| *value += 1);
        assert_eq!((*first, *replaced, *second, *tx.borrow()), (1, 1, 2, 3));
        assert!(!first.has_changed() && !replaced.has_changed() && second.has_changed());
    });
}

#[test]
fn looks_are_shown_as_their_values_and_handles_and_waits_whatever_the_value() {
    let look = watch::channel(2).1.borrow();
    assert_eq!(format!("{look} {look:03}"), "2 002");
    assert_eq!(format!("{look:?}"), "Ref { value: 2, has_changed: false }");
    assert_is! { Ref<'static, Plain>: Debug = false; }
    let (tx, mut rx) = watch::channel(Plain);
    assert_eq!(format!("{tx:?} {rx:?}"), "Sender { .. } Receiver { .. }");
    assert_eq!(format!("{:?}", tx.closed()), "ClosedFuture { .. }");
    assert_eq!(format!("{:?}", rx.changed()), "ChangedFuture { .. }");
    assert_eq!(format!("{:?}", rx.wait_for(|_| true)), "WaitForFuture { .. }");
}

/// In tokio's, each of these is a deadlock or a panic.
#[test]
fn a_closure_may_use_the_channel_and_a_modification_begins_again_then() {
    watched(|_| {
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
fn looks_go_to_other_threads_and_waits_need_no_pin() {
    assert_is! {
        Ref<'static, u8>: Send = true;
        ClosedFuture<'static>: Unpin = true;
        ChangedFuture<'static, u8>: Unpin = true;
        WaitFor<u8>: Unpin = true;
    }
}

/// A wait is charged to the budget of its handle, whatever runs the task.
#[tokio::test]
async fn the_budget_is_the_handles() {
    for _ in 0..3 {
        assert_eq!(ready_in_a_row(false).await, 128);
        assert_eq!(unconstrained(ready_in_a_row(false)).await, 128, "tokio does not switch it off");
    }
    assert_eq!(thread::spawn(|| at_once(ready_in_a_row(false))).join().unwrap(), 128);
}

/// It is charged to that of tokio's task by `cooperative`, too, whatever the handle.
#[tokio::test]
async fn a_wait_can_be_charged_to_the_task() {
    for ready in 0..1000 {
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        if poll!(pin!(cooperative(rx.changed()))).is_pending() {
            assert_eq!(rx.has_changed(), Ok(true), "it was marked as seen");
            return assert!(ready > 0);
        }
    }
    panic!("it is not charged");
}

#[test]
fn errors_are_compared_and_turned_into_those_of_timeouts() {
    assert_is! { RecvError: Copy = true, Eq = true; }
    assert_eq!(RecvTimeoutError::from(RecvError), RecvTimeoutError::Disconnected);
    let error: SendError<_> = watch::Sender::new(0).send(1).unwrap_err();
    assert_eq!(error.into_inner(), 1);
}

/// Handles and their waits, as an `Arc`, if the value can through a reference.
#[test]
fn what_can_be_used_after_a_panic() {
    type Cells = Cell<u8>;
    fn can<F: Future + UnwindSafe>(_: F) {}

    assert_is! {
        Arc<Cells>: UnwindSafe = false, RefUnwindSafe = false;
        watch::Sender<Cells>: UnwindSafe = false, RefUnwindSafe = false;
        watch::Receiver<Cells>: UnwindSafe = false, RefUnwindSafe = false;
        Ref<'static, Cells>: UnwindSafe = false, RefUnwindSafe = false;
        // `&mut u8` is not unwind safe, but a shared reference to it is.
        watch::Sender<&'static mut u8>: UnwindSafe = true;
        watch::Receiver<&'static mut u8>: UnwindSafe = true;
        Ref<'static, &'static mut u8>: UnwindSafe = true;
        ChangedFuture<'static, u8>: UnwindSafe = true, RefUnwindSafe = true;
        WaitFor<u8>: UnwindSafe = true, RefUnwindSafe = true;
        ChangedFuture<'static, Cells>: UnwindSafe = false, RefUnwindSafe = false;
        WaitFor<Cells>: UnwindSafe = false, RefUnwindSafe = false;
        watch::WaitForFuture<'static, u8, &'static Cells>: UnwindSafe = false;
    }
    can(watch::Sender::new(0).closed());
    can(watch::Sender::new(Cell::new(0)).closed());
}
