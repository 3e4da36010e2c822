//! Which traits the types have, and of which values that depends.

use crate::watch::{
    self, Receiver, Ref, Sender,
    error::{RecvError, SendError},
};
use std::{
    cell::Cell,
    fmt::Debug,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};
use support::assert_is;

/// `Send` but not `Sync`.
type SendOnly = Cell<u8>;
type Neither = Rc<u8>;

#[test]
fn handles_go_to_other_threads_where_values_can_be_shared() {
    assert_is! {
        Sender<u8>: Send = true, Sync = true;
        Receiver<u8>: Send = true, Sync = true;
        Ref<'static, u8>: Sync = true;
        Sender<SendOnly>: Send = false, Sync = false;
        Receiver<SendOnly>: Send = false, Sync = false;
        Ref<'static, SendOnly>: Send = false, Sync = false;
        Sender<Neither>: Send = false, Sync = false;
        Receiver<Neither>: Send = false, Sync = false;
        Ref<'static, Neither>: Send = false, Sync = false;
    }
}

#[test]
fn values_that_stay_in_one_thread_can_be_watched_there() {
    let (tx, rx) = watch::channel(Rc::new(1));
    assert!(tx.send(Rc::new(2)).is_ok());
    assert_eq!(**rx.borrow(), 2);
    let (tx, rx) = watch::channel(Cell::new(1));
    rx.borrow().set(2);
    assert_eq!(tx.borrow().get(), 2);
}

#[test]
fn types_have_the_usual_traits() {
    struct Plain;
    assert_is! {
        Sender<u8>: UnwindSafe = true, RefUnwindSafe = true, Debug = true, Default = true;
        Receiver<u8>: UnwindSafe = true, RefUnwindSafe = true, Debug = true, Default = false;
        Ref<'static, u8>: UnwindSafe = true, RefUnwindSafe = true, Debug = true, Clone = false;
        Sender<PhantomPinned>: Unpin = true;
        Receiver<PhantomPinned>: Unpin = true;
        Ref<'static, PhantomPinned>: Unpin = true;
        Sender<Plain>: Clone = true, Default = false;
        Receiver<Plain>: Clone = true;
    }
}

#[test]
fn errors_are_what_their_values_are() {
    assert_is! {
        RecvError: Send = true, Sync = true, Unpin = true, UnwindSafe = true;
        SendError<u8>: Send = true, Sync = true, Unpin = true, UnwindSafe = true, Copy = true;
        SendError<SendOnly>: Send = true, Sync = false;
        SendError<Neither>: Send = false;
        SendError<f32>: PartialEq = true, Eq = false;
        SendError<String>: Copy = false;
    }
}

#[test]
fn waits_go_to_other_threads() {
    fn goes<F: Future + Send + Sync>(_: F) {}
    let (tx, mut rx) = watch::channel(1);
    goes(rx.changed());
    goes(rx.wait_for(|value| *value == 1));
    goes(tx.closed());
}
