//! The sending half: the handle that sends through `&mut self`.

#![forbid(unsafe_code)]

use super::SharedSender;
use crate::{
    SendError,
    core::{Access, Handle, Senders},
    wait::{Budget, ClosedFuture},
};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The sending half of a channel made by [`channel`](crate::channel()).
///
/// A send takes `&mut self`, because each handle owns the room its next value is written to; clone
/// the sender to send from several places. Senders and receivers can be dropped in any order. When the last
/// sender is dropped, all who wait are woken; if a waker panics, the drop does.
pub struct Sender<T> {
    handle: Handle<T, Senders>,
    /// Of `closed`.
    budget: Budget,
}

// No panic leaves a handle or the channel half done, and handles share no reference to a value. So they are unwind safe
// whatever `T` is, as those of `std::sync::mpsc` and of crossbeam-channel are.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(handle: Handle<T, Senders>) -> Self {
        Self { handle, budget: Budget::new() }
    }

    /// Sends `value`, replacing the value that nobody has received yet, if there is one.
    ///
    /// Returns the stale value it displaced: `Ok(Some(stale))`, or `Ok(None)` if the slot was empty.
    /// Overwriting is one atomic exchange: a receiver sees the stale value or the new one, never an
    /// empty slot between them.
    ///
    /// `Ok` does not mean received: if every receiver goes first, the value is dropped with the
    /// channel, when the last sender goes, too.
    ///
    /// **Wait-free**: one atomic exchange, no loop, no lock, no allocation. Outside that claim is
    /// notifying a receiver that waits: at most a step for every 64 of the most receivers there ever were
    /// at once, and a system call if it is parked, or its waker's `wake` if it is a task. A send that
    /// displaces a value notifies a receiver, too, if the one notified before was a task: that one may
    /// never poll again.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If a task's waker panics when it is woken. The value has been sent, and the value that it displaced
    /// is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// assert_eq!(tx.send(1), Ok(None));
    /// assert_eq!(tx.send(2), Ok(Some(1)));
    /// assert_eq!(rx.try_recv(), Ok(2));
    ///
    /// drop(rx);
    /// assert_eq!(tx.send(3).unwrap_err().into_inner(), 3);
    /// ```
    #[inline]
    pub fn send(&mut self, value: T) -> Result<Option<T>, SendError<T>> {
        send(self.handle.access(), value)
    }

    /// Sends `value` unless what it would displace is newer (greater); returns the one not kept.
    ///
    /// For senders that may overtake one another: when the value of an earlier attempt arrives
    /// last, it does not evict the current one. Of two equal values one is kept.
    ///
    /// It is [`send_newest_by_key`](Self::send_newest_by_key) with a clone of the value for a key:
    /// once the value is in the slot it may be anybody's, so the comparison needs something that
    /// stays behind. A key that is cheaper to make than a clone, or a `T` that is not `Clone`, wants
    /// that method.
    ///
    /// **Lock-free**; see there.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If the value's `Clone` or `Ord`, or the drop of a clone, panics, as
    /// [`send_newest_by_key`](Self::send_newest_by_key) does if its key panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// let mut overtaken = tx.clone();
    ///
    /// assert_eq!(tx.send_newest((2, "attempt")), Ok(None));
    /// assert_eq!(overtaken.send_newest((1, "attempt")), Ok(Some((1, "attempt"))));
    /// assert_eq!(rx.recv(), Ok((2, "attempt")));
    /// ```
    pub fn send_newest(&mut self, value: T) -> Result<Option<T>, SendError<T>>
    where
        T: Ord + Clone,
    {
        self.send_newest_by_key(value, T::clone)
    }

    /// Sends `value` unless what it would displace has a greater key; returns the one not kept.
    ///
    /// The value goes in with one exchange. If that displaced one with a greater key, the greater
    /// goes back in with another, until what came out is not greater than what went in. Whatever the
    /// number of senders, the value with the greatest key is never lost.
    ///
    /// The comparison is with what is in the slot, not with what was received before. A receiver
    /// that looks between the two exchanges receives the older value, and the newer one after it;
    /// and if it meanwhile receives a third one, the value that goes back in may be older than that.
    ///
    /// `Ok(None)` means that nothing came out: the slot was empty, or a receiver has the value.
    ///
    /// **Lock-free**: two exchanges at most, unless other senders put ever greater values in
    /// meanwhile. Outside that claim are `key`, the comparison, and waking a receiver that waits.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If `key`, a comparison or the drop of a key panics. A panic before the first exchange drops `value`, and nothing
    /// was sent. A later one drops the displaced value that `key` was looking at, and the send stands. If a task's waker
    /// panics, the value put in last has been sent. If the drop of the last key, or of the function, panics,
    /// the send stands, if there was a receiver, and what it would have returned is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// struct Sentinel {
    ///     attempt: u32,
    /// }
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// for attempt in [2, 3, 1] {
    ///     tx.send_newest_by_key(Sentinel { attempt }, |sentinel| sentinel.attempt)?;
    /// }
    /// assert_eq!(rx.recv().unwrap().attempt, 3);
    /// # Ok::<(), overwrite_channel::SendError<Sentinel>>(())
    /// ```
    pub fn send_newest_by_key<K: Ord>(
        &mut self,
        value: T,
        key: impl FnMut(&T) -> K,
    ) -> Result<Option<T>, SendError<T>> {
        send_newest_by_key(self.handle.access(), value, key)
    }

    /// Turns this sender into one that sends through `&self`.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// let callback = || tx.send("called"); // an `Fn`
    /// assert_eq!(callback(), Ok(None));
    /// assert_eq!(rx.try_recv(), Ok("called"));
    /// ```
    #[must_use]
    pub fn into_shared(self) -> SharedSender<T> {
        SharedSender::new(self.handle.into())
    }

    /// Is every receiver gone? Once true, it stays true, and every send fails.
    ///
    /// If false, the last receiver may go at any time.
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.handle.counts.has_receivers()
    }

    /// Waits until every receiver is gone: the future ends when each further send would fail.
    ///
    /// So that work for which nobody waits any more can be given up. What the receivers did has then
    /// happened before. **Cancel safe**: dropping the future undoes it. **Cooperative**: after 128 such waits
    /// of one sender in a row that were ready, the next one wakes its task and returns `Pending` once.
    ///
    /// **Waits** as a task. The first poll that must wait may allocate: for the first such future of the
    /// channel, and as often as the largest number of them at once doubles.
    ///
    /// # Panics
    ///
    /// The future panics when it is polled again after it has finished, and if a waker panics.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// std::thread::spawn(move || drop(rx));
    /// tx.closed().await;
    /// assert!(tx.is_closed());
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
    /// let (other, _rx) = overwrite_channel::channel::<u8>();
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&other));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.handle.is_same_channel(&other.handle)
    }
}

impl<T> Clone for Sender<T> {
    /// Another sender of the same channel, with a node of its own.
    ///
    /// **Lock-free** but for the allocator, which is asked if no node of a dropped handle is free.
    ///
    /// # Panics
    ///
    /// If there are more than half as many handles as a `usize` counts.
    fn clone(&self) -> Self {
        Self::new(self.handle.another().0)
    }
}

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

/// Sends with the access of any handle; see [`Sender::send`].
#[inline]
pub(super) fn send<T>(mut access: Access<'_, T>, value: T) -> Result<Option<T>, SendError<T>> {
    if !access.channel().counts.has_receivers() {
        return Err(SendError(value));
    }
    let displaced = access.put(value);
    if displaced.is_some() {
        access.channel().counts.wait_list.notify_past_stalled();
    }
    Ok(displaced)
}

/// Sends with the access of any handle; see [`Sender::send_newest_by_key`].
pub(super) fn send_newest_by_key<T, K: Ord>(
    mut access: Access<'_, T>,
    value: T,
    mut key: impl FnMut(&T) -> K,
) -> Result<Option<T>, SendError<T>> {
    if !access.channel().counts.has_receivers() {
        drop(key); // not as this returns: see below
        return Err(SendError(value));
    }
    let mut newest = key(&value);
    let mut displaced = access.put(value);
    let has_replaced = displaced.is_some();
    let not_kept = loop {
        // A panic of `key`, of the comparison or of a key's drop drops this value, and no other.
        let Some(held) = displaced else { break None };
        let found = key(&held);
        if found > newest {
            newest = found;
        } else {
            drop(found); // before `held` leaves for where a panic would leak it: see below
            break Some(held);
        }
        displaced = access.put(held);
    };
    if has_replaced {
        access.channel().counts.wait_list.notify_past_stalled();
    }
    // Dropping these is user code. As this function returned, a panic of theirs would leak what it returns
    // (https://github.com/rust-lang/rust/issues/47949).
    drop(newest);
    drop(key);
    Ok(not_kept)
}
