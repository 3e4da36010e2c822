//! The sending half.

#![forbid(unsafe_code)]

use super::{Receiver, error::SendError, shared::Shared, value::Ref};
use crate::wait::{Budget, ClosedFuture, count};
use alloc::sync::Arc;
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::atomic::Ordering::{AcqRel, Relaxed},
};

/// The sending half of a channel made by [`channel`](super::channel).
///
/// It sends through `&self`, and can be cloned.
///
/// # Panics
///
/// The drop of the last sender notifies every waiting receiver. The drop of the last handle drops the value. If a task's waker or
/// that value panics then, the drop panics.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
    /// Of `closed`.
    budget: Budget,
}

// No panic leaves the channel half changed. But the handles share the value by reference, as an `Arc` does, and code that
// changes the value through `&T` may panic half way.
impl<T: RefUnwindSafe> UnwindSafe for Sender<T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    /// Makes a channel without receivers. [`subscribe`](Self::subscribe) makes some.
    ///
    /// # Progress
    ///
    /// As [`channel`](super::channel).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::watch::Sender;
    ///
    /// let tx = Sender::new(1);
    /// assert!(tx.is_closed());
    /// assert_eq!(*tx.subscribe().borrow(), 1);
    /// ```
    #[must_use]
    pub fn new(init: T) -> Self {
        super::channel(init).0
    }

    /// Makes a sender that is counted already.
    pub(super) fn from_counted(shared: Arc<Shared<T>>) -> Self {
        Self { shared, budget: Budget::new() }
    }

    /// Replaces the value and notifies the waiting receivers. Stores nothing if there is no receiver.
    ///
    /// If the last receiver is dropped at the same moment, the value may still be stored.
    ///
    /// # Progress
    ///
    /// **Lock-free**: it never waits for a receiver, a [`Ref`] or another sender. It takes a step for each of the most threads that
    /// used any `ArcSwap` at once, and tries again only if another sender was faster. This excludes one allocation, notifying the
    /// receivers that wait, and the drop of the replaced value, which happens here unless a [`Ref`] to it is left.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if there is no receiver. [`send_replace`](Self::send_replace) stores the value in any case.
    ///
    /// # Panics
    ///
    /// If a waker, or the drop of the replaced value, panics. The new value is stored, and every other waiter has been notified.
    /// There is one exception: if another sender was faster, and the value that it replaced is dropped by this call and panics,
    /// nothing was sent, and `value` is dropped. If the drop of a value panics, `arc-swap` may leak another value.
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::watch::{self, error::SendError};
    ///
    /// let (tx, rx) = watch::channel(1);
    /// assert_eq!(tx.send(2), Ok(()));
    /// drop(rx);
    /// assert_eq!(tx.send(3), Err(SendError(3)));
    /// assert_eq!(*tx.borrow(), 2);
    /// ```
    pub fn send(&self, value: T) -> Result<(), SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        drop(self.shared.replace(value));
        Ok(())
    }

    /// Replaces the value, whether there is a receiver or not, and returns the old one.
    ///
    /// The old value comes as a [`Ref`], because receivers may still look at it. [`Ref::try_unwrap`] returns the value itself if no
    /// other reference is left.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`send`](Self::send).
    ///
    /// # Panics
    ///
    /// As [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// drop(rx);
    /// assert_eq!(*tx.send_replace(2), 1);
    /// assert_eq!(*tx.borrow(), 2);
    /// ```
    pub fn send_replace(&self, value: T) -> Ref<'static, T> {
        self.shared.replace(value)
    }

    /// Replaces the value by a clone that `modify` has changed.
    ///
    /// No change is lost if several senders modify at once: a call that was overtaken calls `modify` again, on a clone of the value
    /// that is there then. `modify` may itself send, but if it does so each time, the call never ends.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`send`](Self::send). This excludes `modify` and the clone.
    ///
    /// # Panics
    ///
    /// If `modify`, the clone, or the drop of a clone that is not stored panics. The old value stays then, and no receiver is
    /// notified. Otherwise as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// tx.send_modify(|count| *count += 1);
    /// assert_eq!(*rx.borrow(), 2);
    /// ```
    pub fn send_modify(&self, mut modify: impl FnMut(&mut T))
    where
        T: Clone,
    {
        self.shared.update(|value| {
            let mut changed = value.clone();
            modify(&mut changed);
            Some(changed)
        });
    }

    /// Replaces the value by a clone that `modify` has changed, if `modify` returns `true`. Returns what `modify` returned.
    ///
    /// If `modify` returns `false`, the clone is dropped, and the value stays.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`send_modify`](Self::send_modify). No change is lost if several senders modify at once.
    ///
    /// # Panics
    ///
    /// As [`send_modify`](Self::send_modify), and if the drop of a clone that is not stored panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// let raise_to = |least: u32| {
    ///     tx.send_if_modified(|value| {
    ///         let is_less = *value < least;
    ///         *value = least.max(*value);
    ///         is_less
    ///     })
    /// };
    /// assert!(raise_to(3));
    /// assert!(!raise_to(2));
    /// assert_eq!(*rx.borrow(), 3);
    /// ```
    pub fn send_if_modified(&self, mut modify: impl FnMut(&mut T) -> bool) -> bool
    where
        T: Clone,
    {
        self.shared.update(|value| {
            let mut changed = value.clone();
            modify(&mut changed).then_some(changed)
        })
    }

    /// Looks at the value, and replaces it by what `make` returns. If that is `None`, the value stays. Returns `true` if it was
    /// replaced.
    ///
    /// It sets a value only if it is different, or makes the next one from the present one, without a clone.
    ///
    /// No change is lost if several senders update at once: a call that was overtaken calls `make` again, with the value that is
    /// there then. `make` may itself send, but if it does so each time, the call never ends.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`send`](Self::send), and as [`borrow`](Self::borrow) if `make` returns `None`. This excludes `make`.
    ///
    /// # Panics
    ///
    /// If `make`, or the drop of a value that is not stored, panics. The old value stays then, and no receiver is notified.
    /// Otherwise as [`send`](Self::send).
    ///
    /// # Examples
    ///
    /// ```
    /// struct Limits(u32); // not `Clone`
    ///
    /// let (tx, mut rx) = overwrite_channel::watch::channel(Limits(10));
    /// let set = |limit| tx.update(|now| (now.0 != limit).then_some(Limits(limit)));
    /// assert!(set(20));
    /// assert!(rx.borrow_and_update().has_changed());
    /// assert!(!set(20)); // the same: no receiver is notified
    /// assert!(!rx.borrow_and_update().has_changed());
    /// ```
    pub fn update(&self, make: impl FnMut(&T) -> Option<T>) -> bool {
        self.shared.update(make)
    }

    /// Returns a reference to the newest value.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`Receiver::borrow`].
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, _rx) = overwrite_channel::watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert_eq!(*tx.borrow(), 2);
    /// ```
    #[must_use]
    pub fn borrow(&self) -> Ref<'static, T> {
        Ref::new(self.shared.look(), false)
    }

    /// Makes a receiver that has seen the present value. If there was none, the channel is open again.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with a step for every 64 (32 on 32-bit targets) of the most receivers that existed at once. This excludes
    /// the allocator, which is asked for memory whenever the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If the number of handles exceeds half of `usize::MAX`. It panics or aborts then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// let rx = tx.subscribe();
    /// assert!(!tx.is_closed());
    /// tx.send(2).unwrap();
    /// assert_eq!(*rx.borrow(), 2);
    /// ```
    #[must_use]
    pub fn subscribe(&self) -> Receiver<T> {
        let seen = self.shared.state.load().version();
        let receivers = count(&self.shared.receivers.count);
        Receiver::new(Arc::clone(&self.shared), receivers, seen)
    }

    /// Returns `true` if there is no receiver now. [`subscribe`](Self::subscribe) may change that.
    ///
    /// It does not synchronise with the receivers. To see what they did, await [`closed`](Self::closed).
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.shared.has_receivers()
    }

    /// Waits as a task until there is no receiver.
    ///
    /// If the channel is opened again before the task looks, it goes on waiting.
    ///
    /// There is no form for threads: poll [`is_closed`](Self::is_closed), or block on this future by an executor.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. The first poll that must wait may allocate: for the first such future of the channel, and whenever
    /// the largest number of such futures at once doubles.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future has no effect on the channel.
    ///
    /// # Cooperation
    ///
    /// After 128 such waits of one sender in a row that were ready, the next one wakes its task and returns `Pending` once.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it was ready, and if a waker panics.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = overwrite_channel::watch::channel(1);
    /// std::thread::spawn(move || drop(rx));
    /// tx.closed().await;
    /// assert!(tx.is_closed());
    /// # });
    /// ```
    pub fn closed(&self) -> ClosedFuture<'_> {
        ClosedFuture::new(&self.shared.receivers, &self.budget)
    }

    /// Returns the number of receivers at this moment.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, _rx) = overwrite_channel::watch::channel(1);
    /// let _other = tx.subscribe();
    /// assert_eq!(tx.receiver_count(), 2);
    /// ```
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        // ORDERING: Relaxed; it may change at any moment.
        self.shared.receivers.count.load(Relaxed)
    }

    /// Returns the number of senders at this moment, including this one.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, _rx) = overwrite_channel::watch::channel(1);
    /// let _other = tx.clone();
    /// assert_eq!(tx.sender_count(), 2);
    /// ```
    #[must_use]
    pub fn sender_count(&self) -> usize {
        // ORDERING: Relaxed; it may change at any moment.
        self.shared.senders.load(Relaxed)
    }

    /// Returns `true` if both senders belong to the same channel.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, _rx) = overwrite_channel::watch::channel(1);
    /// assert!(tx.same_channel(&tx.clone()));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }
}

impl<T> Clone for Sender<T> {
    /// Makes another sender of the same channel.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Panics
    ///
    /// If the number of handles exceeds half of `usize::MAX`. It panics or aborts then.
    fn clone(&self) -> Self {
        count(&self.shared.senders);
        Self::from_counted(Arc::clone(&self.shared))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // ORDERING: AcqRel. Release: what this sender did, sends above all, comes before the channel is closed. Acquire:
        // the last sender sees the same of all the others.
        if self.shared.senders.fetch_sub(1, AcqRel) == 1 {
            self.shared.state.close();
            self.shared.wait_list.notify_all();
        }
    }
}

impl<T: Default> Default for Sender<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
