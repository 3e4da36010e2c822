//! A wait cell: one waiter's, seen by all who wake.
//!
//! | state    | the waiter belongs to | who may leave it, and how                             |
//! |----------|-----------------------|-------------------------------------------------------|
//! | `IDLE`   | the owner; `None`     | the owner: `arm` → `ARMED` or `LEFT`                  |
//! | `ARMED`  | whoever leaves it     | the owner: `disarm` → `IDLE`                          |
//! |          |                       | a notifier that looks for one: `take` → `TAKING`      |
//! | `LEFT`   | whoever leaves it     | the owner: `disarm` → `IDLE`                          |
//! |          |                       | every notifier: `take` → `TAKING`                     |
//! | `TAKING` | that notifier         | that notifier, a few instructions later → `IDLE`      |
//!
//! An owner that waits inside a call, a blocking one or a future, is `ARMED`. If it then finds its
//! cell no longer `ARMED`, it was notified and holds *the baton*: the wake that the notifier owed is
//! owed by it now. A waiter that may be forgotten without notice, as the waker of a `poll_recv`, is
//! `LEFT`: it is woken in addition, and owes nothing.

use super::Waiter;
use crate::sync::{AtomicBool, AtomicU8, UnsafeCell};
use core::{
    ptr,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

const IDLE: u8 = 0;
const ARMED: u8 = 1;
const LEFT: u8 = 2;
const TAKING: u8 = 3;

/// How a cell is armed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Armed {
    /// By a call that stays until it is woken or leaves by code of ours: one of these is woken.
    InCall = ARMED as isize,
    /// By a call that has returned: these are all woken.
    Left = LEFT as isize,
}

pub(crate) struct Cell {
    state: AtomicU8,
    waiter: UnsafeCell<Option<Waiter>>,
    /// Does anybody own this cell?
    claimed: AtomicBool,
    /// The cell before this one in the list; written only before the cell is published.
    pub(super) next: *const Cell,
}

// SAFETY: `state` says to whom the waiter belongs, and it is `Send`; `next` is only read once the cell is
// shared.
unsafe impl Sync for Cell {}

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
        // An exchange even where the cell is claimed: a read may be out of date, and `Cells::claim` would have
        // to look again for as long as it is.
        // ORDERING: AcqRel. Acquire pairs with `release`: what the owner before did with the waiter
        // is done. Release pairs with the Acquire when it fails: who finds the cell claimed counts
        // its owner among the owners.
        self.claimed.compare_exchange(false, true, AcqRel, Acquire).is_ok()
    }

    /// Leaves the cell, disarmed, to the next receiver that needs one.
    pub(crate) fn release(&self) {
        // ORDERING: Release pairs with `claim`.
        self.claimed.swap(false, Release);
    }

    /// May the owner arm the cell? False while it is armed, or a notifier is still at work in it.
    pub(crate) fn is_idle(&self) -> bool {
        // This one read decides: nobody but the owner leaves `IDLE`.
        // ORDERING: Acquire pairs with the Release in `take`: the notifier is done with the waiter.
        self.state.load(Acquire) == IDLE
    }

    /// The owner, who has just seen the cell idle, says whom to wake.
    pub(crate) fn arm(&self, armed: Armed, waiter: Waiter) {
        self.waiter.with_mut(|cell| {
            // SAFETY: in `IDLE` the waiter belongs to the owner.
            unsafe { *cell = Some(waiter) };
        });
        // ORDERING: Release pairs with the Acquire in `take`: the notifier sees the waiter.
        self.state.swap(armed as u8, Release);
    }

    /// Is nobody at work to wake the owner yet?
    #[cfg(feature = "std")]
    pub(crate) fn is_armed(&self) -> bool {
        // ORDERING: Relaxed; whoever changes it unparks afterwards, and that wake shows it.
        matches!(self.state.load(Relaxed), ARMED | LEFT)
    }

    /// The owner, who has armed the cell so, stops waiting. `None` if it was notified: if it waited
    /// inside a call, the baton is the owner's.
    ///
    /// What is returned may be a waker: dropping it is user code.
    pub(crate) fn disarm(&self, armed: Armed) -> Option<Waiter> {
        // ORDERING: Relaxed when it succeeds: the waiter is still the one that the owner wrote.
        // Acquire when it fails, pairs with both writes of `take`: who passes the baton on must see
        // every cell that its notifier saw armed.
        self.state.compare_exchange(armed as u8, IDLE, Relaxed, Acquire).ok()?;
        self.waiter.with_mut(|cell| {
            // SAFETY: this exchange made it `IDLE`, and in `IDLE` the waiter belongs to the owner.
            unsafe { &mut *cell }.take()
        })
    }

    /// A notifier takes whom to wake, if anybody waits here: who was left behind, and with `in_call`
    /// also who waits inside a call.
    pub(super) fn take(&self, in_call: bool) -> Option<(Armed, Waiter)> {
        // Cells that are not armed cost a walk one plain read each.
        // ORDERING: Relaxed; only the exchange below counts. An armed cell that this notifier must
        // see was armed before what it acquired from the slot's word.
        let (state, armed) = match self.state.load(Relaxed) {
            LEFT => (LEFT, Armed::Left),
            ARMED if in_call => (ARMED, Armed::InCall),
            _ => return None,
        };
        // ORDERING: AcqRel. Acquire pairs with the Release in `arm`: the waiter is written. Release
        // pairs with the Acquire in `disarm`. Relaxed when it fails: nothing was had.
        self.state.compare_exchange(state, TAKING, AcqRel, Relaxed).ok()?;
        let waiter = self.waiter.with_mut(|cell| {
            // SAFETY: this exchange made it `TAKING`, and in `TAKING` the waiter is the notifier's.
            unsafe { &mut *cell }.take()
        });
        // ORDERING: Release pairs with the Acquire in `is_idle` (the waiter is taken out) and `disarm`.
        self.state.swap(IDLE, Release);
        Some((armed, waiter?))
    }
}
