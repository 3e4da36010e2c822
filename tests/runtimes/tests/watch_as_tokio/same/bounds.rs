//! Which traits the types have, and of which values that depends.

use super::watch;
use crate::tools::has;
use std::{
    cell::Cell,
    error::Error,
    fmt::Debug,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    rc::Rc,
};
use watch::{
    Receiver, Ref, Sender,
    error::{RecvError, SendError},
};

/// `Send` but not `Sync`.
type SendOnly = Cell<u8>;
type Neither = Rc<u8>;

#[test]
fn handles_go_to_other_threads_where_values_can_be_shared() {
    assert!(has!(Sender<u8>: Send) && has!(Sender<u8>: Sync));
    assert!(has!(Receiver<u8>: Send) && has!(Receiver<u8>: Sync));
    assert!(!has!(Sender<SendOnly>: Send) && !has!(Sender<SendOnly>: Sync));
    assert!(!has!(Receiver<SendOnly>: Send) && !has!(Receiver<SendOnly>: Sync));
    assert!(!has!(Sender<Neither>: Send) && !has!(Sender<Neither>: Sync));
    assert!(!has!(Receiver<Neither>: Send) && !has!(Receiver<Neither>: Sync));
    assert!(has!(Ref<'static, u8>: Sync));
    assert!(!has!(Ref<'static, Neither>: Sync) && !has!(Ref<'static, Neither>: Send));
    assert!(!has!(Ref<'static, SendOnly>: Sync) && !has!(Ref<'static, SendOnly>: Send));
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
fn handles_can_move_whatever_the_value() {
    assert!(has!(Sender<PhantomPinned>: Unpin) && has!(Receiver<PhantomPinned>: Unpin));
    assert!(has!(Ref<'static, PhantomPinned>: Unpin));
    assert!(has!(SendError<u8>: Unpin) && has!(RecvError: Unpin));
}

#[test]
fn handles_can_be_used_after_a_panic() {
    assert!(has!(Sender<u8>: UnwindSafe) && has!(Sender<u8>: RefUnwindSafe));
    assert!(has!(Receiver<u8>: UnwindSafe) && has!(Receiver<u8>: RefUnwindSafe));
    assert!(has!(Ref<'static, u8>: UnwindSafe) && has!(Ref<'static, u8>: RefUnwindSafe));
    assert!(has!(SendError<u8>: UnwindSafe) && has!(RecvError: UnwindSafe));
}

#[test]
fn handles_are_cloned_and_shown() {
    struct Plain;
    assert!(has!(Sender<Plain>: Clone) && has!(Receiver<Plain>: Clone));
    assert!(!has!(Ref<'static, u8>: Clone));
    assert!(has!(Sender<u8>: Debug) && has!(Receiver<u8>: Debug) && has!(Ref<'static, u8>: Debug));
    assert!(has!(Sender<u8>: Default) && !has!(Sender<Plain>: Default));
    assert!(!has!(Receiver<u8>: Default));
}

#[test]
fn errors_go_to_other_threads() {
    assert!(has!(RecvError: Error) && has!(RecvError: Send) && has!(RecvError: Sync));
    assert!(has!(SendError<Neither>: Error) && has!(SendError<SendOnly>: Error));
    assert!(has!(SendError<SendOnly>: Send) && !has!(SendError<SendOnly>: Sync));
    assert!(!has!(SendError<Neither>: Send));
    assert!(has!(SendError<u8>: Copy) && !has!(SendError<String>: Copy));
    assert!(!has!(SendError<f32>: Eq) && has!(SendError<f32>: PartialEq));
}

#[test]
fn waits_go_to_other_threads() {
    fn goes<F: Future + Send + Sync>(_: F) {}
    let (tx, mut rx) = watch::channel(1);
    goes(rx.changed());
    goes(rx.wait_for(|value| *value == 1));
    goes(tx.closed());
}
