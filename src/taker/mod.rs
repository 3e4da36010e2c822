//! The side that takes, of `channel` and of `buffer`: looking, waiting, and what a wait owes to other receivers.

#![forbid(unsafe_code)]

#[cfg(feature = "std")]
mod blocking;
mod poll;
#[cfg(feature = "std")]
mod select;

pub(crate) use poll::poll_once;

#[cfg(feature = "std")]
use crate::wait::{DEFAULT_LIMIT, UNKNOWN, Unpaused};
use crate::{
    TryRecvError,
    core::TakingHandle,
    wait::{Armed, Budget, Disarmed, Registration, Waiter},
};
use core::mem;

/// A receiver's handle, where it waits, and how.
pub(crate) struct Taker<H: TakingHandle> {
    /// The handle, and where it waits.
    pub(crate) registration: Registration<H>,
    /// This receiver was notified inside a call, and receivers that are still asleep depend on it: the send that notified
    /// it removed `WAITING`. The baton is discharged by an exchange that sets `WAITING`, as each announcement does, or by
    /// notifying the next receiver.
    baton: bool,
    /// Of its futures and its stream.
    budget: Budget,
    /// Its stream has returned `None`.
    #[cfg(feature = "stream")]
    pub(crate) ended: bool,
    /// Maximum number of looks after the first, before it parks.
    #[cfg(feature = "std")]
    pub(crate) spin_limit: u32,
    /// The knowledge from earlier waits about spinning.
    #[cfg(feature = "std")]
    pub(crate) unpaused: Unpaused,
}

impl<H: TakingHandle> Taker<H> {
    /// Makes a receiver that is one of `receivers`.
    pub(crate) fn new(handle: H, receivers: usize) -> Self {
        Self {
            registration: Registration::new(handle, receivers),
            baton: false,
            budget: Budget::new(),
            #[cfg(feature = "stream")]
            ended: false,
            #[cfg(feature = "std")]
            spin_limit: DEFAULT_LIMIT,
            #[cfg(feature = "std")]
            unpaused: UNKNOWN,
        }
    }

    /// Makes another receiver by `handle`, one of `receivers`, which starts with what this one has learned about spinning.
    #[cfg_attr(
        not(feature = "std"),
        expect(unused_mut, clippy::unused_self, reason = "without `std` none spins")
    )]
    pub(crate) fn another(&self, (handle, receivers): (H, usize)) -> Self {
        let mut another = Self::new(handle, receivers);
        #[cfg(feature = "std")]
        {
            another.spin_limit = self.spin_limit;
            another.unpaused = self.unpaused;
        }
        another
    }

    #[inline]
    pub(crate) fn handle(&self) -> &H {
        self.registration.owner()
    }

    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.handle().is_empty()
    }

    #[inline]
    pub(crate) fn is_closed(&self) -> bool {
        !self.handle().counts().has_senders()
    }

    /// Takes the value if there is one. `baton` says that this receiver may hold the baton, which the exchange then
    /// discharges.
    #[inline]
    pub(crate) fn look(&mut self, baton: bool) -> Result<H::Value, TryRecvError> {
        if let Some(value) = self.registration.take(baton) {
            return Ok(H::into_value(value));
        }
        if self.handle().counts().has_senders() {
            return Err(TryRecvError::Empty);
        }
        match self.last_look(baton) {
            Some(value) => Ok(H::into_value(value)),
            None => Err(TryRecvError::Disconnected),
        }
    }

    /// Looks once more when the senders are gone: the last value may have come after the first look, but not after them.
    #[cold]
    #[inline(never)]
    fn last_look(&mut self, baton: bool) -> Option<H::Taken<'_>> {
        self.registration.take(baton)
    }

    /// Arms the node, and announces that on the slot's word. Unless it returns `Busy`, the node stays armed.
    fn arm(&mut self, armed: Armed, waiter: Waiter) -> Announced<H::Value> {
        if !self.registration.arm(armed, waiter) {
            return Announced::Busy;
        }
        let came = self.registration.announce();
        // The announcement left `WAITING` behind, which discharges the baton.
        self.baton = false;
        match came {
            Some(value) => Announced::Value(value),
            None if self.handle().counts().confirm_open() => Announced::Asleep,
            None => Announced::Closed,
        }
    }

    /// Stops waiting; notes the baton. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    #[inline]
    pub(crate) fn disarm(&mut self) -> Option<Waiter> {
        let disarmed = self.registration.disarm();
        self.baton |= matches!(disarmed, Disarmed::Notified(Armed::InCall));
        disarmed.into_waiter()
    }

    /// Ends a wait in a call, of which the node may be armed and the baton held. A waker that `poll_recv` left stays.
    pub(crate) fn end_wait(&mut self) {
        // Dropped last: that may be user code, as a wake is.
        let in_call = self.registration.armed() == Some(Armed::InCall);
        let _last = if in_call { self.disarm() } else { None };
        self.pass_on();
    }

    /// Notifies the next receiver, which holds the baton then, if this one holds it.
    fn pass_on(&mut self) {
        if mem::take(&mut self.baton) {
            self.handle().counts().wait_list.notify_one();
        }
    }
}

/// The outcome of arming and announcing.
enum Announced<V> {
    /// Notifiers are at work in every vacant node: nothing was announced.
    Busy,
    /// Nothing: a notifier will wake the waiter.
    Asleep,
    /// A value that came meanwhile.
    Value(V),
    /// Nothing, and no sender is left. The next look says the last value, or the end.
    Closed,
}

impl<H: TakingHandle> Drop for Taker<H> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code, as a wake is. Whatever panics, the registration and the handle end
        // after this.
        let _left = self.disarm();
        self.pass_on();
    }
}

/// A receiver that waits inside a call, blocking or over many polls. However the call ends, with a value, a timeout, a
/// dropped future or a panic, the guard disarms the node and passes the baton on.
pub(crate) struct WaitGuard<'a, H: TakingHandle>(pub(crate) &'a mut Taker<H>);

impl<H: TakingHandle> Drop for WaitGuard<'_, H> {
    fn drop(&mut self) {
        self.0.end_wait();
    }
}
