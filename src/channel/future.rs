//! Receiving as a future, and receiving what matches as a future.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::{
    RecvError,
    core::{Handle, Receivers},
    taker::{WaitGuard, poll_once},
};
use core::{
    fmt,
    future::Future,
    panic::UnwindSafe,
    pin::Pin,
    task::{Context, Poll, ready},
};

impl<T> Receiver<T> {
    /// Takes the value, waiting for one as a task. It works on any runtime.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. One send notifies one of the receivers that wait.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future loses no value, and if it had been notified it notifies the next receiver. So it can be
    /// one branch of a `select!`, or stand under a runtime's timeout. A future that is *ready* holds the value: in a `join!` with
    /// a timeout around it, the value of the branch that was ready first is dropped with the `join!`.
    ///
    /// Once polled, go on polling the future or drop it. A future that was notified, and is neither polled nor dropped, delays
    /// the other receivers until the next send that displaces a value or takes it back: they sleep although there is a value.
    /// `select!` over `&mut future` does that if its task then awaits something else. If no task may poll again, use
    /// [`poll_recv`](Self::poll_recv) or the `Stream`. If the future was forgotten by [`mem::forget`](core::mem::forget), the
    /// next call that waits on this receiver notifies in its place, or the drop of the receiver does; `try_recv` does not.
    ///
    /// # Cooperation
    ///
    /// A receiver whose waits were ready 128 times in a row, the end included, yields once: the next poll of a future or of the
    /// stream wakes its task, takes nothing, and returns `Pending`. So a loop over a channel that always has a value, or over one
    /// that is closed, lets other tasks and timers run, on any runtime. Each clone counts for itself. A caller that polls a future
    /// only once must expect that. [`try_recv`](Self::try_recv) and [`poll_recv`](Self::poll_recv) never yield.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it was ready, and if a waker panics, as [`poll_recv`](Self::poll_recv) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// std::thread::spawn(move || tx.send("ready"));
    /// assert_eq!(rx.recv_async().await, Ok("ready"));
    /// assert!(rx.recv_async().await.is_err());
    /// # });
    /// ```
    pub fn recv_async(&mut self) -> RecvFuture<'_, T> {
        RecvFuture { wait: Some(WaitGuard(&mut self.taker)) }
    }

    /// Waits as a task until a value is `wanted`, and takes it. Takes and drops the values before it.
    ///
    /// # Progress
    ///
    /// **Waits** as a task, as [`recv_async`](Self::recv_async).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future loses no value but those that were not wanted. Otherwise as
    /// [`recv_async`](Self::recv_async).
    ///
    /// # Cooperation
    ///
    /// As [`recv_async`](Self::recv_async). Each value that `wanted` looks at counts as a wait that was ready, so a flood of
    /// values does not keep other tasks from running.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// The future panics if `wanted` or the drop of an unwanted value panics. The value that it was looking at is lost, and the
    /// future may be polled again. Otherwise as [`recv_async`](Self::recv_async).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// std::thread::spawn(move || {
    ///     for attempt in 1..=3 {
    ///         tx.send(attempt).unwrap();
    ///     }
    /// });
    /// assert_eq!(rx.recv_matching_async(|attempt| *attempt == 3).await, Ok(3));
    /// # });
    /// ```
    pub fn recv_matching_async<F>(&mut self, wanted: F) -> RecvMatchingFuture<'_, T, F>
    where
        F: FnMut(&T) -> bool,
    {
        RecvMatchingFuture { wait: Some(WaitGuard(&mut self.taker)), wanted }
    }
}

/// The future of [`Receiver::recv_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvFuture<'a, T> {
    /// `None` once the future was ready.
    wait: Option<WaitGuard<'a, Handle<T, Receivers>>>,
}

// No panic leaves a wait half done.
impl<T> UnwindSafe for RecvFuture<'_, T> {}

impl<T> Future for RecvFuture<'_, T> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_once(&mut self.wait, cx, "RecvFuture")
    }
}

/// The future of [`Receiver::recv_matching_async`].
#[must_use = "futures do nothing unless they are polled"]
pub struct RecvMatchingFuture<'a, T, F> {
    /// `None` once the future was ready.
    wait: Option<WaitGuard<'a, Handle<T, Receivers>>>,
    wanted: F,
}

// Nothing in it is ever pinned.
impl<T, F> Unpin for RecvMatchingFuture<'_, T, F> {}

// As `RecvFuture`, if the predicate is.
impl<T, F: UnwindSafe> UnwindSafe for RecvMatchingFuture<'_, T, F> {}

impl<T, F: FnMut(&T) -> bool> Future for RecvMatchingFuture<'_, T, F> {
    type Output = Result<T, RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { wait: slot, wanted } = &mut *self;
        let wait = slot.as_mut().expect("`RecvMatchingFuture` polled after it had finished");
        // Each value is charged to the budget, so this ends.
        loop {
            match ready!(wait.poll(cx)) {
                Ok(value) if !wanted(&value) => {}
                result => {
                    *slot = None;
                    return Poll::Ready(result);
                }
            }
        }
    }
}

#[cfg(feature = "stream")]
impl<T> futures_core::FusedFuture for RecvFuture<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_none()
    }
}

#[cfg(feature = "stream")]
impl<T, F: FnMut(&T) -> bool> futures_core::FusedFuture for RecvMatchingFuture<'_, T, F> {
    fn is_terminated(&self) -> bool {
        self.wait.is_none()
    }
}

impl<T> fmt::Debug for RecvFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvFuture").finish_non_exhaustive()
    }
}

impl<T, F> fmt::Debug for RecvMatchingFuture<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecvMatchingFuture").finish_non_exhaustive()
    }
}
