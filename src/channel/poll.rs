//! Receiving in a future that is written by hand.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::RecvError;
use core::task::{Context, Poll};

impl<T> Receiver<T> {
    /// Takes the value, or registers the task's waker and returns `Pending`.
    ///
    /// It is for code that implements futures by hand. Otherwise use [`recv_async`](Self::recv_async).
    ///
    /// The waker stays until the next send, until the last sender is dropped, or until the next call on this receiver that parks
    /// (a future once it is polled). Only the waker of the last poll is woken. **Every** send to a channel with waiting receivers
    /// wakes it, in addition to one receiver that waits inside a call, because its task may never poll again. So a task that
    /// loses interest takes no notification away from other receivers. A task may be woken and find no value.
    ///
    /// It never yields while there is a value, unlike [`recv_async`](Self::recv_async). Code that calls it in a loop should
    /// return `Pending` now and then.
    ///
    /// # Progress
    ///
    /// **Wait-free**: one exchange of the slot, three at most in a race. **Lock-free** if a notifier is still taking the waker that
    /// the last poll left. This excludes the waker's `clone` and `drop`, and, rarely, notifying another receiver.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// If a waker panics. If it panics while it is dropped, or woken on behalf of another receiver, the value that this call has
    /// taken is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// assert_eq!(rx.poll_recv(&mut cx), Poll::Pending);
    /// tx.send(3).unwrap();
    /// assert_eq!(rx.poll_recv(&mut cx), Poll::Ready(Ok(3)));
    /// ```
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        self.taker.poll(cx)
    }
}
