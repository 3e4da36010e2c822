//! A sender that sends through `&self`.

#![forbid(unsafe_code)]

use super::{
    Sender,
    sender::{send, send_newest_by_key},
};
use crate::{
    SendError,
    core::SharedHandle,
    wait::{Budget, ClosedFuture},
};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// A sender for shared state: it sends through `&self`, so an `Fn` callback, a web server's state or
/// anything behind an [`Arc`](alloc::sync::Arc) can send. Made by [`Sender::into_shared`].
///
/// A send costs two exchanges more than [`Sender::send`], on a word that its users share. So where
/// each place that sends can own a handle, clone a `Sender` for each: that is faster and never
/// allocates. A `SharedSender` can be cloned, too; threads that have each their own clone do not meet.
pub struct SharedSender<T> {
    handle: SharedHandle<T>,
    /// Of `closed`.
    budget: Budget,
}

// No panic leaves a handle or the channel half done, and handles share no reference to a value. So they are unwind safe
// whatever `T` is, as those of `std::sync::mpsc` and of crossbeam-channel are.
impl<T> UnwindSafe for SharedSender<T> {}
impl<T> RefUnwindSafe for SharedSender<T> {}

impl<T> SharedSender<T> {
    pub(super) fn new(handle: SharedHandle<T>) -> Self {
        Self { handle, budget: Budget::new() }
    }

    /// Sends `value`, replacing the value that nobody has received yet, as [`Sender::send`] does.
    ///
    /// **Wait-free**: three atomic exchanges. If another thread is sending through this very handle
    /// at this instant, the allocator is asked for room, which is given back at once. Outside that
    /// claim is waking a receiver that waits.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If the waker of a task panics. The value has been sent, and the value that it displaced is dropped.
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
    pub fn send(&self, value: T) -> Result<Option<T>, SendError<T>> {
        send(self.handle.borrow().access(), value)
    }

    /// Sends `value` unless what it would displace is newer, as [`Sender::send_newest`] does.
    ///
    /// **Lock-free**: as there, with two exchanges more. Outside that claim is the allocator, if
    /// another thread is sending through this very handle at this instant.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// As [`Sender::send_newest`].
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
    pub fn send_newest(&self, value: T) -> Result<Option<T>, SendError<T>>
    where
        T: Ord + Clone,
    {
        self.send_newest_by_key(value, T::clone)
    }

    /// Sends `value` unless what it would displace has a greater key, as
    /// [`Sender::send_newest_by_key`] does.
    ///
    /// `key` may itself send through this handle.
    ///
    /// **Lock-free**: as there, with two exchanges more. Outside that claim is the allocator, if
    /// another thread is sending through this very handle at this instant.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// As [`Sender::send_newest_by_key`].
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
    pub fn send_newest_by_key<K: Ord>(
        &self,
        value: T,
        key: impl FnMut(&T) -> K,
    ) -> Result<Option<T>, SendError<T>> {
        send_newest_by_key(self.handle.borrow().access(), value, key)
    }

    /// Is every receiver gone? As [`Sender::is_closed`].
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

    /// Waits until every receiver is gone, as [`Sender::closed`] does.
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

    /// Do both senders belong to the same channel?
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
}

impl<T> From<Sender<T>> for SharedSender<T> {
    /// As [`Sender::into_shared`].
    fn from(sender: Sender<T>) -> Self {
        sender.into_shared()
    }
}

impl<T> Clone for SharedSender<T> {
    /// Another sender of the same channel, with a node of its own.
    ///
    /// **Lock-free** but for the allocator, which is asked if no node of a dropped handle is free.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts.
    fn clone(&self) -> Self {
        Self::new(self.handle.another())
    }
}

impl<T> fmt::Debug for SharedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSender").finish_non_exhaustive()
    }
}
