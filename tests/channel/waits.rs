//! The ways to wait as a task, as tables.

use futures::{FutureExt, future::LocalBoxFuture};
use overwrite_channel::Receiver;
use std::future::{Future, poll_fn};

pub(crate) type Wait<'a, T> = LocalBoxFuture<'a, Option<T>>;

/// Makes a future of a handle. It returns `None` at the end.
pub(crate) type Way<H, T> = for<'a> fn(&'a mut H) -> Wait<'a, T>;

/// Returns the waits that end with their future: if it is dropped, the receiver no longer waits.
pub(crate) fn in_calls<T>() -> Vec<(&'static str, Way<Receiver<T>, T>)> {
    vec![
        ("recv_async", |rx| rx.recv_async().map(Result::ok).boxed_local()),
        ("recv_matching_async", |rx| {
            rx.recv_matching_async(|_| true).map(Result::ok).boxed_local()
        }),
    ]
}

/// Returns the waits that leave a waker with the receiver.
pub(crate) fn detached<T>() -> Vec<(&'static str, Way<Receiver<T>, T>)> {
    vec![
        ("poll_recv", |rx| poll_fn(|cx| rx.poll_recv(cx)).map(Result::ok).boxed_local()),
        #[cfg(feature = "stream")]
        ("next", |rx| futures::StreamExt::next(rx).boxed_local()),
    ]
}

/// Returns all ways to receive.
pub(crate) fn every_way<T>() -> Vec<(&'static str, Way<Receiver<T>, T>)> {
    [in_calls(), detached()].concat()
}

/// Returns the output of a future that need not wait.
#[track_caller]
pub(crate) fn at_once<F: Future>(future: F) -> F::Output {
    future.now_or_never().expect("it waits, though there is something")
}
