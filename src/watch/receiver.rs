//! The receiving half: references to the value, and which version was seen.

#![forbid(unsafe_code)]

use super::{shared::Shared, state::Snapshot, value::Ref};
use crate::{
    RecvError,
    wait::{Budget, CountedArc, DEFAULT_LIMIT, Registration, UNKNOWN, Unpaused, Waiter, count},
};
use alloc::sync::Arc;
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The receiving half of a channel made by [`channel`](super::channel).
///
/// Receivers can be cloned, and do not compete: each sees the newest value. A receiver costs an allocation only when the
/// number of receivers at once reaches a new maximum.
///
/// A receiver does not report the number of handles: a sender does, by [`sender_count`](super::Sender::sender_count) and
/// [`receiver_count`](super::Sender::receiver_count).
///
/// # Panics
///
/// The drop of the last receiver notifies the futures of [`closed`](super::Sender::closed). The drop of a receiver drops a waker
/// that a poll left behind, and the drop of the last handle the value. If such a waker or that value panics, the drop panics.
pub struct Receiver<T> {
    /// The state that all handles share, and where this receiver waits. Every change notifies every waiter, in a call or
    /// detached, so there is no baton.
    pub(super) registration: Registration<CountedArc<Shared<T>>>,
    /// The newest version that a call of this receiver has marked as seen. It was published.
    seen: u64,
    /// The value was marked as not seen.
    marked: bool,
    /// Of its futures and its stream.
    pub(super) budget: Budget,
    /// Its stream has returned `None`, and was not marked as changed since.
    #[cfg(feature = "stream")]
    pub(super) ended: bool,
    skipped: u64,
    /// Maximum number of looks after the first, before it parks.
    pub(super) spin_limit: u32,
    /// The knowledge from earlier waits about spinning.
    pub(super) unpaused: Unpaused,
}

// As `Sender`.
impl<T: RefUnwindSafe> UnwindSafe for Receiver<T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    /// Makes a receiver that is one of `receivers`, and counted already.
    pub(super) fn new(shared: Arc<Shared<T>>, receivers: usize, seen: u64) -> Self {
        Self {
            registration: Registration::new(CountedArc::new(shared), receivers),
            seen,
            marked: false,
            budget: Budget::new(),
            #[cfg(feature = "stream")]
            ended: false,
            skipped: 0,
            spin_limit: DEFAULT_LIMIT,
            unpaused: UNKNOWN,
        }
    }

    pub(super) fn shared(&self) -> &Shared<T> {
        self.registration.owner()
    }

    /// Stops waiting. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    pub(super) fn disarm(&mut self) -> Option<Waiter> {
        self.registration.disarm().into_waiter()
    }

    /// Returns a reference to the newest value, and does not mark it as seen: [`changed`](Self::changed) still reports it.
    ///
    /// # Progress
    ///
    /// **Lock-free.** No sender waits for the [`Ref`], however long it is kept. This excludes one allocation when a thread uses
    /// `arc-swap` for the first time, if no thread that has ended left its record behind. It also excludes the drop of the value,
    /// if the `Ref` is the last reference to a replaced value.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel("a");
    /// tx.send("b").unwrap();
    /// assert_eq!(*rx.borrow(), "b");
    /// assert_eq!(rx.has_changed(), Ok(true));
    /// ```
    #[must_use]
    pub fn borrow(&self) -> Ref<'static, T> {
        let value = self.shared().look();
        let has_changed = self.is_new(value.version());
        Ref::new(value, has_changed)
    }

    /// Returns a reference to the newest value, and marks it as seen.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`borrow`](Self::borrow).
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel("a");
    /// tx.send("b").unwrap();
    /// assert_eq!(*rx.borrow_and_update(), "b");
    /// assert_eq!(rx.has_changed(), Ok(false));
    /// ```
    pub fn borrow_and_update(&mut self) -> Ref<'static, T> {
        self.mark_newest_seen()
    }

    /// Returns `true` if there is a value that this receiver has not seen.
    ///
    /// `true` stays `true` until a call marks the value as seen, or until every sender is gone.
    ///
    /// # Progress
    ///
    /// **Wait-free**: a single atomic load.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone, even if the receiver has not seen the last value. [`changed`](Self::changed) reports
    /// that value first.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// assert_eq!(rx.has_changed(), Ok(false));
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.has_changed(), Ok(true));
    /// drop(tx);
    /// assert!(rx.has_changed().is_err());
    /// ```
    pub fn has_changed(&self) -> Result<bool, RecvError> {
        let state = self.shared().state.load();
        if state.is_closed() { Err(RecvError) } else { Ok(self.is_new(state.version())) }
    }

    /// Marks the value as not seen.
    ///
    /// After the end of the senders, a call that waits reports the last value once more. So does a stream that has ended.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (_tx, mut rx) = overwrite_channel::watch::channel(1);
    /// rx.mark_changed();
    /// assert_eq!(rx.has_changed(), Ok(true));
    /// ```
    pub fn mark_changed(&mut self) {
        self.marked = true;
        #[cfg(feature = "stream")]
        {
            self.ended = false;
        }
    }

    /// Marks the newest value as seen.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel(1);
    /// tx.send(2).unwrap();
    /// rx.mark_unchanged();
    /// assert_eq!(rx.has_changed(), Ok(false));
    /// ```
    pub fn mark_unchanged(&mut self) {
        self.mark_seen(self.shared().state.load().version());
    }

    /// Returns `true` if every sender is gone. The receiver may not have seen the last value yet.
    ///
    /// `true` stays `true`.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// assert!(!rx.is_closed());
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// assert_eq!(*rx.borrow(), 1);
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.shared().state.load().is_closed()
    }

    /// Returns how many changes this receiver has skipped: those that a newer one replaced before a call marked them as seen.
    ///
    /// [`changed`](Self::changed) marks the newest change of its moment. A look at the value after it may find a still newer one.
    /// The change that was marked does not count as skipped then, although no look has found it. So the number is for
    /// diagnosis, and no account of every change.
    ///
    /// A clone starts at the number of its original, a receiver made by [`subscribe`](super::Sender::subscribe) at 0.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel(0);
    /// for change in 1..=5 {
    ///     tx.send(change).unwrap();
    /// }
    /// assert_eq!(*rx.borrow_and_update(), 5);
    /// assert_eq!(rx.skipped(), 4);
    /// ```
    #[must_use]
    pub fn skipped(&self) -> u64 {
        self.skipped
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
    /// let (_tx, rx) = overwrite_channel::watch::channel(1);
    /// assert!(rx.same_channel(&rx.clone()));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.registration.owner(), other.registration.owner())
    }

    /// Marks the newest value as seen, and returns it.
    pub(super) fn mark_newest_seen(&mut self) -> Ref<'static, T> {
        let value = self.shared().look();
        let has_changed = self.is_new(value.version());
        self.mark_seen(value.version());
        Ref::new(value, has_changed)
    }

    fn is_new(&self, version: u64) -> bool {
        self.marked || version > self.seen
    }

    /// Marks that version as seen, unless a newer one was.
    pub(super) fn mark_seen(&mut self, version: u64) {
        self.marked = false;
        if version > self.seen {
            self.skipped += version - self.seen - 1;
            self.seen = version;
        }
    }

    /// Returns the newest version if it is new, or that nothing new can come. Returns `None` if the caller has to wait.
    pub(super) fn poll_state(&self) -> Option<Result<u64, RecvError>> {
        self.state_for(self.shared().state.load())
    }

    /// Announces that this receiver, whose node is armed, waits. Returns what `poll_state` does.
    pub(super) fn poll_state_or_wait(&self) -> Option<Result<u64, RecvError>> {
        self.state_for(self.shared().state.set_waiting())
    }

    fn state_for(&self, state: Snapshot) -> Option<Result<u64, RecvError>> {
        if self.is_new(state.version()) {
            Some(Ok(state.version()))
        } else {
            state.is_closed().then_some(Err(RecvError))
        }
    }
}

impl<T> Clone for Receiver<T> {
    /// Makes another receiver of the same channel, which has seen what this one has seen.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with a step for every 64 (32 on 32-bit targets) of the most receivers that existed at once. This excludes
    /// the allocator, which is asked for memory whenever the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If the number of handles exceeds half of `usize::MAX`. It panics or aborts then.
    fn clone(&self) -> Self {
        let shared: &Arc<_> = self.registration.owner();
        let receivers = count(&shared.receivers.count);
        Self {
            marked: self.marked,
            skipped: self.skipped,
            spin_limit: self.spin_limit,
            unpaused: self.unpaused,
            ..Self::new(Arc::clone(shared), receivers, self.seen)
        }
    }
}

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
