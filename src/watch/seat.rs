//! A receiver's wait cell, with what keeps it alive.

use super::shared::Shared;
use crate::wait::{Armed, Cell, Waiter};
use alloc::sync::Arc;
use core::{ptr::NonNull, sync::atomic::Ordering::AcqRel};

/// The seat of a receiver, which the channel's count of receivers includes.
pub(super) struct Seat<T> {
    shared: Arc<Shared<T>>,
    cell: NonNull<Cell>,
    is_armed: bool,
}

// SAFETY: what is shared may be, if `T` may; the cell is part of it, and is used by its owner as much as
// by any notifier through atomics.
unsafe impl<T: Send + Sync> Send for Seat<T> {}
// SAFETY: through `&Seat` one reaches what is shared, and reads the cell's state.
unsafe impl<T: Send + Sync> Sync for Seat<T> {}

impl<T> Seat<T> {
    /// For a receiver that has been counted.
    pub(super) fn new(shared: Arc<Shared<T>>) -> Self {
        let cell = NonNull::from(shared.cells.claim(&shared.receivers.count));
        Self { shared, cell, is_armed: false }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }

    pub(super) fn cell(&self) -> &Cell {
        // SAFETY: cells live as long as their list, which lives in `shared`.
        unsafe { self.cell.as_ref() }
    }

    /// Arms the cell, which is idle. As every change wakes everybody, whoever is woken owes nothing.
    pub(super) fn arm(&mut self, waiter: Waiter) {
        self.cell().arm(Armed::Left, waiter);
        self.is_armed = true;
    }

    /// Stops waiting, if it waits. Returns whom the cell would have woken: dropping that may be user code.
    pub(super) fn disarm(&mut self) -> Option<Waiter> {
        if !core::mem::take(&mut self.is_armed) {
            return None;
        }
        self.cell().disarm(Armed::Left)
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code.
        let _left = self.disarm();
        self.cell().release();
        let receivers = &self.shared.receivers;
        // ORDERING: AcqRel. Release: what I did comes before the receivers' end. Acquire: the last one sees
        // the same of all the others, and the cells armed before `Receivers::will_wake`.
        if receivers.count.fetch_sub(1, AcqRel) == 1 {
            receivers.have_gone();
        }
    }
}
