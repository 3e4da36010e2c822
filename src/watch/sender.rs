//! The sending half.

#![forbid(unsafe_code)]

use super::{Receiver, error::SendError, shared::Shared, value::Ref};
use crate::{
    core::count,
    wait::{Budget, ClosedFuture},
};
use alloc::sync::Arc;
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::atomic::Ordering::{AcqRel, Relaxed},
};

/// The sending half of a channel made by [`channel`](super::channel).
///
/// It sends through `&self`, and can be cloned. When the last sender is dropped, all who wait are woken; if a
/// waker panics, the drop does.
pub struct Sender<T> {
    shared: Arc<Shared<T>>,
    /// Of `closed`.
    budget: Budget,
}

// No panic leaves the channel half done. But the handles share the value by reference, as those of an `Arc` do, and code
// that changes it through `&T` may panic half way.
impl<T: RefUnwindSafe> UnwindSafe for Sender<T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    /// Makes a channel without receivers, for [`subscribe`](Self::subscribe).
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

    /// A handle that the channel's count of senders already includes.
    pub(super) fn from_counted(shared: Arc<Shared<T>>) -> Self {
        Self { shared, budget: Budget::new() }
    }

    /// Replaces the value, if there is a receiver, and wakes those who wait.
    ///
    /// If every receiver goes at the same moment, the value may be stored all the same.
    ///
    /// **Lock-free**: it never waits for a receiver, a [`Ref`] or another sender. It takes a step for each of
    /// the most threads that ever used any `ArcSwap` at once, and tries again only if another sender was
    /// faster. Outside that claim are one allocation, waking who waits, and the drop of the value that was
    /// replaced, which happens here unless somebody still looks at it.
    ///
    /// # Errors
    ///
    /// [`SendError`], which hands the value back, if there is no receiver. Nothing is stored then:
    /// [`send_replace`](Self::send_replace) always stores.
    ///
    /// # Panics
    ///
    /// If a waker panics, or the drop of the value that was replaced. The new value is there all the same,
    /// and every other waker was woken. But if another sender was faster, and what that one replaced is
    /// dropped here and panics, nothing was sent, and `value` is dropped. Where the drop of a value panics,
    /// `arc-swap` may leak another one.
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

    /// Replaces the value, whether or not there is a receiver, and returns the old one.
    ///
    /// It comes as a [`Ref`], because somebody may still look at it, and nobody waits until they no longer
    /// do; [`Ref::try_unwrap`] has the value itself, if nobody does.
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

    /// Replaces the value by what `modify` makes of a clone of it.
    ///
    /// Of several calls at once none is lost: one that another was faster than calls `modify` again, on
    /// the value that is there then. So `modify` is an `FnMut`. It may itself send, but if it does so each
    /// time, the call never ends.
    ///
    /// **Lock-free**, as [`send`](Self::send), but for `modify` and the clone.
    ///
    /// # Panics
    ///
    /// If `modify` or the clone does: the old value stays then, and nobody is woken. Else as
    /// [`send`](Self::send).
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
        self.shared.modify(|value| {
            modify(value);
            true
        });
    }

    /// Replaces the value by what `modify` makes of a clone of it, if `modify` returns true; else the
    /// clone is dropped, and the value stays. Returns what `modify` returned.
    ///
    /// **Lock-free**, and none of several calls at once is lost, as [`send_modify`](Self::send_modify).
    ///
    /// # Panics
    ///
    /// As [`send_modify`](Self::send_modify), and if the drop of a clone that is not stored does.
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
    pub fn send_if_modified(&self, modify: impl FnMut(&mut T) -> bool) -> bool
    where
        T: Clone,
    {
        self.shared.modify(modify)
    }

    /// Looks at the newest value.
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
    pub fn borrow(&self) -> Ref<'_, T> {
        Ref::new(self.shared.look(), false)
    }

    /// A new receiver, to which the present value counts as seen. If there was none, the channel is open
    /// again.
    ///
    /// **Lock-free**, with a step for 64 of the most receivers there ever were at once, but for the allocator,
    /// which is asked as often as the number of receivers doubles.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts, it panics or aborts.
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
        let seen = self.shared.look().version();
        let receivers = count(&self.shared.receivers.count);
        Receiver::new(Arc::clone(&self.shared), receivers, seen)
    }

    /// Is there no receiver now? [`subscribe`](Self::subscribe) may change that.
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

    /// Waits, as a task, until there is no receiver.
    ///
    /// **Waits**, and is **cancel safe**. If the channel is opened again before the task looks, it waits on.
    /// **Cooperative**: after 128 such waits of one sender in a row that were ready, the next one wakes its task
    /// and returns `Pending` once.
    ///
    /// # Panics
    ///
    /// The future panics when it is polled again after it has finished, and if a waker panics.
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

    /// How many receivers there are at this moment.
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

    /// How many senders there are at this moment, with this one.
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

    /// Do both senders belong to the same channel?
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
    /// Another sender of the same channel.
    ///
    /// **Wait-free.**
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts, it panics or aborts.
    fn clone(&self) -> Self {
        count(&self.shared.senders);
        Self::from_counted(Arc::clone(&self.shared))
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        // ORDERING: AcqRel. Release: what I did, sends above all, comes before the channel is closed. Acquire:
        // the last one sees the same of all the others.
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
