//! Tokio's `watch`: what holds for both crates, and what tokio documents but this crate's does not do.

use std::{
    cell::Cell,
    fmt::Debug,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};
use support::{assert_is, watchdog::watched};
use tokio::{sync::watch, task::coop::unconstrained};

mod watch_as_tokio;
use watch_as_tokio::{at_once, cooperation::ready_in_a_row};

/// Returns the value that `send_replace` returned.
fn old<T>(replaced: T) -> T {
    replaced
}

/// Whether a modification stays that its closure denies, or after which the closure panics.
const FAILED_MODIFICATION_STAYS: bool = true;
/// Whether the `Ref` of a `wait_for` that had to wait says that the value is new.
const WAITED_FOR_IS_NEW: bool = false;
/// Whether `send_modify` changes the value where it is, or a clone of it.
const MODIFIES_IN_PLACE: bool = true;
const SEND_ERROR: &str = "channel closed";
const RECV_ERROR: &str = "channel closed";
const RECV_ERROR_DEBUG: &str = "RecvError(())";

/// It has no trait but those that every type has.
struct Plain(u8);

#[test]
fn a_modification_needs_no_clone_and_may_use_up_what_it_holds() {
    let (tx, rx) = watch::channel(Plain(1));
    let (first, second) = (Plain(2), Plain(3));
    tx.send_modify(move |value| *value = first);
    assert_eq!(rx.borrow().0, 2);
    assert!(tx.send_if_modified(move |value| {
        *value = second;
        true
    }));
    assert_eq!(rx.borrow().0, 3);
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
fn traits_that_differ() {
    fn is_pinned<Choice, F: NotUnpin<Choice>>(_: &F) {}
    trait NotUnpin<Choice> {}
    impl<F> NotUnpin<()> for F {}
    impl<F: Unpin> NotUnpin<u8> for F {}

    // A look is a lock of its thread. Handles are shown where values are, and can be used after a panic whatever the value.
    assert_is! {
        watch::Ref<'static, u8>: Send = false;
        watch::Sender<Plain>: Debug = false;
        watch::Receiver<Plain>: Debug = false;
        watch::Sender<Cell<u8>>: UnwindSafe = true, RefUnwindSafe = true;
        watch::Receiver<Cell<u8>>: UnwindSafe = true, RefUnwindSafe = true;
    }
    let (tx, mut rx) = watch::channel(1);
    is_pinned(&tx.closed());
    is_pinned(&rx.changed());
    is_pinned(&rx.wait_for(|_| true));
}

/// Waits are charged to the budget of the runtime's task, which all that it uses share. Outside of a task there is none.
#[tokio::test]
async fn the_budget_is_the_tasks() {
    assert!((1..1000).contains(&ready_in_a_row(true).await));
    assert_eq!(unconstrained(ready_in_a_row(true)).await, 1000, "it can be switched off");
    assert_eq!(thread::spawn(|| at_once(ready_in_a_row(true))).join().unwrap(), 1000);
}
