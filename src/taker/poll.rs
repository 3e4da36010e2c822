//! Waiting as a task: one poll, and what a wait owes from one poll to the next.

use super::{Announced, Taker, WaitGuard};
use crate::{
    RecvError, TryRecvError,
    core::TakingHandle,
    wait::{Armed, Waiter, reschedule},
};
use core::task::{Context, Poll, Waker, ready};

impl<H: TakingHandle> Taker<H> {
    /// Takes the value, or leaves the waker behind, for every send.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<H::Value, RecvError>> {
        let poll = self.poll_armed(Armed::Detached, cx.waker());
        if poll.is_ready() {
            drop(self.disarm());
        }
        poll
    }

    /// Polls as a stream, which yields when the budget is spent.
    #[cfg(feature = "stream")]
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<H::Value>> {
        ready!(self.budget.poll_proceed(cx.waker()));
        let poll = self.poll(cx).map(Result::ok);
        self.ended |= matches!(poll, Poll::Ready(None));
        self.budget.charge(poll)
    }

    /// Looks. If there is no value, arms the node, announces that, and returns `Pending`. If it returns `Ready`, the node may
    /// still be armed.
    fn poll_armed(&mut self, armed: Armed, waker: &Waker) -> Poll<Result<H::Value, RecvError>> {
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

impl<H: TakingHandle> WaitGuard<'_, H> {
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<H::Value, RecvError>> {
        // Before a value is taken. The node is not armed in a call then: each wait that was ready has disarmed it.
        ready!(self.0.budget.poll_proceed(cx.waker()));
        let poll = self.0.poll_armed(Armed::InCall, cx.waker());
        if poll.is_ready() {
            // The wait is over: a predicate that looks at the value next may take its time, or panic.
            self.0.end_wait();
        }
        self.0.budget.charge(poll)
    }
}

/// Polls the wait of a future that is called `name`, and ends it when it is ready.
pub(crate) fn poll_once<H: TakingHandle>(
    wait: &mut Option<WaitGuard<'_, H>>,
    cx: &mut Context<'_>,
    name: &str,
) -> Poll<Result<H::Value, RecvError>> {
    let Some(guard) = wait else { panic!("`{name}` polled after it had finished") };
    let poll = guard.poll(cx);
    if poll.is_ready() {
        *wait = None;
    }
    poll
}
