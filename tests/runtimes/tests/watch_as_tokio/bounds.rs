//! Which traits the types have, and of which values that depends.

use crate::watch::{
    self, Receiver, Ref, Sender,
    error::{RecvError, SendError},
};
use overwrite_channel_runtimes::{is, is_not};
use std::{
    cell::Cell,
    error::Error,
    fmt::Debug,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};

/// `Send` but not `Sync`.
type SendOnly = Cell<u8>;
type Neither = Rc<u8>;

#[test]
fn handles_go_to_other_threads_where_values_can_be_shared() {
    is!(Sender<u8>: Send, Sync);
    is!(Receiver<u8>: Send, Sync);
    is!(Ref<'static, u8>: Sync);
    is_not!(Sender<SendOnly>: Send, Sync);
    is_not!(Receiver<SendOnly>: Send, Sync);
    is_not!(Ref<'static, SendOnly>: Send, Sync);
    is_not!(Sender<Neither>: Send, Sync);
    is_not!(Receiver<Neither>: Send, Sync);
    is_not!(Ref<'static, Neither>: Send, Sync);
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
    is!(Sender<u8>: UnwindSafe, RefUnwindSafe, Debug, Default);
    is!(Receiver<u8>: UnwindSafe, RefUnwindSafe, Debug);
    is!(Ref<'static, u8>: UnwindSafe, RefUnwindSafe, Debug);
    is!(Sender<PhantomPinned>: Unpin);
    is!(Receiver<PhantomPinned>: Unpin);
    is!(Ref<'static, PhantomPinned>: Unpin);
    is!(Sender<Plain>: Clone);
    is!(Receiver<Plain>: Clone);
    is_not!(Sender<Plain>: Default);
    is_not!(Receiver<u8>: Default);
    is_not!(Ref<'static, u8>: Clone);
}

#[test]
fn errors_are_what_their_values_are() {
    is!(RecvError: Error, Send, Sync, Unpin, UnwindSafe);
    is!(SendError<u8>: Error, Send, Sync, Unpin, UnwindSafe, Copy);
    is!(SendError<SendOnly>: Error, Send);
    is!(SendError<Neither>: Error);
    is!(SendError<f32>: PartialEq);
    is_not!(SendError<SendOnly>: Sync);
    is_not!(SendError<Neither>: Send);
    is_not!(SendError<String>: Copy);
    is_not!(SendError<f32>: Eq);
}

#[test]
fn waits_go_to_other_threads() {
    fn goes<F: Future + Send + Sync>(_: F) {}
    let (tx, mut rx) = watch::channel(1);
    goes(rx.changed());
    goes(rx.wait_for(|value| *value == 1));
    goes(tx.closed());
}
