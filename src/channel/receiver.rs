//! The receiving half: looking, predicates, and the handle's life.

#![forbid(unsafe_code)]

#[cfg(feature = "std")]
use crate::wait::{DEFAULT_LIMIT, UNKNOWN, Unpaused};
use crate::{
    TryRecvError,
    core::{Handle, Receivers, Taken},
    wait::{Armed, Budget, Disarmed, Registration, Waiter},
};
use core::{
    fmt, mem,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The receiving half of a channel made by [`channel`](crate::channel()).
///
/// Receivers can be cloned. Clones compete: each value goes to exactly one of them, and a send notifies one of those that
/// wait. If every receiver has to see the newest value, use [`watch`](crate#which-one).
///
/// Receiving takes `&mut self`, because each handle owns the room that it exchanges for the value. Clone the receiver for
/// each thread or task.
///
/// # Panics
///
/// The drop of a receiver may notify: the next receiver, or, if it is the last one, the futures of
/// [`closed`](crate::Sender::closed). It also drops a waker that a poll left behind. If such a waker panics, the drop
/// panics.
pub struct Receiver<T> {
    /// The handle, and where it waits.
    pub(super) registration: Registration<Handle<T, Receivers>>,
    /// This receiver was notified inside a call, and receivers that are still asleep depend on it: the send that notified
    /// it removed `WAITING`. The baton is discharged by an exchange that sets `WAITING`, as each announcement does, or by
    /// notifying the next receiver.
    pub(super) baton: bool,
    /// Of its futures and its stream.
    pub(super) budget: Budget,
    /// Its stream has returned `None`.
    #[cfg(feature = "stream")]
    pub(super) ended: bool,
    /// Maximum number of looks after the first, before it parks.
    #[cfg(feature = "std")]
    pub(super) spin_limit: u32,
    /// The knowledge from earlier waits about spinning.
    #[cfg(feature = "std")]
    pub(super) unpaused: Unpaused,
}

// As `Sender`.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    /// Makes a receiver that is one of `receivers`.
    pub(super) fn new(handle: Handle<T, Receivers>, receivers: usize) -> Self {
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

    /// Takes the value if there is one, without waiting.
    ///
    /// # Progress
    ///
    /// **Wait-free**: no exchange if there is no value, one if there is, and two in a race with the drop of the last sender. This
    /// excludes a notification that the call may have to pass on to another receiver that waits, which is rare. With one
    /// receiver there is none.
    ///
    /// # Errors
    ///
    /// * [`TryRecvError::Empty`] if there is no value now.
    /// * [`TryRecvError::Disconnected`] if every sender is gone and the slot is empty. Then no value will ever come.
    ///
    /// # Panics
    ///
    /// If the call passes a notification on and the waker of that task panics.
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::TryRecvError;
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    /// tx.send(7).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.try_recv(), Ok(7)); // the last value survives the senders
    /// assert_eq!(rx.try_recv(), Err(TryRecvError::Disconnected));
    /// ```
    #[inline]
    pub fn try_recv(&mut self) -> Result<T, TryRecvError> {
        self.look(false)
    }

    pub(super) fn handle(&self) -> &Handle<T, Receivers> {
        self.registration.owner()
    }

    /// Takes the value if there is one, as `try_recv`, for a receiver that may hold the baton.
    #[inline]
    pub(super) fn look(&mut self, baton: bool) -> Result<T, TryRecvError> {
        if let Some(value) = self.registration.access().take(baton) {
            return Ok(value.into_inner());
        }
        if self.handle().counts.has_senders() {
            return Err(TryRecvError::Empty);
        }
        match self.last_look(baton) {
            Some(value) => Ok(value.into_inner()),
            None => Err(TryRecvError::Disconnected),
        }
    }

    /// Looks once more when the senders are gone: the last value may have come after the first look, but not after them.
    #[cold]
    #[inline(never)]
    pub(super) fn last_look(&mut self, baton: bool) -> Option<Taken<'_, T>> {
        self.registration.access().take(baton)
    }

    /// Returns `true` if there is no value now.
    ///
    /// Both answers may be out of date at once: a sender may put a value in, and another receiver may take it. Once
    /// [`is_closed`](Self::is_closed) is `true`, an empty channel stays empty.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, rx) = overwrite_channel::channel();
    /// assert!(rx.is_empty());
    /// tx.send(1).unwrap();
    /// assert!(!rx.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handle().slot.is_empty()
    }

    /// Returns `true` if every sender is gone. A value may still be in the channel.
    ///
    /// `true` stays `true`. `false` may be out of date at once: the last sender may be dropped at any time.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send(1).unwrap();
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.handle().counts.has_senders()
    }

    /// Returns `true` if both receivers belong to the same channel.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (_tx, rx) = overwrite_channel::channel::<u8>();
    /// let (_tx, other) = overwrite_channel::channel::<u8>();
    /// assert!(rx.same_channel(&rx.clone()));
    /// assert!(!rx.same_channel(&other));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.handle().is_same_channel(other.handle())
    }

    /// Arms the node, and announces that on the slot's word. The node stays armed, whatever the announcement found.
    pub(super) fn arm(&mut self, armed: Armed, waiter: Waiter) -> Announced<T> {
        if !self.registration.arm(armed, waiter) {
            return Announced::Busy;
        }
        let came = self.registration.access().announce();
        // The announcement left `WAITING` behind, which discharges the baton.
        self.baton = false;
        match came {
            Some(value) => Announced::Value(value),
            None if self.handle().counts.confirm_open() => Announced::Asleep,
            None => Announced::Closed,
        }
    }

    /// Stops waiting; notes the baton. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    #[inline]
    pub(super) fn disarm(&mut self) -> Option<Waiter> {
        let disarmed = self.registration.disarm();
        self.baton |= matches!(disarmed, Disarmed::Notified(Armed::InCall));
        disarmed.into_waiter()
    }

    /// Notifies the next receiver, which holds the baton then, if this one holds it.
    pub(super) fn pass_on(&mut self) {
        if mem::take(&mut self.baton) {
            self.handle().counts.wait_list.notify_one();
        }
    }
}

/// The outcome of arming and announcing.
pub(super) enum Announced<T> {
    /// Notifiers are at work in every vacant node: nothing was announced.
    Busy,
    /// Nothing: a notifier will wake the waiter.
    Asleep,
    /// A value that came meanwhile.
    Value(T),
    /// Nothing, and no sender is left. The next look says the last value, or the end.
    Closed,
}

impl<T> Clone for Receiver<T> {
    /// Makes another receiver of the same channel, which competes with this one.
    ///
    /// It starts with the spin limit of the original, and with what the original has learned about spinning.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with a step for every 64 of the most receivers that existed at once. This excludes the allocator, which is
    /// asked for memory if no dropped handle has left its room behind, and whenever the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts.
    fn clone(&self) -> Self {
        let (handle, receivers) = self.handle().another();
        #[cfg_attr(not(feature = "std"), expect(unused_mut, reason = "without `std` none spins"))]
        let mut clone = Self::new(handle, receivers);
        #[cfg(feature = "std")]
        {
            clone.spin_limit = self.spin_limit;
            clone.unpaused = self.unpaused;
        }
        clone
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code, as a wake is. Whatever panics, the registration and the handle end
        // after this.
        let _left = self.disarm();
        self.pass_on();
    }
}

/// A receiver that waits inside a call, blocking or over many polls. However the call ends, with a value, a timeout, a
/// dropped future or a panic, the guard disarms the node and passes the baton on.
pub(super) struct WaitGuard<'a, T>(pub(super) &'a mut Receiver<T>);

impl<T> WaitGuard<'_, T> {
    /// Ends a wait of `receiver`, if a call left one behind: a future that was forgotten.
    pub(super) fn end(receiver: &mut Receiver<T>) {
        drop(WaitGuard(receiver));
    }
}

impl<T> Drop for WaitGuard<'_, T> {
    fn drop(&mut self) {
        // Dropped last: that may be user code, as a wake is. A waker that `poll_recv` left stays.
        let in_call = self.0.registration.armed() == Some(Armed::InCall);
        let _last = if in_call { self.0.disarm() } else { None };
        self.0.pass_on();
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
