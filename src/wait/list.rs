//! The channel's wait cells: a list that only grows, whose cells are used again. Its length is the
//! largest number of receivers there ever was at once.

use super::Cell;
use crate::sync::{AtomicPtr, AtomicUsize};
use alloc::boxed::Box;
use core::{
    marker::PhantomData,
    ptr::{self, NonNull},
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

/// Cells are freed only when the list is.
pub(crate) struct Cells {
    head: AtomicPtr<Cell>,
}

impl Cells {
    pub(crate) fn new() -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()) }
    }

    fn iter(&self) -> Iter<'_> {
        // ORDERING: Acquire pairs with the Release in `claim`: the cell is initialised.
        Iter { next: self.head.load(Acquire), list: PhantomData }
    }

    /// A cell for a new receiver, whom `receivers` already counts. Lock-free.
    pub(crate) fn claim(&self, receivers: &AtomicUsize) -> NonNull<Cell> {
        let mut fresh: Option<Box<Cell>> = None;
        loop {
            let cells = self.iter();
            let head = cells.next;
            let mut length = 0;
            for cell in cells {
                if cell.claim() {
                    return NonNull::from(cell);
                }
                length += 1;
            }
            // Fewer receivers than cells: one was released behind our back. Look again.
            // ORDERING: Relaxed; it counts us, and each owner that `Cell::claim` has just met.
            if receivers.load(Relaxed) <= length {
                continue;
            }
            let mut cell = fresh.take().unwrap_or_else(|| Box::new(Cell::new()));
            cell.next = head;
            let cell = Box::into_raw(cell);
            // ORDERING: Release publishes the cell to `head`. Relaxed when it fails: start again.
            if self.head.compare_exchange(head.cast_mut(), cell, Release, Relaxed).is_ok() {
                // SAFETY: a box is never null.
                return unsafe { NonNull::new_unchecked(cell) };
            }
            // SAFETY: it was not published, so it is still ours alone.
            fresh = Some(unsafe { Box::from_raw(cell) });
        }
    }

    /// Wakes one receiver that waits, if one does, and hands it the baton. Wait-free but for the
    /// wake itself: at most one step for each of the most receivers there ever were at once.
    #[cold]
    pub(crate) fn wake_one(&self) {
        if let Some(waiter) = self.iter().find_map(Cell::take) {
            waiter.wake();
        }
    }

    /// Wakes every receiver that waits.
    pub(crate) fn wake_all(&self) {
        for waiter in self.iter().filter_map(Cell::take) {
            waiter.wake();
        }
    }
}

impl Drop for Cells {
    fn drop(&mut self) {
        let mut next = self.iter().next.cast_mut();
        while !next.is_null() {
            // SAFETY: each cell was leaked from a box into this list, once, and the handles that
            // pointed to it are gone with the channel.
            let cell = unsafe { Box::from_raw(next) };
            next = cell.next.cast_mut();
        }
    }
}

/// The cells from the newest to the oldest.
struct Iter<'a> {
    next: *const Cell,
    list: PhantomData<&'a Cells>,
}

impl<'a> Iterator for Iter<'a> {
    type Item = &'a Cell;

    fn next(&mut self) -> Option<&'a Cell> {
        // SAFETY: a pointer in the list is null or to a published cell, and cells live as long as
        // the list does.
        let cell = unsafe { self.next.as_ref() }?;
        self.next = cell.next;
        Some(cell)
    }
}
