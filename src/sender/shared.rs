//! A sender that sends through `&self`.

use super::Sender;
use crate::{
    SendError,
    block::Block,
    channel::{Side, count},
    closed::ClosedFuture,
    node::{Node, Spare},
    sync::{AtomicPtr, get_mut},
    wait::Budget,
};
use core::{
    fmt,
    mem::ManuallyDrop,
    panic::{RefUnwindSafe, UnwindSafe},
    ptr::{self, NonNull},
    sync::atomic::Ordering::{AcqRel, Acquire},
};

/// A sender for shared state: it sends through `&self`, so an `Fn` callback, a web server's state or
/// anything behind an [`Arc`](alloc::sync::Arc) can send. Made by [`Sender::into_shared`].
///
/// A send costs two exchanges more than [`Sender::send`], on a word that its users share. So where
/// each place that sends can own a handle, clone a `Sender` for each: that is faster and never
/// allocates. A `SharedSender` can be cloned, too; threads that have each their own clone do not meet.
pub struct SharedSender<T> {
    block: Block<T>,
    /// The node at home; null while a send has it.
    spare: AtomicPtr<Node<T>>,
    /// Of `closed`.
    budget: Budget,
}

// SAFETY: a sender moves values of type `T` to other threads, and shares none with them.
unsafe impl<T: Send> Send for SharedSender<T> {}
// SAFETY: `&SharedSender` sends: that moves values. The node at home has one owner, by an exchange.
unsafe impl<T: Send> Sync for SharedSender<T> {}

// No panic leaves a handle or the channel half done, and handles share no reference to a value. So they are unwind safe
// whatever `T` is, as those of `std::sync::mpsc` and of crossbeam-channel are.
impl<T> UnwindSafe for SharedSender<T> {}
impl<T> RefUnwindSafe for SharedSender<T> {}

impl<T> SharedSender<T> {
    #[expect(clippy::needless_pass_by_value, reason = "the handle owns the node from now on")]
    pub(super) fn new(block: Block<T>, spare: Spare<T>) -> Self {
        Self { block, spare: AtomicPtr::new(spare.as_ptr()), budget: Budget::new() }
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
        self.block.send(&mut self.borrow().spare, value)
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
        self.block.send_newest_by_key(&mut self.borrow().spare, value, key)
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
        !self.block.has_receivers()
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
        ClosedFuture::new(&self.block.counts.receivers, &self.budget)
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
        self.block.is_same(&other.block)
    }

    /// Returns a node for one send: the one at home, or another one while a send has that.
    fn borrow(&self) -> Borrowed<'_, T> {
        // ORDERING: Acquire pairs with `Borrowed::drop`: the send before is done with the node.
        let home = self.spare.swap(ptr::null_mut(), Acquire);
        let spare = match NonNull::new(home) {
            // SAFETY: this exchange brought the node out of `spare` (I1).
            Some(node) => unsafe { Spare::from_owned(node) },
            None => self.block.acquire_node(),
        };
        Borrowed { home: self, spare: ManuallyDrop::new(spare) }
    }
}

/// A node for one send, which comes home even if a key or a waker panics.
struct Borrowed<'a, T> {
    home: &'a SharedSender<T>,
    spare: ManuallyDrop<Spare<T>>,
}

impl<T> Drop for Borrowed<'_, T> {
    fn drop(&mut self) {
        // ORDERING: AcqRel. Release gives the node up: this send is done with it; pairs with `borrow`
        // and with the Acquire here, which takes over the node that another send has brought home.
        let other = self.home.spare.swap(self.spare.as_ptr(), AcqRel);
        if let Some(other) = NonNull::new(other) {
            // SAFETY: this exchange brought the node out of `spare` (I1).
            self.home.block.release_node(unsafe { Spare::from_owned(other) });
        }
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
        count(&self.block.counts.senders);
        Self::new(self.block.clone(), self.block.acquire_node())
    }
}

impl<T> Drop for SharedSender<T> {
    fn drop(&mut self) {
        // No send is under way, so the node is at home.
        if let Some(node) = NonNull::new(get_mut(&mut self.spare)) {
            // SAFETY: the handle has the node at home alone (I1), and ends here.
            self.block.release_node(unsafe { Spare::from_owned(node) });
        }
        // SAFETY: this handle was counted, has just given its node back, and ends here.
        unsafe { self.block.clone().release_handle(Side::Senders) };
    }
}

impl<T> fmt::Debug for SharedSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSender").finish_non_exhaustive()
    }
}
