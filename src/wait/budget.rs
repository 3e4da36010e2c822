//! The budget of a handle: so many of its asynchronous waits may be ready in a row, then one yields.
//!
//! A task that only ever finds what it waits for would never return to its executor, and other tasks, timers
//! and timeouts of that thread would starve. No executor is asked: the handle counts.

#![forbid(unsafe_code)]

// Not loom's: the budget is no part of the protocol.
use core::{
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    task::{Poll, Waker},
};

/// As many as tokio gives a task.
const READY_IN_A_ROW: u8 = 128;

/// Number of waits of one handle that were ready since the last one that was pending.
#[derive(Debug)]
pub(crate) struct Budget {
    /// Threads that wait by one sender at once share it. A charge that is lost among them makes a yield late.
    spent: AtomicU8,
}

impl Budget {
    pub(crate) const fn new() -> Self {
        Self { spent: AtomicU8::new(0) }
    }

    /// Ready if the caller may wait. If the budget is spent, renews it, wakes the task and returns `Pending`:
    /// the caller must return that, and must not have taken anything.
    #[inline]
    pub(crate) fn poll_proceed(&self, waker: &Waker) -> Poll<()> {
        // ORDERING: Relaxed; nothing is read because of it.
        if self.spent.load(Relaxed) < READY_IN_A_ROW {
            return Poll::Ready(());
        }
        self.yield_to_others(waker)
    }

    #[cold]
    fn yield_to_others(&self, waker: &Waker) -> Poll<()> {
        // ORDERING: Relaxed; see `poll_proceed`.
        self.spent.store(0, Relaxed);
        waker.wake_by_ref();
        Poll::Pending
    }

    /// Charges the budget for a wait that was ready, and renews it after one that is pending.
    #[inline]
    pub(crate) fn charge<R>(&self, poll: Poll<R>) -> Poll<R> {
        if poll.is_ready() {
            self.charge_ready();
        // ORDERING: Relaxed, both; see `poll_proceed`.
        } else if self.spent.load(Relaxed) != 0 {
            // Not in vain: other threads may send by this handle.
            self.spent.store(0, Relaxed);
        }
        poll
    }

    #[inline]
    pub(crate) fn charge_ready(&self) {
        // ORDERING: Relaxed; see `poll_proceed`. Not a read-modify-write: it would cost more than a count that is lost.
        self.spent.store(self.spent.load(Relaxed).saturating_add(1), Relaxed);
    }
}
