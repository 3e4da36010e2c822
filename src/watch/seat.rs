//! A receiver's place in the wait list, with what keeps the list alive.

use super::shared::Shared;
use crate::wait::{Armed, Disarmed, Registration, WaitList, Waiter};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::AcqRel;

/// The registration of a receiver, which the channel's count of receivers includes.
pub(super) struct Seat<T> {
    shared: Arc<Shared<T>>,
    /// The wait list lies in what is shared.
    registration: Registration<'static>,
}

impl<T> Seat<T> {
    /// For a receiver that is one of `receivers`, as the channel's count of them says already.
    pub(super) fn new(shared: Arc<Shared<T>>, receivers: usize) -> Self {
        // SAFETY: the list lies in what is shared, which stays where it is and outlives this handle.
        let registration = unsafe { shared.wait_list.claim_unbounded(receivers) };
        Self { shared, registration }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }

    /// Makes sure that the node may be armed; see [`WaitList::settle`].
    pub(super) fn settle(&mut self) -> bool {
        let wait_list: *const WaitList = &raw const self.shared.wait_list;
        // SAFETY: the list lies in what is shared, which stays where it is and outlives this handle.
        unsafe { &*wait_list }.settle(&mut self.registration)
    }

    /// Registers `waiter`; the node is settled. Every change notifies every waiter, so a notified one owes nothing.
    pub(super) fn arm(&mut self, waiter: Waiter) {
        self.registration.arm(Armed::Detached, waiter);
    }

    pub(super) fn is_armed(&self) -> bool {
        self.registration.is_armed()
    }

    /// Stops waiting. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    pub(super) fn disarm(&mut self) -> Option<Waiter> {
        match self.registration.disarm() {
            Disarmed::Cancelled(waiter) => Some(waiter),
            Disarmed::Idle | Disarmed::Notified(_) => None,
        }
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code.
        let _left = self.disarm();
        self.shared.wait_list.release(&self.registration);
        let receivers = &self.shared.receivers;
        // ORDERING: AcqRel. Release: what this receiver did comes before the receivers' end, and its node is vacant
        // before `count` says so. Acquire: the last receiver sees the same of all the others, and the nodes armed
        // before `Receivers::confirm_open`.
        if receivers.count.fetch_sub(1, AcqRel) == 1 {
            receivers.notify_closed();
        }
    }
}
