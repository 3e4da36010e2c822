//! The receiving half: looking, predicates, and the handle's life.

#[cfg(feature = "std")]
mod blocking;
#[cfg(feature = "std")]
mod blocking_iter;
mod future;
mod iter;
mod poll;
#[cfg(feature = "std")]
mod select;
#[cfg(feature = "stream")]
mod stream;

#[cfg(feature = "std")]
pub use blocking_iter::{IntoIter, Iter};
pub use future::{RecvFuture, RecvMatchingFuture};
pub use iter::TryIter;
#[cfg(feature = "std")]
pub use select::{Waitable, wait_any, wait_any_deadline, wait_any_timeout};

#[cfg(feature = "std")]
use crate::wait::{DEFAULT_LIMIT, UNKNOWN, Unpaused};
use crate::{
    TryRecvError,
    block::Block,
    channel::{Side, count},
    node::{Spare, Taken},
    wait::{Armed, Budget, Disarmed, Registration, Waiter},
};
use core::{
    fmt,
    mem::{self, ManuallyDrop},
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The receiving half of a channel made by [`channel`](crate::channel()).
///
/// Receivers can be cloned, and compete then: each value goes to exactly one of them, and a send
/// wakes one of those that wait. If the drop of a receiver wakes somebody (another receiver, or at the end
/// those who wait in [`closed`](crate::Sender::closed)), or drops a waker that a poll left behind, and that
/// panics, the drop does.
pub struct Receiver<T> {
    block: Block<T>,
    /// Always there but for the body of `drop`.
    spare: ManuallyDrop<Spare<T>>,
    /// Where this receiver waits; as long as `spare`.
    registration: ManuallyDrop<Registration>,
    /// This receiver was notified inside a call, and those who are still asleep depend on it: the
    /// send that woke it removed `WAITING`. It is discharged by an exchange that sets `WAITING`, as each
    /// announcement does, or by waking the next one.
    baton: bool,
    /// Of its futures and its stream.
    budget: Budget,
    /// Its stream has returned `None`.
    #[cfg(feature = "stream")]
    ended: bool,
    /// Maximum number of looks after the first, before it parks.
    #[cfg(feature = "std")]
    spin_limit: u32,
    /// The knowledge from earlier waits about spinning.
    #[cfg(feature = "std")]
    unpaused: Unpaused,
}

// SAFETY: a receiver takes values of type `T` from other threads, and shares none with them.
unsafe impl<T: Send> Send for Receiver<T> {}
// SAFETY: through `&Receiver` one can only clone it and ask about the channel, by atomics.
unsafe impl<T: Send> Sync for Receiver<T> {}

// No panic leaves a handle or the channel half done, and handles share no reference to a value. So they are unwind safe
// whatever `T` is, as those of `std::sync::mpsc` and of crossbeam-channel are.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    /// A handle that is one of `receivers`, as the channel's count of them says already.
    pub(crate) fn new(block: Block<T>, spare: Spare<T>, receivers: usize) -> Self {
        // SAFETY: the list lies in the block, which stays where it is and outlives this handle.
        let registration = unsafe { Registration::new(&block.counts.wait_list, receivers) };
        Self {
            registration: ManuallyDrop::new(registration),
            block,
            spare: ManuallyDrop::new(spare),
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
    /// **Wait-free**: none or one exchange, two at the most in a race with the last sender's end.
    /// Outside that claim is one rare wake: this call may have to pass it on to a receiver that
    /// waits (and panics if that is a task whose waker does).
    ///
    /// # Errors
    ///
    /// * [`TryRecvError::Empty`] if there is no value now.
    /// * [`TryRecvError::Disconnected`] if every sender is gone and the slot is empty: no value
    ///   will ever come.
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

    /// `try_recv` by a receiver that may hold the baton.
    #[inline]
    fn look(&mut self, baton: bool) -> Result<T, TryRecvError> {
        if let Some(value) = self.block.take(&mut self.spare, baton) {
            return Ok(value.into_inner());
        }
        if self.block.has_senders() {
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
    fn last_look(&mut self, baton: bool) -> Option<Taken<'_, T>> {
        self.block.take(&mut self.spare, baton)
    }

    /// Is there no value now?
    ///
    /// Either answer may be out of date at once: a sender may put a value in, another receiver may
    /// take it. Only once [`is_closed`](Self::is_closed) is true, an empty channel stays
    /// empty.
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
        self.block.slot.is_empty()
    }

    /// Is every sender gone? Once true, it stays true. A value may still be there.
    ///
    /// If false, the last sender may go at any time.
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
        !self.block.has_senders()
    }

    /// Do both receivers belong to the same channel?
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
        self.block.is_same(&other.block)
    }

    /// Arms the node, and announces that on the slot's word. The node stays armed, whatever the announcement found.
    fn announce(&mut self, armed: Armed, waiter: Waiter) -> Announced<T> {
        if !self.registration.arm(armed, waiter) {
            return Announced::Busy;
        }
        let came = self.block.slot.announce(&mut self.spare);
        // The announcement left `WAITING` behind: whatever was owed before it is discharged.
        self.baton = false;
        match came {
            Some(value) => Announced::Value(value),
            None if self.block.confirm_open() => Announced::Asleep,
            None => Announced::Closed,
        }
    }

    /// Stops waiting; notes the baton. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    #[inline]
    fn disarm(&mut self) -> Option<Waiter> {
        let disarmed = self.registration.disarm();
        self.baton |= matches!(disarmed, Disarmed::Notified(Armed::InCall));
        disarmed.into_waiter()
    }

    /// Whoever holds the baton and leaves wakes the next one, who holds it then.
    fn pass_on(&mut self) {
        if mem::take(&mut self.baton) {
            self.block.counts.wait_list.notify_one();
        }
    }
}

/// What an announcement found.
enum Announced<T> {
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
    /// Another receiver of the same channel, which competes with this one.
    ///
    /// **Lock-free**, with a step for 64 of the most receivers there ever were at once, but for the allocator, which
    /// is asked if no node of a dropped handle is free, and as often as the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts.
    fn clone(&self) -> Self {
        let receivers = count(&self.block.counts.receivers.count);
        #[cfg_attr(not(feature = "std"), expect(unused_mut, reason = "without `std` none spins"))]
        let mut clone = Self::new(self.block.clone(), self.block.acquire_node(), receivers);
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
        // Dropped last: a waker's drop is user code.
        let _left = self.disarm();
        // If this wakes somebody, that is user code, too.
        End(self).0.pass_on();
    }
}

/// A receiver that waits inside a call, blocking or over many polls. However the call ends, with a
/// value, a timeout, a cancelled future or a panic, it disarms the node and passes the baton on.
struct Wait<'a, T>(&'a mut Receiver<T>);

impl<T> Drop for Wait<'_, T> {
    fn drop(&mut self) {
        // Dropped last: that may be user code, as a wake is. What a poll left behind stays.
        let in_call = self.0.registration.armed() == Some(Armed::InCall);
        let _last = if in_call { self.0.disarm() } else { None };
        self.0.pass_on();
    }
}

/// The rest of a receiver's drop, whatever panics before.
struct End<'a, T>(&'a mut Receiver<T>);

impl<T> Drop for End<'_, T> {
    fn drop(&mut self) {
        let receiver = &mut *self.0;
        // SAFETY: the registration is not used after this.
        unsafe { ManuallyDrop::drop(&mut receiver.registration) };
        // SAFETY: the spare is not used after this.
        let spare = unsafe { ManuallyDrop::take(&mut receiver.spare) };
        receiver.block.release_node(spare);
        // SAFETY: this handle was counted, has just given its node back, and ends here.
        unsafe { receiver.block.clone().release_handle(Side::Receivers) };
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
