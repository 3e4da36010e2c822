//! Waiting for a newer value as a task.

#![forbid(unsafe_code)]

use super::Reader;
use crate::{
    RecvError,
    core::ReadHandle,
    taker::{WaitGuard, poll_once},
};
use core::{
    fmt,
    future::Future,
    panic::UnwindSafe,
    pin::Pin,
    task::{Context, Poll},
};

impl<T> Reader<T> {
    /// Takes the newest value that no reader has taken yet, waiting for one as a task. It works on any runtime.
    ///
    /// When the future is ready, the reader dereferences to that value.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. One `publish` notifies one of the readers that wait.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as [`Receiver::recv_async`](crate::Receiver::recv_async): dropping the future loses no value. A value that a
    /// poll has taken is the reader's, also if the future's output is dropped. Once polled, go on polling the future or drop it.
    ///
    /// # Cooperation
    ///
    /// As [`Receiver::recv_async`](crate::Receiver::recv_async): after 128 waits of a reader in a row that were ready, the next
    /// poll yields once.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every writer is gone and the last value was taken. The reader keeps the value that it has.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it was ready, and if a waker panics, as
    /// [`poll_updated`](Self::poll_updated) does.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// std::thread::spawn(move || writer.write(1));
    /// assert_eq!(reader.updated().await, Ok(()));
    /// assert_eq!(*reader, 1);
    /// assert!(reader.updated().await.is_err());
    /// # });
    /// ```
    pub fn updated(&mut self) -> UpdatedFuture<'_, T> {
        UpdatedFuture { wait: Some(WaitGuard(&mut self.taker)) }
    }

    /// Takes the newest value that no reader has taken yet, or registers the task's waker and returns `Pending`.
    ///
    /// It is for code that implements futures by hand, and leaves its waker behind as
    /// [`Receiver::poll_recv`](crate::Receiver::poll_recv) does: every `publish` to a channel with waiting readers wakes it.
    /// Otherwise use [`updated`](Self::updated).
    ///
    /// # Progress
    ///
    /// **Wait-free**, or **lock-free** if a notifier is still taking the waker that the last poll left, as
    /// [`Receiver::poll_recv`](crate::Receiver::poll_recv).
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every writer is gone and the last value was taken. The reader keeps the value that it has.
    ///
    /// # Panics
    ///
    /// If a waker panics: while it is dropped, or woken on behalf of another reader.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// assert_eq!(reader.poll_updated(&mut cx), Poll::Pending);
    /// writer.write(3).unwrap();
    /// assert_eq!(reader.poll_updated(&mut cx), Poll::Ready(Ok(())));
    /// assert_eq!(*reader, 3);
    /// ```
    pub fn poll_updated(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        self.taker.poll(cx)
    }
}

/// The future of [`Reader::updated`].
#[must_use = "futures do nothing unless they are polled"]
pub struct UpdatedFuture<'a, T> {
    /// `None` once the future was ready.
    wait: Option<WaitGuard<'a, ReadHandle<T>>>,
}

// No panic leaves a wait half done, and a wait touches no value.
impl<T> UnwindSafe for UpdatedFuture<'_, T> {}

impl<T> Future for UpdatedFuture<'_, T> {
    type Output = Result<(), RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        poll_once(&mut self.wait, cx, "UpdatedFuture")
    }
}

#[cfg(feature = "stream")]
impl<T> futures_core::FusedFuture for UpdatedFuture<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_none()
    }
}

impl<T> fmt::Debug for UpdatedFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdatedFuture").finish_non_exhaustive()
    }
}
