//! Receiving as a task: one poll, and what a wait owes from one poll to the next.

#![forbid(unsafe_code)]

use super::receiver::{Announced, Receiver, WaitGuard};
use crate::{
    RecvError, TryRecvError,
    wait::{Armed, Waiter, reschedule},
};
use core::task::{Context, Poll, Waker, ready};

impl<T> Receiver<T> {
    /// Takes the value, or registers the task's waker and returns `Pending`.
    ///
    /// It is for code that implements futures by hand. Otherwise use [`recv_async`](Self::recv_async).
    ///
    /// The waker stays until the next send, until the last sender is dropped, or until the next call that waits on this receiver
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
        let poll = self.poll_armed(Armed::Detached, cx.waker());
        if poll.is_ready() {
            drop(self.disarm());
        }
        poll
    }

    /// Looks. If there is no value, arms the node, announces that, and returns `Pending`. If it returns `Ready`, the node may
    /// still be armed.
    fn poll_armed(&mut self, armed: Armed, waker: &Waker) -> Poll<Result<T, RecvError>> {
        let last = self.disarm();
        if armed == Armed::Detached {
            // A detached waiter never holds the baton. A future that was forgotten may have left it.
            self.pass_on();
        }
        match self.look(self.baton) {
            Err(TryRecvError::Empty) => {}
            result => {
                // The exchange left `WAITING` behind, or the senders' end notifies every receiver.
                self.baton = false;
                drop(last);
                return Poll::Ready(result.map_err(|_| RecvError));
            }
        }
        match self.arm(armed, Waiter::task(last, waker)) {
            Announced::Busy => reschedule(waker),
            Announced::Value(value) => Poll::Ready(Ok(value)),
            Announced::Asleep => Poll::Pending,
            Announced::Closed => Poll::Ready(self.look(false).map_err(|_| RecvError)),
        }
    }
}

impl<T> WaitGuard<'_, T> {
    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<T, RecvError>> {
        // Before a value is taken. The node is not armed in a call then: each wait that was ready has disarmed it.
        ready!(self.0.budget.poll_proceed(cx.waker()));
        let poll = self.0.poll_armed(Armed::InCall, cx.waker());
        if poll.is_ready() {
            // The wait is over: a predicate that looks at the value next may take its time, or panic.
            WaitGuard::end(self.0);
        }
        self.0.budget.charge(poll)
    }
}
