//! Waiting for the receivers' end.

#![forbid(unsafe_code)]

use crate::{
    sync::AtomicUsize,
    wait::{Armed, Budget, Cell, Cells, Waiter, come_back_soon},
};
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    sync::atomic::Ordering::{AcqRel, Relaxed},
    task::{Context, Poll, ready},
};

/// The receivers, as senders see them: how many there are, and who waits for their end.
pub(crate) struct Receivers {
    pub(crate) count: AtomicUsize,
    cells: Cells,
    waiters: AtomicUsize,
}

impl Receivers {
    /// One receiver, and nobody waits.
    pub(crate) fn one() -> Self {
        Self { count: AtomicUsize::new(1), cells: Cells::new(), waiters: AtomicUsize::new(0) }
    }

    /// The last receiver, who has just acquired the count, tells those who wait for it.
    pub(crate) fn have_gone(&self) {
        self.cells.wake_all();
    }

    /// Is a receiver left that, if it is the last to go, will see a cell that this thread has armed?
    fn will_wake(&self) -> bool {
        // ORDERING: AcqRel. Release, and a write, to stand before or after the last receiver's that
        // counts itself out; if before, that one sees the armed cell. Acquire pairs with the same, if
        // after: what the receivers did is seen.
        self.count.fetch_add(0, AcqRel) != 0
    }
}

/// The future of `closed`: of [`Sender::closed`](crate::Sender::closed), and of its like.
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<'a> {
    /// Until it is finished.
    receivers: Option<&'a Receivers>,
    /// The sender's.
    budget: &'a Budget,
    /// From the first poll that waits.
    cell: Option<&'a Cell>,
}

// No panic leaves a wait half done.
impl UnwindSafe for ClosedFuture<'_> {}
impl RefUnwindSafe for ClosedFuture<'_> {}

impl<'a> ClosedFuture<'a> {
    pub(crate) fn new(receivers: &'a Receivers, budget: &'a Budget) -> Self {
        Self { receivers: Some(receivers), budget, cell: None }
    }

    /// Returns whom the cell would have woken.
    fn give_cell_back(&mut self) -> Option<Waiter> {
        let receivers = self.receivers?;
        let cell = self.cell.take()?;
        let last = cell.disarm(Armed::InCall);
        cell.release();
        // ORDERING: Relaxed; whoever claims the cell has read its release before.
        receivers.waiters.fetch_sub(1, Relaxed);
        last
    }
}

impl Future for ClosedFuture<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let receivers = self.receivers.expect("`ClosedFuture` polled after it had finished");
        ready!(self.budget.poll_proceed(cx.waker()));
        let mut last = self.cell.and_then(|cell| cell.disarm(Armed::InCall));
        if receivers.will_wake() {
            let cell = *self.cell.get_or_insert_with(|| {
                // ORDERING: Relaxed; see `Cells::claim`.
                receivers.waiters.fetch_add(1, Relaxed);
                receivers.cells.claim(&receivers.waiters)
            });
            if !cell.is_idle() {
                return come_back_soon(cx.waker());
            }
            cell.arm(Armed::InCall, Waiter::task(last.take(), cx.waker()));
            if receivers.will_wake() {
                return self.budget.charge(Poll::Pending);
            }
        }
        // Dropped last, as `last` is: a waker's drop is user code.
        let _left = self.give_cell_back();
        self.receivers = None;
        self.budget.charge(Poll::Ready(()))
    }
}

#[cfg(feature = "stream")]
impl futures_core::FusedFuture for ClosedFuture<'_> {
    fn is_terminated(&self) -> bool {
        self.receivers.is_none()
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
