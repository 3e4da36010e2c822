//! The sending half: the handle that sends through `&mut self`.

#![forbid(unsafe_code)]

use super::{
    SharedSender,
    send::{send, send_merged, send_newest_by_key, withdraw},
};
use crate::{
    SendError,
    core::{Handle, NO_ROOM, Senders},
    wait::{Budget, ClosedFuture},
};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The sending half of a channel, made by `channel` or by [`StaticChannel::split`](crate::StaticChannel::split).
///
/// A send takes `&mut self`, because each handle owns the room for its next value. To send from several places, clone the
/// sender or turn it into a [`SharedSender`]. Senders and receivers can be dropped in any order.
///
/// # Panics
///
/// The drop of the last sender notifies every waiting receiver. The drop of the last handle drops the value that is left in the
/// channel. If a task's waker or that value panics then, the drop panics.
pub struct Sender<T> {
    handle: Handle<T, Senders>,
    /// Of `closed`.
    budget: Budget,
}

// No panic leaves a handle or the channel half changed, and handles share no reference to a value. So they are unwind safe
// for every `T`, as the handles of `std::sync::mpsc` and of crossbeam-channel are.
impl<T> UnwindSafe for Sender<T> {}
impl<T> RefUnwindSafe for Sender<T> {}

impl<T> Sender<T> {
    pub(super) fn new(handle: Handle<T, Senders>) -> Self {
        Self { handle, budget: Budget::new() }
    }

    /// Sends `value`, replacing the unread value if there is one.
    ///
    /// Returns `Ok(Some(stale))` with the value that it displaced, or `Ok(None)` if the slot was empty. The caller drops the
    /// stale value. A receiver sees the stale value or the new one, never an empty slot between them.
    ///
    /// `Ok` does not mean received. If every receiver is dropped before it takes the value, the value is dropped with the
    /// channel, when the last sender is dropped too.
    ///
    /// # Progress
    ///
    /// **Wait-free**: one atomic exchange, no loop, no lock, no allocation. This excludes notifying.
    ///
    /// A send to a channel with waiting receivers notifies one that waits in a call. It also notifies every task that left a waker
    /// by `poll_recv` or a stream, and every thread in `wait_any`. A thread is unparked by a system call, a task by the `wake` of
    /// its waker. The search takes a step for every 64 of the most receivers that existed at once (32 on 32-bit targets). In a
    /// [`StaticChannel`](crate::StaticChannel) it takes a step for each wait node.
    ///
    /// A send that displaces a value also notifies, if a task was notified in a call since a sender last did so for this reason.
    /// That task may never poll again. A channel on the heap that never had two receivers does not need this.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If a task's waker panics when it is woken. The value has been sent, and the displaced value is dropped.
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

    /// Sends `value` unless the value that it would displace is greater. Returns the value that is not kept.
    ///
    /// It is for senders that may overtake one another: a value of an earlier attempt that arrives last does not evict the
    /// value of the current attempt. If the two values are equal, `value` is kept and the
    /// displaced one is returned.
    ///
    /// It is [`send_newest_by_key`](Self::send_newest_by_key) with a clone of the value as the key. A receiver may take the
    /// value as soon as it is in the slot, so the sender needs a copy to compare with. If a key is cheaper to make than a clone,
    /// or if `T` is not `Clone`, use `send_newest_by_key`.
    ///
    /// # Progress
    ///
    /// **Lock-free**, as [`send_newest_by_key`](Self::send_newest_by_key).
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If `Clone`, `Ord` or the drop of a clone panics. See [`send_newest_by_key`](Self::send_newest_by_key) for what is lost
    /// then.
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

    /// Sends `value` unless the value that it would displace has a greater key. Returns the value that is not kept.
    ///
    /// If the keys are equal, `value` is kept and the displaced one is returned.
    ///
    /// The value goes in with one exchange. If it displaced a value with a greater key, that value goes back in with another
    /// exchange, until the value that comes out is not greater than the one that went in. Whatever the number of senders, the
    /// value with the greatest key is never lost. `Ok(None)` means that no value came out: the slot was empty, or a receiver
    /// has taken the value.
    ///
    /// The comparison is with the value in the slot, not with values that were received before. A receiver that looks between
    /// the two exchanges receives the older value first, and the newer one after it. If it receives a third value meanwhile, the
    /// value that goes back in may be older than that.
    ///
    /// # Progress
    ///
    /// **Lock-free**: two exchanges at most, unless other senders put ever greater values in meanwhile. This excludes `key`,
    /// the comparison, and notifying a receiver that waits.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone.
    ///
    /// # Panics
    ///
    /// If `key`, a comparison or the drop of a key panics:
    ///
    /// * before the first exchange, `value` is dropped, and nothing was sent;
    /// * later, the displaced value that `key` was looking at is dropped, and the send stands;
    /// * at the end, in the drop of the last key or of `key` itself, the send stands if there was a receiver, and the value that
    ///   the call would have returned is dropped.
    ///
    /// If a task's waker panics, the value that was put in last has been sent. The value that the call would have returned is
    /// dropped.
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

    /// Sends `value`, merged with the unread value if there is one. No value is displaced.
    ///
    /// If a value lies unread, the call takes it, and sends `merge(unread, value)`. It repeats if another value came meanwhile.
    /// Returns `Ok(true)` if it merged. So if all senders merge, each value is received, or merged into one that is: regions to
    /// redraw, counters, maps by key.
    ///
    /// A receiver that looks while the call merges finds the slot empty for a moment. If another sender sends at that moment,
    /// its value is received before the unread one that this call holds. So if the order matters, let one sender merge, or
    /// merge by a time that is part of the value.
    ///
    /// # Progress
    ///
    /// **Lock-free**: one exchange if the slot is empty, two if there is a value, and more if other handles exchange it
    /// meanwhile. This excludes `merge`, and notifying a receiver that waits.
    ///
    /// # Errors
    ///
    /// [`SendError`] with the value, if every receiver is gone. `merge` is not called then.
    ///
    /// # Panics
    ///
    /// If `merge` panics. The two values that it was given are dropped, and the channel goes on working. Or if the drop of `merge`
    /// or a task's waker panics. The value has been sent then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// let add = |unread: u64, value| unread + value;
    /// assert_eq!(tx.send_merged(1, add), Ok(false));
    /// assert_eq!(tx.send_merged(2, add), Ok(true));
    /// assert_eq!(rx.try_recv(), Ok(3));
    /// ```
    pub fn send_merged(
        &mut self,
        value: T,
        merge: impl FnMut(T, T) -> T,
    ) -> Result<bool, SendError<T>> {
        send_merged(self.handle.access(), value, merge)
    }

    /// Takes the unread value back, if there is one.
    ///
    /// It is for a sender whose last value must not be received any more: a camera that is switched off, a job that is
    /// cancelled. With several senders the value may come from another sender. `None` says that no value lies in the slot. A
    /// receiver has taken it, none was sent, or another sender has taken it, to merge or to withdraw it.
    ///
    /// # Progress
    ///
    /// **Wait-free**: no exchange if there is no value, one if there is. This excludes notifying a receiver: the call notifies one
    /// where a [`send`](Self::send) that displaces a value does. If another handle takes the value first, it may notify a receiver
    /// that waits for the next one.
    ///
    /// # Panics
    ///
    /// If the call notifies, and the waker of that task panics. The withdrawn value is dropped then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send("frame").unwrap();
    /// assert_eq!(tx.withdraw(), Some("frame"));
    /// assert_eq!(tx.withdraw(), None);
    /// assert!(rx.try_recv().is_err());
    /// ```
    pub fn withdraw(&mut self) -> Option<T> {
        withdraw(self.handle.access())
    }

    /// Turns this sender into one that sends through `&self`.
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
    /// let callback = || tx.send("called"); // an `Fn`
    /// assert_eq!(callback(), Ok(None));
    /// assert_eq!(rx.try_recv(), Ok("called"));
    /// ```
    #[must_use]
    pub fn into_shared(self) -> SharedSender<T> {
        SharedSender::new(self.handle.into())
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
    /// let (mut tx, mut rx) = overwrite_channel::channel();
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

    /// Returns `true` if every receiver is gone.
    ///
    /// `true` stays `true`, and every send fails from then on. `false` may be out of date at once: the last receiver may be
    /// dropped at any time.
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
    /// assert!(!tx.is_closed());
    /// drop(rx);
    /// assert!(tx.is_closed());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.handle.counts.has_receivers()
    }

    /// Waits as a task until every receiver is gone.
    ///
    /// When the future is ready, every further send fails, and everything that the receivers did has happened before. A sender
    /// can use it to give up work that no receiver will see.
    ///
    /// There is no form for threads: poll [`is_closed`](Self::is_closed), or block on this future by an executor.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. The first poll that must wait may allocate: for the first such future of the channel, and whenever
    /// the largest number of such futures at once doubles. In a [`StaticChannel`](crate::StaticChannel) it never does, and has room
    /// for a number of futures; one more keeps its task busy.
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
    /// let (tx, rx) = overwrite_channel::channel::<u8>();
    /// std::thread::spawn(move || drop(rx));
    /// tx.closed().await;
    /// assert!(tx.is_closed());
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
    /// let (other, _rx) = overwrite_channel::channel::<u8>();
    /// assert!(tx.same_channel(&tx.clone()));
    /// assert!(!tx.same_channel(&other));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.handle.is_same_channel(&other.handle)
    }

    /// Makes another sender, if there is room for it. Returns `None` if a [`StaticChannel`](crate::StaticChannel) has none: it is
    /// taken by handles, and by calls through a [`SharedSender`]. On the heap there is always room.
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
    /// let third = tx.try_clone().unwrap();
    /// assert!(tx.try_clone().is_none());
    /// drop(third);
    /// assert!(tx.try_clone().is_some());
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self::new(self.handle.another()?.0))
    }
}

impl<T> Clone for Sender<T> {
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

impl<T> fmt::Debug for Sender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}
