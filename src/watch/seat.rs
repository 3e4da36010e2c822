//! A receiver's place in the wait list, with what keeps the list alive.

use super::shared::Shared;
use crate::wait::{Armed, Registration, Waiter};
use alloc::sync::Arc;
use core::{mem::ManuallyDrop, sync::atomic::Ordering::AcqRel};

/// The registration of a receiver, which the channel's count of receivers includes.
pub(super) struct Seat<T> {
    shared: Arc<Shared<T>>,
    /// Always there but for the body of `drop`.
    registration: ManuallyDrop<Registration>,
}

impl<T> Seat<T> {
    /// For a receiver that is one of `receivers`, as the channel's count of them says already.
    pub(super) fn new(shared: Arc<Shared<T>>, receivers: usize) -> Self {
        // SAFETY: the list lies in what is shared, which stays where it is and outlives this handle.
        let registration = unsafe { Registration::new(&shared.wait_list, receivers) };
        Self { shared, registration: ManuallyDrop::new(registration) }
    }

    pub(super) fn shared(&self) -> &Arc<Shared<T>> {
        &self.shared
    }

    /// Registers `waiter`; see [`Registration::arm`]. Every change notifies every waiter, so a notified one owes nothing.
    pub(super) fn arm(&mut self, waiter: Waiter) -> bool {
        self.registration.arm(Armed::Detached, waiter)
    }

    pub(super) fn is_armed(&self) -> bool {
        self.registration.is_armed()
    }

    /// Stops waiting. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    pub(super) fn disarm(&mut self) -> Option<Waiter> {
        self.registration.disarm().into_waiter()
    }
}

impl<T> Drop for Seat<T> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code.
        let _left = self.disarm();
        // SAFETY: the registration is not used after this.
        unsafe { ManuallyDrop::drop(&mut self.registration) };
        let receivers = &self.shared.receivers;
        // ORDERING: AcqRel. Release: what this receiver did comes before the receivers' end, and its node is vacant
        // before `count` says so. Acquire: the last receiver sees the same of all the others, and the nodes armed
        // before `Receivers::confirm_open`.
        if receivers.count.fetch_sub(1, AcqRel) == 1 {
            receivers.notify_closed();
        }
    }
}
