//! A wait node: one waiter, shared between its owner and every notifier.
//!
//! | state         | the waiter belongs to   | transition                                             |
//! |---------------|-------------------------|--------------------------------------------------------|
//! | `IDLE`        | the owner; there is none | owner, `arm` → `IN_CALL` or `DETACHED`                |
//! | `IN_CALL`     | the party that leaves it | owner, `disarm` → `IDLE`                              |
//! |               |                         | a notifier that looks for one, `take` → `TAKING`       |
//! | `DETACHED`    | the party that leaves it | owner, `disarm` → `IDLE`                              |
//! |               |                         | every notifier, `take` → `TAKING`                      |
//! | `TAKING`      | that notifier           | that notifier, a few instructions later → `IDLE`       |
//!
//! * **W4** There is a waiter in `IN_CALL`, in `DETACHED`, and in `TAKING` until the notifier has moved it out.
//!   The party in the second column, and no other, reads or writes it.
//!
//! A call that waits, blocking or as a future, is armed `InCall`. If it then finds its node disarmed by a
//! notifier, it holds the *baton*: the wake that the notifier owed is owed by it now. A waker that may be
//! forgotten without notice, as that of a `poll_recv`, is `Detached`: every notifier notifies it in addition, and
//! it owes nothing.

use super::Waiter;
use crate::sync::{AtomicU8, Set, UnsafeCell};
use core::{
    mem::MaybeUninit,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

const IDLE: u8 = 0;
const IN_CALL: u8 = 1;
const DETACHED: u8 = 2;
const TAKING: u8 = 3;

/// The two ways of arming a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Armed {
    /// By a call in progress, which ends in code of this crate: one of these is notified for a value.
    InCall = IN_CALL as isize,
    /// By a call that has returned: each of these is notified for every value.
    Detached = DETACHED as isize,
}

/// Which armed nodes a notifier looks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sought {
    /// The next one of a call, and every detached one.
    OneCall,
    /// Every detached one, after the call was found.
    Detached,
    All,
}

pub(crate) struct WaitNode {
    state: AtomicU8,
    waiter: UnsafeCell<MaybeUninit<Waiter>>,
}

// SAFETY: the state says which thread may access the waiter (W4), and a waiter is `Send`.
unsafe impl Sync for WaitNode {}

impl WaitNode {
    pub(super) fn new() -> Self {
        Self { state: AtomicU8::new(IDLE), waiter: UnsafeCell::new(MaybeUninit::uninit()) }
    }

    /// Returns `true` if the owner may arm the node. Only the owner leaves `IDLE`, so for the owner `true` stays true.
    pub(super) fn is_idle(&self) -> bool {
        // ORDERING: Acquire pairs with the last store of `take`: the notifier has moved the waiter out and has
        // cleared the node's bit.
        self.state.load(Acquire) == IDLE
    }

    /// Stores `waiter`, for notifiers to take.
    ///
    /// # Safety
    /// The caller owns the node, and has seen it idle since it last armed it.
    pub(super) unsafe fn arm(&self, armed: Armed, waiter: Waiter) {
        self.waiter.with_mut(|place| {
            // SAFETY: in `IDLE` the waiter's place belongs to the owner (W4).
            unsafe { place.write(MaybeUninit::new(waiter)) };
        });
        // ORDERING: Release pairs with the Acquire of `take`: the waiter is written.
        self.state.set(armed as u8, Release);
    }

    /// Returns `true` until a notifier has begun to take the waiter of an armed node.
    #[cfg(feature = "std")]
    pub(super) fn is_armed(&self) -> bool {
        // ORDERING: Relaxed; the notifier that changes the state unparks this thread afterwards, and that shows it.
        matches!(self.state.load(Relaxed), IN_CALL | DETACHED)
    }

    /// Takes the waiter back. Returns `None` if a notifier took the waiter.
    ///
    /// # Safety
    /// The caller owns the node, and has armed it so: it has written the waiter itself.
    pub(super) unsafe fn disarm(&self, armed: Armed) -> Option<Waiter> {
        // ORDERING: Relaxed when it succeeds: the waiter is still the one that the owner wrote. Acquire when it
        // fails, pairs with both writes of `take`: a baton's holder sees every node that its notifier saw armed.
        self.state.compare_exchange(armed as u8, IDLE, Relaxed, Acquire).ok()?;
        // SAFETY: this exchange left `IN_CALL` or `DETACHED`, so the waiter is there and is the owner's (W4).
        Some(unsafe { self.move_waiter_out() })
    }

    /// Returns how the node is armed, if that is what a notifier looks for.
    pub(super) fn armed(&self, sought: Sought) -> Option<Armed> {
        // ORDERING: Relaxed; the exchange in `take` decides. A node that this notifier must see was armed before what
        // the notifier has acquired: from the slot's word or that of `watch`, from the count of a side that has ended, with
        // the baton, or with `may_stall`.
        match self.state.load(Relaxed) {
            DETACHED => Some(Armed::Detached),
            IN_CALL if sought != Sought::Detached => Some(Armed::InCall),
            _ => None,
        }
    }

    /// Takes the waiter out, for a notifier. `on_take` runs while no other party can use the node, before its owner
    /// can see it idle.
    pub(super) fn take(
        &self,
        sought: Sought,
        on_take: impl FnOnce(Armed, &Waiter),
    ) -> Option<(Armed, Waiter)> {
        let armed = self.armed(sought)?;
        // ORDERING: AcqRel. Acquire pairs with `arm`: the waiter is written. Release pairs with the failing Acquire
        // of `disarm`. Relaxed when it fails: nothing was taken.
        self.state.compare_exchange(armed as u8, TAKING, AcqRel, Relaxed).ok()?;
        // SAFETY: this exchange left `IN_CALL` or `DETACHED`, so the waiter is there and is the notifier's (W4).
        let waiter = unsafe { self.move_waiter_out() };
        on_take(armed, &waiter);
        // ORDERING: Release pairs with the Acquire of `is_idle` (the waiter is out, the bit is cleared), and with the
        // failing one of `disarm`.
        self.state.set(IDLE, Release);
        Some((armed, waiter))
    }

    /// # Safety
    /// The waiter is there and belongs to the caller (W4), which does not move it out again.
    unsafe fn move_waiter_out(&self) -> Waiter {
        self.waiter.with_mut(|place| {
            // SAFETY: no other party accesses it, as the caller promises.
            let waiter = unsafe { place.read() };
            // SAFETY: it is there, as the caller promises.
            unsafe { waiter.assume_init() }
        })
    }
}
