//! The receiving half: looking, and what was seen.

#![forbid(unsafe_code)]

use super::{shared::Shared, state::Snapshot, value::Ref};
use crate::{
    RecvError,
    core::count,
    wait::{Budget, CountedArc, DEFAULT_LIMIT, Registration, UNKNOWN, Unpaused},
};
use alloc::sync::Arc;
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The receiving half of a channel made by [`channel`](super::channel).
///
/// Receivers can be cloned, and do not compete: each sees the newest value. When the last one is dropped, those
/// who wait in [`closed`](super::Sender::closed) are woken; if a waker panics, the drop does.
pub struct Receiver<T> {
    /// The state that all handles share, and where this receiver waits. Every change notifies every waiter, so a waiter
    /// is always registered as detached.
    pub(super) registration: Registration<CountedArc<Shared<T>>>,
    /// The newest version that a call of this receiver has marked as seen.
    seen: u64,
    /// Whatever was seen, it was marked as changed.
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

// No panic leaves the channel half done. But the handles share the value by reference, as those of an `Arc` do, and code
// that changes it through `&T` may panic half way.
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

    /// Looks at the newest value, and leaves it to be seen: [`changed`](Self::changed) still reports it.
    ///
    /// **Lock-free.** However long the [`Ref`] is kept, no sender waits for it. Outside that claim is one
    /// allocation when a thread uses `arc-swap` for the first time, if no thread that has ended left its
    /// record behind; and, where the `Ref` is the last look at a value that was replaced, its drop.
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
    pub fn borrow(&self) -> Ref<'_, T> {
        let value = self.shared().look();
        let has_changed = self.is_new(value.version());
        Ref::new(value, has_changed)
    }

    /// Looks at the newest value, and marks it as seen.
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
    pub fn borrow_and_update(&mut self) -> Ref<'_, T> {
        self.mark_newest_seen()
    }

    /// Is there a value that was not seen?
    ///
    /// True stays true until a call marks the value as seen, or every sender is gone.
    ///
    /// **Lock-free**, as [`borrow`](Self::borrow); a single atomic load if there is one.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone, even if the last value was not seen:
    /// [`changed`](Self::changed) reports that first.
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
        if state.is_closed() { Err(RecvError) } else { Ok(self.is_new(self.newest(state))) }
    }

    /// Marks the value as not seen, whether it was or not. After the senders' end, the last value is then
    /// reported once more: by a stream that has ended, too.
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
    /// **Lock-free**, as [`borrow`](Self::borrow).
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
        self.mark_seen(self.shared().look().version());
    }

    /// Is every sender gone? Once true, it stays true. The last value may not have been seen yet.
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

    /// How many changes this receiver has skipped so far: those that were replaced by a newer one before
    /// any call of it marked them as seen.
    ///
    /// [`changed`](Self::changed) marks the newest change of its moment. A look at the value after it may
    /// find a newer one still, and the one that was marked does not count as skipped.
    ///
    /// A clone starts at its original's number, a receiver of [`subscribe`](super::Sender::subscribe)
    /// at 0.
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

    /// Do both receivers belong to the same channel?
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

    /// The same, for a `Ref` that need not borrow from the receiver.
    pub(super) fn mark_newest_seen<'a>(&mut self) -> Ref<'a, T> {
        let value = self.shared().look();
        let has_changed = self.is_new(value.version());
        self.mark_seen(value.version());
        Ref::new(value, has_changed)
    }

    fn is_new(&self, version: u64) -> bool {
        self.marked || version > self.seen
    }

    /// The newest version: the word's, or that of a value whose sender has not told of it yet.
    fn newest(&self, state: Snapshot) -> u64 {
        if self.is_new(state.version()) || state.is_closed() {
            state.version()
        } else {
            self.shared().look().version()
        }
    }

    /// Marks that version as seen, unless a newer one was: a sender stores a value before it tells of it.
    pub(super) fn mark_seen(&mut self, version: u64) {
        self.marked = false;
        if version > self.seen {
            self.skipped += version - self.seen - 1;
            self.seen = version;
        }
    }

    /// Returns the newest version if it is new, or that nothing new can come. Returns `None` if the caller has to wait.
    pub(super) fn poll_state(&self) -> Option<Result<u64, RecvError>> {
        let state = self.shared().state.load();
        self.state_for(self.newest(state), state)
    }

    /// Announces that this receiver, whose node is armed, waits. Returns what `poll_state` does, if the word
    /// says it.
    pub(super) fn poll_state_or_wait(&self) -> Option<Result<u64, RecvError>> {
        let state = self.shared().state.set_waiting();
        self.state_for(state.version(), state)
    }

    fn state_for(&self, newest: u64, state: Snapshot) -> Option<Result<u64, RecvError>> {
        if self.is_new(newest) {
            Some(Ok(newest))
        } else {
            state.is_closed().then_some(Err(RecvError))
        }
    }
}

impl<T> Clone for Receiver<T> {
    /// Another receiver of the same channel, to which the same is seen.
    ///
    /// **Lock-free**, with a step for 64 of the most receivers there ever were at once, but for the allocator, which
    /// is asked as often as the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts, it panics or aborts.
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
