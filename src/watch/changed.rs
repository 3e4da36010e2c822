//! Waiting for a change as a task.

#![forbid(unsafe_code)]

use super::{Receiver, value::Ref};
use crate::{
    RecvError,
    wait::{Armed, Waiter, reschedule},
};
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    task::{Context, Poll, ready},
};

impl<T> Receiver<T> {
    /// Waits as a task until there is a value that this receiver has not seen, and marks it as seen.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. It is ready at once if there is such a value.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future has marked nothing as seen.
    ///
    /// # Cooperation
    ///
    /// A receiver whose waits were ready 128 times in a row, the end included, yields once: the next poll of a future or of the
    /// stream wakes its task, marks nothing as seen, and returns `Pending`. So a loop over a channel that changes all the time, or
    /// over one that is closed, lets other tasks and timers run, on any runtime. Each clone counts for itself. A caller that polls
    /// a future only once must expect that. [`has_changed`](Self::has_changed) never yields.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the receiver has seen the last value.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it was ready. It also panics if a waker panics when it is cloned or dropped;
    /// then nothing was marked as seen, and the future may be polled again.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, mut rx) = overwrite_channel::watch::channel("a");
    /// std::thread::spawn(move || tx.send("b"));
    /// assert_eq!(rx.changed().await, Ok(()));
    /// assert_eq!(*rx.borrow_and_update(), "b");
    /// assert!(rx.changed().await.is_err());
    /// # });
    /// ```
    pub fn changed(&mut self) -> ChangedFuture<'_, T> {
        ChangedFuture { wait: Some(DisarmOnDrop(self)) }
    }

    /// Waits as a task until the value is `wanted`, and marks it as seen.
    ///
    /// The call looks at the present value first, whether it was seen or not, even if every sender is gone. Values that come
    /// faster than `wanted` looks at them are skipped.
    ///
    /// # Progress
    ///
    /// **Waits** as a task, as [`changed`](Self::changed).
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: a dropped future has marked only those values as seen that `wanted` looked at.
    ///
    /// # Cooperation
    ///
    /// As [`changed`](Self::changed). Each further value that `wanted` looks at counts as a wait that was ready, so a flood of
    /// values does not keep other tasks from running.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the last value is not wanted.
    ///
    /// # Panics
    ///
    /// The future panics if `wanted` or the drop of an unwanted value panics. The value that `wanted` looked at last counts
    /// as seen, and the future may be polled again. Otherwise as [`changed`](Self::changed).
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, mut rx) = overwrite_channel::watch::channel(0);
    /// std::thread::spawn(move || {
    ///     for done in 1..=3 {
    ///         tx.send(done).unwrap();
    ///     }
    /// });
    /// assert_eq!(*rx.wait_for(|done| *done >= 3).await.unwrap(), 3);
    /// # });
    /// ```
    pub fn wait_for<F>(&mut self, wanted: F) -> WaitForFuture<'_, T, F>
    where
        F: FnMut(&T) -> bool,
    {
        WaitForFuture { wait: Some(DisarmOnDrop(self)), has_looked: false, wanted }
    }

    /// Marks a value that this receiver has not seen as seen, or registers the task's waker and returns `Pending`.
    ///
    /// It is for code that implements futures by hand. Otherwise use [`changed`](Self::changed).
    ///
    /// The waker stays until the next change, until the last sender is dropped, or until the next call on this receiver that parks
    /// (a future once it is polled). A sender that was overtaken may wake it in vain. Only the waker of the last poll is
    /// woken. Unlike [`changed`](Self::changed) it never yields while there is a new value. Code that calls it in a loop should
    /// return `Pending` now and then.
    ///
    /// # Progress
    ///
    /// **Lock-free**: it reads one word, and may try again only to register the waker. This excludes the waker's `clone` and
    /// `drop`.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the receiver has seen the last value.
    ///
    /// # Panics
    ///
    /// If a waker panics when it is cloned or dropped; then nothing was marked as seen.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::task::{Context, Poll, Waker};
    ///
    /// let mut cx = Context::from_waker(Waker::noop());
    /// let (tx, mut rx) = overwrite_channel::watch::channel(1);
    /// assert_eq!(rx.poll_changed(&mut cx), Poll::Pending);
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.poll_changed(&mut cx), Poll::Ready(Ok(())));
    /// assert_eq!(*rx.borrow(), 2);
    /// ```
    pub fn poll_changed(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), RecvError>> {
        let result =
            ready!(self.poll_new(Armed::Detached, cx)).map(|version| self.mark_seen(version));
        Poll::Ready(result)
    }

    /// Returns the newest version when it is new, and does not mark it as seen. If it returns `Pending`, the node is armed, or
    /// the task was woken.
    fn poll_new(&mut self, armed: Armed, cx: &mut Context<'_>) -> Poll<Result<u64, RecvError>> {
        // Dropped last: a waker's drop is user code.
        let last = self.disarm();
        if let Some(result) = self.poll_state() {
            return Poll::Ready(result);
        }
        if !self.registration.arm(armed, Waiter::task(last, cx.waker())) {
            return reschedule(cx.waker());
        }
        let Some(result) = self.poll_state_or_wait() else {
            return Poll::Pending;
        };
        drop(self.disarm());
        Poll::Ready(result)
    }

    /// Polls within the budget, and charges it.
    pub(super) fn poll_charged(
        &mut self,
        armed: Armed,
        cx: &mut Context<'_>,
    ) -> Poll<Result<u64, RecvError>> {
        ready!(self.budget.poll_proceed(cx.waker()));
        let poll = self.poll_new(armed, cx);
        self.budget.charge(poll)
    }
}

/// A receiver that waits over many polls. The drop takes back the waiter that such a poll has armed, unless a notifier has it.
struct DisarmOnDrop<'a, T>(&'a mut Receiver<T>);

impl<T> Drop for DisarmOnDrop<'_, T> {
    fn drop(&mut self) {
        // A waker that `poll_changed` or the stream left stays.
        if self.0.registration.armed() == Some(Armed::InCall) {
            drop(self.0.disarm());
        }
    }
}

/// The future of [`Receiver::changed`].
#[must_use = "futures do nothing unless they are polled"]
pub struct ChangedFuture<'a, T> {
    /// `None` once the future was ready.
    wait: Option<DisarmOnDrop<'a, T>>,
}

// No panic leaves a wait half done. The receiver is unwind safe under the same condition.
impl<T: RefUnwindSafe> UnwindSafe for ChangedFuture<'_, T> {}

impl<T> Future for ChangedFuture<'_, T> {
    type Output = Result<(), RecvError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let DisarmOnDrop(receiver) =
            self.wait.as_mut().expect("`ChangedFuture` polled after it had finished");
        let result = ready!(receiver.poll_charged(Armed::InCall, cx));
        let result = result.map(|version| receiver.mark_seen(version));
        self.wait = None;
        Poll::Ready(result)
    }
}

/// The future of [`Receiver::wait_for`].
#[must_use = "futures do nothing unless they are polled"]
pub struct WaitForFuture<'a, T, F> {
    /// `None` once the future was ready.
    wait: Option<DisarmOnDrop<'a, T>>,
    /// At the value that was there first.
    has_looked: bool,
    wanted: F,
}

// The predicate is never pinned.
impl<T, F> Unpin for WaitForFuture<'_, T, F> {}

// As `ChangedFuture`, if the predicate is.
impl<T: RefUnwindSafe, F: UnwindSafe> UnwindSafe for WaitForFuture<'_, T, F> {}

impl<T, F: FnMut(&T) -> bool> Future for WaitForFuture<'_, T, F> {
    type Output = Result<Ref<'static, T>, RecvError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { wait, has_looked, wanted } = self.get_mut();
        let DisarmOnDrop(receiver) =
            wait.as_mut().expect("`WaitForFuture` polled after it had finished");
        // Each further value is charged to the budget, so this ends.
        loop {
            let is_first = !*has_looked;
            if is_first {
                ready!(receiver.budget.poll_proceed(cx.waker()));
                // Before anything is seen: it may panic.
                drop(receiver.disarm());
            } else if let Err(error) = ready!(receiver.poll_charged(Armed::InCall, cx)) {
                *wait = None;
                return Poll::Ready(Err(error));
            }
            *has_looked = true;
            let value = receiver.mark_newest_seen();
            if wanted(&value) {
                if is_first {
                    receiver.budget.charge_ready();
                }
                *wait = None;
                return Poll::Ready(Ok(value));
            }
        }
    }
}

#[cfg(feature = "stream")]
impl<T> futures_core::FusedFuture for ChangedFuture<'_, T> {
    fn is_terminated(&self) -> bool {
        self.wait.is_none()
    }
}

#[cfg(feature = "stream")]
impl<T, F: FnMut(&T) -> bool> futures_core::FusedFuture for WaitForFuture<'_, T, F> {
    fn is_terminated(&self) -> bool {
        self.wait.is_none()
    }
}

impl<T> fmt::Debug for ChangedFuture<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangedFuture").finish_non_exhaustive()
    }
}

impl<T, F> fmt::Debug for WaitForFuture<'_, T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitForFuture").finish_non_exhaustive()
    }
}
