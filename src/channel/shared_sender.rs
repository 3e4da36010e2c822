//! A sender that sends through `&self`.

#![forbid(unsafe_code)]

use super::{
    Sender,
    send::{send, send_merged, send_newest_by_key, withdraw},
};
use crate::{
    SendError,
    core::{NO_ROOM, SharedHandle},
    wait::{Budget, ClosedFuture},
};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// A sender that sends through `&self`, made by [`Sender::into_shared`].
///
/// It is for shared state: an `Fn` callback, the state of a web server, a value behind an `Arc`.
///
/// A send costs two exchanges more than [`Sender::send`], on a word that all users of the handle share. If each place that
/// sends can own a handle, clone a `Sender` for each: that is faster and never allocates. A `SharedSender` can be cloned,
/// too; threads that have a clone each do not contend for that word.
///
/// # Panics
///
/// Its drop, as that of a [`Sender`].
pub struct SharedSender<T> {
    handle: SharedHandle<T>,
    /// Of `closed`.
    budget: Budget,
}

// As `Sender`.
impl<T> UnwindSafe for SharedSender<T> {}
impl<T> RefUnwindSafe for SharedSender<T> {}

impl<T> SharedSender<T> {
    pub(super) fn new(handle: SharedHandle<T>) -> Self {
        Self { handle, budget: Budget::new() }
    }

    /// Sends `value`, replacing the unread value if there is one, as [`Sender::send`] does.
    ///
    /// # Progress
    ///
    /// **Wait-free**: three atomic exchanges. This excludes notifying a receiver that waits. It also excludes the allocator,
    /// which is asked for room, given back at once, if another thread is sending through this very handle at this instant. In a
    /// [`StaticChannel`](crate::StaticChannel) that room is looked for among its own, which is lock-free.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If a task's waker panics when it is woken. The value has been sent, and the displaced value is dropped.
    ///
    /// If a [`StaticChannel`](crate::StaticChannel) has no room for one more send at the same time. The value is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::{sync::Arc, thread};
    ///
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = Arc::new(tx.into_shared());
    /// let threads = [1, 2].map(|n| {
    ///     let tx = tx.clone();
    ///     thread::spawn(move || tx.send(n))
    /// });
    /// for thread in threads {
    ///     thread.join().unwrap()?;
    /// }
    /// assert!(matches!(rx.try_recv(), Ok(1 | 2)));
    /// # Ok::<(), overwrite_channel::SendError<i32>>(())
    /// ```
    #[track_caller]
    pub fn send(&self, value: T) -> Result<Option<T>, SendError<T>> {
        send(self.handle.borrow().access(), value)
    }

    /// Sends `value` unless the value that it would displace is greater, as [`Sender::send_newest`] does.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with two exchanges more than [`Sender::send_newest`]. This excludes the allocator, if another thread is
    /// sending through this very handle at this instant.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// As [`Sender::send_newest`]; and as [`send`](Self::send), if there is no room for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// assert_eq!(tx.send_newest(2), Ok(None));
    /// assert_eq!(tx.send_newest(1), Ok(Some(1)));
    /// assert_eq!(rx.try_recv(), Ok(2));
    /// ```
    #[track_caller]
    pub fn send_newest(&self, value: T) -> Result<Option<T>, SendError<T>>
    where
        T: Ord + Clone,
    {
        self.send_newest_by_key(value, T::clone)
    }

    /// Sends `value` unless the value that it would displace has a greater key, as [`Sender::send_newest_by_key`] does.
    ///
    /// `key` may itself send through this handle.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with two exchanges more than [`Sender::send_newest_by_key`]. This excludes the allocator, if another
    /// thread is sending through this very handle at this instant.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// As [`Sender::send_newest_by_key`]; and as [`send`](Self::send), if there is no room for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// tx.send_newest_by_key((2, "two"), |pair| pair.0)?;
    /// tx.send_newest_by_key((1, "one"), |pair| pair.0)?;
    /// assert_eq!(rx.try_recv(), Ok((2, "two")));
    /// # Ok::<(), overwrite_channel::SendError<(i32, &str)>>(())
    /// ```
    #[track_caller]
    pub fn send_newest_by_key<K: Ord>(
        &self,
        value: T,
        key: impl FnMut(&T) -> K,
    ) -> Result<Option<T>, SendError<T>> {
        send_newest_by_key(self.handle.borrow().access(), value, key)
    }

    /// Sends `value`, merged with the unread value if there is one. No value is displaced.
    ///
    /// See [`Sender::send_merged`]. `merge` may itself send through this handle, but if it does so each time, the call never
    /// ends.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with two exchanges more than [`Sender::send_merged`]. This excludes `merge`, notifying, and the allocator,
    /// if another thread is sending through this very handle at this instant.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone. `merge` is not called then.
    ///
    /// # Panics
    ///
    /// As [`Sender::send_merged`]; and as [`send`](Self::send), if there is no room for it.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// let add = |unread: u64, value| unread + value;
    /// assert_eq!(tx.send_merged(1, add), Ok(false));
    /// assert_eq!(tx.send_merged(2, add), Ok(true));
    /// assert_eq!(rx.try_recv(), Ok(3));
    /// ```
    #[track_caller]
    pub fn send_merged(
        &self,
        value: T,
        merge: impl FnMut(T, T) -> T,
    ) -> Result<bool, SendError<T>> {
        send_merged(self.handle.borrow().access(), value, merge)
    }

    /// Takes the unread value back, if there is one.
    ///
    /// See [`Sender::withdraw`].
    ///
    /// # Progress
    ///
    /// **Wait-free**, with two exchanges more than [`Sender::withdraw`] if there is a value. This excludes notifying a receiver.
    /// It also excludes the allocator, which is asked for room if another thread is sending through this very handle at this
    /// instant. In a [`StaticChannel`](crate::StaticChannel) that room is looked for among its own, which is lock-free.
    ///
    /// # Panics
    ///
    /// As [`Sender::withdraw`]. And if a [`StaticChannel`](crate::StaticChannel) has a value, but no room for one more call at
    /// the same time.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// tx.send("frame").unwrap();
    /// assert_eq!(tx.withdraw(), Some("frame"));
    /// assert_eq!(tx.withdraw(), None);
    /// assert!(rx.try_recv().is_err());
    /// ```
    #[track_caller]
    pub fn withdraw(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        withdraw(self.handle.borrow().access())
    }

    /// Returns `true` if no value lies in the slot: a receiver has taken the last one, a sender has withdrawn it, or none was
    /// sent.
    ///
    /// Both answers may be out of date at once: another sender may put a value in, and a receiver may take it. While another
    /// sender merges, the slot is empty although no receiver has the value. It does not synchronise with the call that took or
    /// sent the value.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// tx.send(1).unwrap();
    /// assert!(!tx.is_empty());
    /// rx.recv().unwrap();
    /// assert!(tx.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handle.slot.is_empty()
    }

    /// Returns the number of senders.
    ///
    /// It may be out of date at once, but zero stays zero.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// let tx = tx.into_shared();
    /// let other = tx.clone();
    /// assert_eq!((tx.sender_count(), tx.receiver_count()), (2, 1));
    /// # drop((rx, other));
    /// ```
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.handle.counts.senders()
    }

    /// Returns the number of receivers.
    ///
    /// It may be out of date at once, but zero stays zero.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// See [`sender_count`](Self::sender_count).
    #[must_use]
    pub fn receiver_count(&self) -> usize {
        self.handle.counts.receivers()
    }

    /// Returns `true` if every receiver is gone, as [`Sender::is_closed`] does.
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
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// let tx = tx.into_shared();
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.handle.counts.has_receivers()
    }

    /// Waits as a task until every receiver is gone, as [`Sender::closed`] does.
    ///
    /// There is no form for threads: poll [`is_closed`](Self::is_closed), or block on this future by an executor.
    ///
    /// # Progress
    ///
    /// **Waits** as a task.
    ///
    /// # Panics
    ///
    /// As [`Sender::closed`].
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// let tx = tx.into_shared();
    /// drop(rx);
    /// tx.closed().await;
    /// # });
    /// ```
    pub fn closed(&self) -> ClosedFuture<'_> {
        ClosedFuture::new(&self.handle.counts.receivers, &self.budget)
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
    /// let (tx, _rx) = overwrite_channel::channel::<u8>();
    /// let tx = tx.into_shared();
    /// assert!(tx.same_channel(&tx.clone()));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.handle.is_same_channel(&other.handle)
    }

    /// Makes another sender, if there is room for it. Returns `None` if a [`StaticChannel`](crate::StaticChannel) has none: it is
    /// taken by handles, and by calls through a `SharedSender`. On the heap there is always room.
    ///
    /// # Progress
    ///
    /// As [`clone`](#method.clone).
    ///
    /// # Panics
    ///
    /// If the number of handles exceeds half of `usize::MAX`.
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::StaticChannel;
    ///
    /// static CHANNEL: StaticChannel<u32, 3> = StaticChannel::new();
    ///
    /// let (tx, _rx) = CHANNEL.split().unwrap();
    /// let tx = tx.into_shared();
    /// let third = tx.try_clone().unwrap();
    /// assert!(tx.try_clone().is_none());
    /// drop(third);
    /// assert!(tx.try_clone().is_some());
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self::new(self.handle.another()?))
    }
}

impl<T> From<Sender<T>> for SharedSender<T> {
    /// Turns a sender into one that sends through `&self`; see [`Sender::into_shared`].
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::{SharedSender, channel};
    ///
    /// let (tx, mut rx) = channel();
    /// let tx = SharedSender::from(tx);
    /// assert_eq!(tx.send(1), Ok(None));
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// ```
    fn from(sender: Sender<T>) -> Self {
        sender.into_shared()
    }
}

impl<T> Clone for SharedSender<T> {
    /// Makes another sender of the same channel, with room of its own for a value.
    ///
    /// # Progress
    ///
    /// **Lock-free**. This excludes the allocator, which is asked for memory if no dropped handle has left its room behind.
    ///
    /// # Panics
    ///
    /// If a [`StaticChannel`](crate::StaticChannel) has no room for it: see [`try_clone`](Self::try_clone). And if the number
    /// of handles exceeds half of `usize::MAX`.
    #[track_caller]
    fn clone(&self) -> Self {
        self.try_clone().expect(NO_ROOM)
    }
}

impl<T> fmt::Debug for SharedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSender").finish_non_exhaustive()
    }
}
