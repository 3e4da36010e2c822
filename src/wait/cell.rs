//! A wait cell: one receiver's, seen by all who wake.
//!
//! | state    | the waiter belongs to | who may leave it, and how                          |
//! |----------|-----------------------|----------------------------------------------------|
//! | `IDLE`   | the receiver; `None`  | the receiver: `arm` → `ARMED`                      |
//! | `ARMED`  | whoever leaves it     | the receiver: `disarm` → `IDLE`                    |
//! |          |                       | a notifier: `take` → `TAKING`                      |
//! | `TAKING` | that notifier         | that notifier, a few instructions later → `IDLE`   |
//!
//! A receiver that finds its cell no longer `ARMED` was notified, and holds *the baton*: the wake
//! that the notifier owed is owed by it now.

use super::Waiter;
use crate::sync::{AtomicBool, AtomicU8, UnsafeCell};
use core::{
    ptr,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

const IDLE: u8 = 0;
const ARMED: u8 = 1;
const TAKING: u8 = 2;

pub(crate) struct Cell {
    state: AtomicU8,
    waiter: UnsafeCell<Option<Waiter>>,
    /// Does a receiver own this cell?
    claimed: AtomicBool,
    /// The cell before this one in the list; written only before the cell is published.
    pub(super) next: *const Cell,
}

impl Cell {
    /// An idle cell that its maker has claimed.
    pub(super) fn new() -> Self {
        Self {
            state: AtomicU8::new(IDLE),
            waiter: UnsafeCell::new(None),
            claimed: AtomicBool::new(true),
            next: ptr::null(),
        }
    }

    /// Tries to become the owner.
    pub(super) fn claim(&self) -> bool {
        // ORDERING: AcqRel. Acquire pairs with `release`: what the owner before did with the waiter
        // is done. Release pairs with the Acquire when it fails: who finds the cell claimed counts
        // its owner among the receivers.
        self.claimed.compare_exchange(false, true, AcqRel, Acquire).is_ok()
    }

    /// Leaves the cell, disarmed, to the next receiver that needs one.
    pub(crate) fn release(&self) {
        // ORDERING: Release pairs with `claim`.
        self.claimed.swap(false, Release);
    }

    /// The owner says whom to wake. False while a notifier is still at work in the cell; the owner
    /// was notified then.
    #[cfg(feature = "std")]
    pub(crate) fn arm(&self, waiter: Waiter) -> bool {
        // This one read decides: nobody but the owner leaves `IDLE`.
        // ORDERING: Acquire pairs with the Release in `take`: the notifier is done with the waiter.
        if self.state.load(Acquire) != IDLE {
            return false;
        }
        self.waiter.with_mut(|cell| {
            // SAFETY: in `IDLE` the waiter belongs to the owner.
            unsafe { *cell = Some(waiter) };
        });
        // ORDERING: Release pairs with the Acquire in `take`: the notifier sees the waiter.
        self.state.swap(ARMED, Release);
        true
    }

    /// Is nobody at work to wake the owner yet?
    #[cfg(feature = "std")]
    pub(crate) fn is_armed(&self) -> bool {
        // ORDERING: Relaxed; whoever changes it unparks afterwards, and that wake shows it.
        self.state.load(Relaxed) == ARMED
    }

    /// The owner stops waiting. False if it was notified: the baton is the owner's.
    #[cfg(feature = "std")]
    pub(crate) fn disarm(&self) -> bool {
        // ORDERING: Relaxed when it succeeds: the waiter is still the one this thread wrote.
        // Acquire when it fails, pairs with both writes of `take`: who passes the baton on must see
        // every cell that its notifier saw armed.
        if self.state.compare_exchange(ARMED, IDLE, Relaxed, Acquire).is_err() {
            return false;
        }
        self.waiter.with_mut(|cell| {
            // SAFETY: this exchange made it `IDLE`, and in `IDLE` the waiter belongs to the owner.
            unsafe { *cell = None };
        });
        true
    }

    /// A notifier takes whom to wake, if anybody waits here.
    pub(super) fn take(&self) -> Option<Waiter> {
        // Cells that are not armed cost a walk one plain read each.
        // ORDERING: Relaxed; only the exchange below counts. An armed cell that this notifier must
        // see was armed before what it acquired from the slot's word.
        if self.state.load(Relaxed) != ARMED {
            return None;
        }
        // ORDERING: AcqRel. Acquire pairs with the Release in `arm`: the waiter is written. Release
        // pairs with the Acquire in `disarm`. Relaxed when it fails: nothing was had.
        self.state.compare_exchange(ARMED, TAKING, AcqRel, Relaxed).ok()?;
        let waiter = self.waiter.with_mut(|cell| {
            // SAFETY: this exchange made it `TAKING`, and in `TAKING` the waiter is the notifier's.
            unsafe { &mut *cell }.take()
        });
        // ORDERING: Release pairs with the Acquire in `arm` (the waiter is taken out) and `disarm`.
        self.state.swap(IDLE, Release);
        waiter
    }
}
