//! This crate's `watch`: what holds for both crates, what it does otherwise than tokio's, and what it has besides.

use futures::{future::FusedFuture, poll};
use overwrite_channel::watch::{
    self, Ref,
    error::{RecvError, RecvTimeoutError, SendError},
};
use overwrite_channel_runtimes::{
    is, is_not, on_each_runtime,
    polled::{Polled, at_once},
    runtime::{Runtime, Waiting, yield_times},
};
use std::{
    cell::Cell,
    fmt::Debug,
    panic::{AssertUnwindSafe, RefUnwindSafe, UnwindSafe, catch_unwind},
    pin::pin,
    ptr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};
use support::{
    ledger::Ledger,
    panics::{panics, strike},
    rounds::rounds,
    watchdog::watched,
};
use tokio::task::coop::{cooperative, unconstrained};

mod watch_as_tokio;

on_each_runtime! { a_look_may_go_to_another_thread_and_stay_there }

/// Returns the value that `send_replace` returned, or a clone of it if a sender or receiver still looks at it.
fn old<T: Clone>(replaced: Ref<'static, T>) -> T {
    Ref::try_unwrap(replaced).unwrap_or_else(|shared| shared.clone())
}

const SEND_ERROR: &str = "sending on a channel without receivers";
const RECV_ERROR: &str = "receiving on a channel without senders";
const RECV_ERROR_DEBUG: &str = "RecvError";

/// It has no trait but those that every type has.
struct Plain;

#[test]
fn a_look_delays_no_send_and_stays_what_it_is() {
    watched(|_| {
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

fn a_look_may_go_to_another_thread_and_stay_there<R: Runtime>() {
    is!(Ref<'static, u8>: Send);
    R::run(|runtime| async move {
        let (tx, mut rx) = watch::channel(String::from("first"));
        let looked = Waiting::default();
        let task = runtime.spawn({
            let looked = looked.clone();
            async move {
                let mut looks = 0;
                loop {
                    let before = rx.borrow().len();
                    let look = rx.borrow_and_update();
                    // In another thread, maybe, and while the sender sends.
                    looked.on(yield_times(3)).await;
                    assert!(look.len() >= before);
                    looks += 1;
                    drop(look);
                    if rx.changed().await.is_err() {
                        break looks;
                    }
                }
            }
        });
        looked.reaches(1).await;
        for length in 5..500 {
            tx.send("x".repeat(length)).unwrap();
            if length % 7 == 0 {
                yield_times(1).await;
            }
        }
        drop(tx);
        assert!(task.await >= 2);
    });
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
fn looks_are_shown_as_their_values_and_handles_and_waits_whatever_the_value() {
    let (tx, rx) = watch::channel(1);
    tx.send(2).unwrap();
    assert_eq!(format!("{} {0:03}", rx.borrow()), "2 002");
    assert_eq!(format!("{:?}", rx.borrow()), "Ref { value: 2, has_changed: true }");
    is_not!(Ref<'static, Plain>: Debug);
    let (tx, mut rx) = watch::channel(Plain);
    assert_eq!(format!("{tx:?} {rx:?}"), "Sender { .. } Receiver { .. }");
    assert_eq!(format!("{:?}", tx.closed()), "ClosedFuture { .. }");
    assert_eq!(format!("{:?}", rx.changed()), "ChangedFuture { .. }");
    assert_eq!(format!("{:?}", rx.wait_for(|_| true)), "WaitForFuture { .. }");
}

#[test]
fn a_clone_is_modified() {
    let ledger = Ledger::new(3);
    let (tx, rx) = watch::channel(ledger.issue());
    let before = rx.borrow();
    let address = ptr::from_ref(&*before);
    tx.send_modify(|value| assert!(!ptr::eq(value, address)));
    assert_eq!(ledger.issued(), 2);
    assert!(!tx.send_if_modified(|_| false));
    assert_eq!(ledger.issued(), 3);
    assert!(!ptr::eq(&raw const *rx.borrow(), address));
    // To look and to clone a handle need none.
    let other = rx.clone();
    drop((tx.subscribe(), tx.clone(), other.borrow()));
    assert_eq!(ledger.issued(), 3);
}

#[test]
fn a_modification_that_is_denied_or_panics_has_not_been() {
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
        let mut other = rx.clone();
        let mut changed = Polled::waiting(other.changed());
        modify(&tx);
        assert!(changed.wakes() == 0 && changed.waits());
        assert_eq!((*tx.borrow(), *rx.borrow()), (1, 1));
        assert!(!rx.has_changed().unwrap());
        // Nor is it a change that was skipped.
        tx.send(4).unwrap();
        assert_eq!(*rx.borrow_and_update(), 4);
        assert_eq!(rx.skipped(), 0);
    }
}

#[test]
fn what_a_search_waited_for_is_new() {
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| *value == 1));
    tx.send(1).unwrap();
    assert!(wait.end().unwrap().has_changed());
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
fn waits_need_no_pin_and_know_their_end() {
    fn ends(mut future: impl FusedFuture + Unpin) {
        assert!(!future.is_terminated());
        at_once(&mut future);
        assert!(future.is_terminated());
        let panic = catch_unwind(AssertUnwindSafe(|| drop(at_once(future)))).unwrap_err();
        let message = panic.downcast::<String>().unwrap();
        assert!(message.contains("polled after it had finished"), "{message}");
    }

    let (tx, mut rx) = watch::channel(0);
    rx.mark_changed();
    ends(rx.changed());
    ends(rx.wait_for(|value| *value == 0));
    drop(rx);
    ends(tx.closed());
}

/// Returns how many waits of one receiver in a row are ready, if each finds a change.
async fn ready_in_a_row() -> usize {
    let (tx, mut rx) = watch::channel(0);
    for ready in 0..1000 {
        tx.send(1).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            return ready;
        }
    }
    1000
}

/// A wait is charged to the budget of its handle, whatever runs the task.
#[tokio::test]
async fn the_budget_is_the_handles() {
    for _ in 0..3 {
        assert_eq!(ready_in_a_row().await, 128);
        assert_eq!(unconstrained(ready_in_a_row()).await, 128, "tokio does not switch it off");
    }
    assert_eq!(thread::spawn(|| at_once(ready_in_a_row())).join().unwrap(), 128);
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
    let (tx, mut rx) = watch::channel(0);
    drop(tx);
    let error: RecvError = at_once(rx.changed()).unwrap_err();
    let copy = error;
    assert_eq!(rx.has_changed(), Err(error));
    assert_eq!(RecvTimeoutError::from(copy), RecvTimeoutError::Disconnected);
    let error: SendError<_> = watch::Sender::new(0).send(1).unwrap_err();
    assert_eq!(error.into_inner(), 1);
}

/// Handles, as an `Arc`, if the value can through a reference. Waits that hold the receiver's mutable reference can only
/// be looked at.
#[test]
fn what_can_be_used_after_a_panic() {
    type Cells = Cell<u8>;
    type WaitFor<T> = watch::WaitForFuture<'static, T, fn(&T) -> bool>;
    fn can<F: Future + UnwindSafe>(_: F) {}

    is_not!(Arc<Cells>: UnwindSafe, RefUnwindSafe);
    is_not!(watch::Sender<Cells>: UnwindSafe, RefUnwindSafe);
    is_not!(watch::Receiver<Cells>: UnwindSafe, RefUnwindSafe);
    is_not!(Ref<'static, Cells>: UnwindSafe, RefUnwindSafe);
    // `&mut u8` is not unwind safe, but a shared reference to it is.
    is!(watch::Sender<&'static mut u8>: UnwindSafe);
    is!(watch::Receiver<&'static mut u8>: UnwindSafe);
    is!(Ref<'static, &'static mut u8>: UnwindSafe);

    can(watch::Sender::new(0).closed());
    can(watch::Sender::new(Cell::new(0)).closed());
    is!(watch::ChangedFuture<'static, u8>: RefUnwindSafe);
    is!(WaitFor<u8>: RefUnwindSafe);
    is_not!(watch::ChangedFuture<'static, u8>: UnwindSafe);
    is_not!(WaitFor<u8>: UnwindSafe);
    is_not!(watch::ChangedFuture<'static, Cells>: RefUnwindSafe);
    is_not!(WaitFor<Cells>: RefUnwindSafe);
}

/// A wake that is missed once stops both.
#[test]
fn two_threads_answer_each_other() {
    const LONG: Duration = Duration::from_secs(3600);
    watched(|_| {
        let (question, mut questions) = watch::channel(0);
        let (answer, mut answers) = watch::channel(0);
        let echo = thread::spawn(move || {
            while questions.blocking_changed().is_ok() {
                answer.send(*questions.borrow_and_update()).unwrap();
            }
        });
        for value in rounds(20_000) {
            question.send(value).unwrap();
            match value % 4 {
                0 => assert_eq!(answers.blocking_changed(), Ok(())),
                1 => assert_eq!(answers.blocking_changed_timeout(LONG), Ok(())),
                2 => {
                    let deadline = Instant::now() + LONG;
                    assert_eq!(answers.blocking_changed_deadline(deadline), Ok(()));
                }
                _ => assert!(answers.blocking_wait_for(|answer| *answer == value).is_ok()),
            }
            assert_eq!(*answers.borrow_and_update(), value);
        }
        drop(question);
        echo.join().unwrap();
        assert!(answers.blocking_changed().is_err());
    });
}

/// Neither its task nor a change is left over.
#[test]
fn a_thread_may_wait_where_a_task_gave_up() {
    let (tx, mut rx) = watch::channel(0);
    let task = Polled::waiting(rx.changed()).give_up();
    let result = rx.blocking_changed_timeout(Duration::ZERO);
    assert_eq!(result, Err(RecvTimeoutError::Timeout));
    tx.send(1).unwrap();
    assert_eq!(rx.blocking_changed(), Ok(()));
    assert_eq!(task.seen().woken, 0);
    assert_eq!(rx.has_changed(), Ok(false));
}
