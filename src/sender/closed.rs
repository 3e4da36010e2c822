//! Waiting for the receivers' end.

#![forbid(unsafe_code)]

use crate::{
    block::Counts,
    sync::spin_loop,
    wait::{Armed, Cell, Waiter},
};
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::atomic::Ordering::{AcqRel, Relaxed},
    task::{Context, Poll},
};

/// The future of [`Sender::closed`](crate::Sender::closed).
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<'a> {
    /// Until it is finished.
    counts: Option<&'a Counts>,
    /// From the first poll that waits.
    cell: Option<&'a Cell>,
}

// No panic leaves a wait half done.
impl UnwindSafe for ClosedFuture<'_> {}
impl RefUnwindSafe for ClosedFuture<'_> {}

impl<'a> ClosedFuture<'a> {
    pub(super) fn new(counts: &'a Counts) -> Self {
        Self { counts: Some(counts), cell: None }
    }

    /// Returns whom the cell would have woken.
    fn give_cell_back(&mut self) -> Option<Waiter> {
        let counts = self.counts?;
        let cell = self.cell.take()?;
        let last = cell.disarm(Armed::InCall);
        cell.release();
        // ORDERING: Relaxed; whoever claims the cell has read its release before.
        counts.closed_waiters.fetch_sub(1, Relaxed);
        last
    }
}

impl Counts {
    /// Is a receiver left that, if it is the last to go, will see a cell that this thread has armed?
    fn has_receivers_to_wake(&self) -> bool {
        // ORDERING: AcqRel. Release, and a write, to stand before or after the last receiver's in
        // `leave`; if before, that one sees the armed cell. Acquire pairs with the same, if after: what
        // the receivers did is seen.
        self.receivers.fetch_add(0, AcqRel) != 0
    }
}

impl Future for ClosedFuture<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let counts = self.counts.expect("`ClosedFuture` polled after it had finished");
        let mut last = self.cell.and_then(|cell| cell.disarm(Armed::InCall));
        if counts.has_receivers_to_wake() {
            let cell = *self.cell.get_or_insert_with(|| {
                // ORDERING: Relaxed; see `Cells::claim`.
                counts.closed_waiters.fetch_add(1, Relaxed);
                counts.closed.claim(&counts.closed_waiters)
            });
            if !cell.is_idle() {
                // Being woken: come back soon, rather than wait for the one who does it.
                spin_loop();
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            cell.arm(Armed::InCall, Waiter::task(last.take(), cx.waker()));
            if counts.has_receivers_to_wake() {
                return Poll::Pending;
            }
        }
        // Dropped last, as `last` is: a waker's drop is user code.
        let _left = self.give_cell_back();
        self.counts = None;
        Poll::Ready(())
    }
}

#[cfg(feature = "stream")]
impl futures_core::FusedFuture for ClosedFuture<'_> {
    fn is_terminated(&self) -> bool {
        self.counts.is_none()
    }
}

impl Drop for ClosedFuture<'_> {
    fn drop(&mut self) {
        drop(self.give_cell_back());
    }
}

impl fmt::Debug for ClosedFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedFuture").finish_non_exhaustive()
    }
}
