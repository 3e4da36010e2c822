//! The receiving half: looking and predicates.

#![forbid(unsafe_code)]

use crate::{
    TryRecvError,
    core::{Handle, NO_ROOM, Receivers},
    taker::Taker,
};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The receiving half of a channel, made by `channel` or by [`StaticChannel::split`](crate::StaticChannel::split).
///
/// Receivers can be cloned. Clones compete: each value goes to exactly one of them, and a send notifies one of those that
/// wait. If every receiver has to see the newest value, use [`watch`](crate#which-one).
///
/// Receiving takes `&mut self`, because each handle owns the room that it exchanges for the value. Clone the receiver for
/// each thread or task.
///
/// # Panics
///
/// The drop of a receiver may notify: the next receiver, or, if it is the last one, the futures of
/// [`closed`](crate::Sender::closed). It also drops a waker that a poll left behind. The drop of the last handle drops the value
/// that is left in the channel. If such a waker or that value panics, the drop panics.
pub struct Receiver<T> {
    pub(crate) taker: Taker<Handle<T, Receivers>>,
}

// As `Sender`.
impl<T> UnwindSafe for Receiver<T> {}
impl<T> RefUnwindSafe for Receiver<T> {}

impl<T> Receiver<T> {
    /// Makes the first receiver.
    pub(super) fn new(handle: Handle<T, Receivers>) -> Self {
        Self { taker: Taker::new(handle, 1) }
    }

    /// Takes the value if there is one, without waiting.
    ///
    /// # Progress
    ///
    /// **Wait-free**: no exchange if there is no value, one if there is, and two in a race with the drop of the last sender. This
    /// excludes a notification that the call may have to pass on to another receiver that waits, which is rare. With one
    /// receiver there is none.
    ///
    /// # Errors
    ///
    /// * [`TryRecvError::Empty`] if there is no value now.
    /// * [`TryRecvError::Disconnected`] if every sender is gone and the slot is empty. Then no value will ever come.
    ///
    /// # Panics
    ///
    /// If the call passes a notification on and the waker of that task panics.
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
        self.taker.look(false)
    }

    /// Returns `true` if there is no value now.
    ///
    /// Both answers may be out of date at once: a sender may put a value in, and another receiver may take it. Once
    /// [`is_closed`](Self::is_closed) is `true`, an empty channel stays empty. It does not synchronise with the call that took
    /// or sent the value.
    ///
    /// # Progress
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
        self.taker.is_empty()
    }

    /// Returns `true` if every sender is gone. A value may still be in the channel.
    ///
    /// `true` stays `true`. `false` may be out of date at once: the last sender may be dropped at any time.
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
    /// drop(tx);
    /// assert!(rx.is_closed());
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.taker.is_closed()
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
    /// assert_eq!((rx.sender_count(), rx.receiver_count()), (2, 1));
    /// # drop((rx, other));
    /// ```
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.taker.handle().counts.senders()
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
        self.taker.handle().counts.receivers()
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
    /// let (_tx, rx) = overwrite_channel::channel::<u8>();
    /// let (_tx, other) = overwrite_channel::channel::<u8>();
    /// assert!(rx.same_channel(&rx.clone()));
    /// assert!(!rx.same_channel(&other));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.taker.handle().is_same_channel(other.taker.handle())
    }

    /// Makes another receiver, if there is room for it. Returns `None` if a [`StaticChannel`](crate::StaticChannel) has none: it is
    /// taken by handles, and by calls through a [`SharedSender`](crate::SharedSender). On the heap there is always room.
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
    /// let (_tx, rx) = CHANNEL.split().unwrap();
    /// let third = rx.try_clone().unwrap();
    /// assert!(rx.try_clone().is_none());
    /// drop(third);
    /// assert!(rx.try_clone().is_some());
    /// ```
    #[must_use]
    pub fn try_clone(&self) -> Option<Self> {
        Some(Self { taker: self.taker.another(self.taker.handle().another()?) })
    }
}

impl<T> Clone for Receiver<T> {
    /// Makes another receiver of the same channel, which competes with this one.
    ///
    /// It starts with the spin limit of the original, and with what the original has learned about spinning.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with a step for every 64 (32 on 32-bit targets) of the most receivers that existed at once. This excludes
    /// the allocator, which is asked for memory if no dropped handle has left its room behind, and whenever the number of receivers
    /// doubles.
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

impl<T> fmt::Debug for Receiver<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}
