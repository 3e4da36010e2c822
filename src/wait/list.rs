//! Wait cells: a list that only grows, whose cells are used again. Its length is the largest number
//! of owners there ever was at once: receivers, or futures that wait for the receivers' end.

use super::{Armed, Cell};
use crate::sync::{AtomicPtr, AtomicUsize};
use alloc::boxed::Box;
use core::{
    marker::PhantomData,
    ptr,
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

    /// A cell for a new owner, whom `owners` already counts. Lock-free.
    pub(crate) fn claim(&self, owners: &AtomicUsize) -> &Cell {
        let mut fresh: Option<Box<Cell>> = None;
        loop {
            let cells = self.iter();
            let head = cells.next;
            let mut length = 0;
            for cell in cells {
                if cell.claim() {
                    return cell;
                }
                length += 1;
            }
            // Fewer owners than cells: one was released behind our back. Look again.
            // ORDERING: Relaxed; it counts us, and each owner that `Cell::claim` has just met.
            if owners.load(Relaxed) <= length {
                continue;
            }
            let mut cell = fresh.take().unwrap_or_else(|| Box::new(Cell::new()));
            cell.next = head;
            let cell = Box::into_raw(cell);
            // ORDERING: Release publishes the cell to `head`. Relaxed when it fails: start again.
            if self.head.compare_exchange(head.cast_mut(), cell, Release, Relaxed).is_ok() {
                // SAFETY: it is in the list now, which frees it when it ends itself.
                return unsafe { &*cell };
            }
            // SAFETY: it was not published, so it is still ours alone.
            fresh = Some(unsafe { Box::from_raw(cell) });
        }
    }

    /// Wakes one of those that wait inside a call, if one does, and hands it the baton; and all that
    /// were left behind. Wait-free but for the wakes themselves: a step for each cell.
    #[cold]
    pub(crate) fn wake_one(&self) {
        Walk { cells: self.iter(), in_call: true, all: false }.run();
    }

    /// Wakes everybody that waits.
    pub(crate) fn wake_all(&self) {
        Walk { cells: self.iter(), in_call: true, all: true }.run();
    }
}

/// A walk along the cells, waking. If a waker panics, those behind it are woken all the same.
struct Walk<'a> {
    cells: Iter<'a>,
    /// Does it still wake those that wait inside a call?
    in_call: bool,
    all: bool,
}

impl Walk<'_> {
    fn run(&mut self) {
        for cell in self.cells.by_ref() {
            if let Some((armed, waiter)) = cell.take(self.in_call) {
                waiter.wake();
                // Only now: a waker that panicked has woken nobody.
                self.in_call &= self.all || armed == Armed::Left;
            }
        }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.run();
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
