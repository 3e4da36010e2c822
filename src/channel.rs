//! `channel()`, and what its handles do together: count each other, wake, close, and end.

use crate::{
    Receiver, Sender,
    block::{Block, Shared},
    node::{Spare, Taken},
    sync::AtomicUsize,
};
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

/// Makes a channel that holds one value: the newest that nobody has read yet.
///
/// One allocation holds the channel, its handles' room for values, and the place where its receiver
/// waits; nothing depends on how many values will be sent. Both handles can be cloned.
///
/// # Examples
///
/// ```
/// let (mut tx, mut rx) = overwrite_channel::channel();
///
/// assert_eq!(tx.send("attempt 1"), Ok(None));
/// assert_eq!(tx.send("attempt 2"), Ok(Some("attempt 1"))); // what it displaced
///
/// assert_eq!(rx.recv(), Ok("attempt 2"));
/// ```
#[must_use]
pub fn channel<T>() -> (Sender<T>, Receiver<T>) {
    let (block, one, other) = Block::new();
    let sender = Sender::new(block.clone(), one);
    (sender, Receiver::new(block, other, 1))
}

impl<T> Shared<T> {
    #[inline]
    pub(crate) fn has_receivers(&self) -> bool {
        // ORDERING: Relaxed; nothing is read because of it, and once zero it stays zero.
        self.counts.receivers.count.load(Relaxed) != 0
    }

    /// Once false it stays false, and every send has happened before.
    #[inline]
    pub(crate) fn has_senders(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `Block::release_handle`: what the senders sent is seen.
        self.counts.senders.load(Acquire) != 0
    }

    /// Returns `true` if there is a sender left that, if it is the last to go, sees the node that this thread has armed.
    pub(crate) fn confirm_open(&self) -> bool {
        // ORDERING: Release, and a write, to stand before or after the last sender's in `release_handle` (I4).
        // If before, that sender sees the armed node. If after, nothing is read because of it: the next
        // look at the senders acquires.
        self.counts.senders.fetch_add(0, Release) != 0
    }

    /// One exchange; notifies a receiver if it must, and only then returns what it displaced.
    #[inline]
    pub(crate) fn put(&self, spare: &mut Spare<T>, value: T) -> Option<T> {
        self.slot.put(spare, value, || self.counts.wait_list.notify_one())
    }

    /// One exchange at most. A receiver that holds the baton owes those who are asleep a wake: its
    /// exchange leaves `WAITING` behind, if there can be any.
    #[inline]
    pub(crate) fn take<'a>(&self, spare: &'a mut Spare<T>, baton: bool) -> Option<Taken<'a, T>> {
        // ORDERING: Relaxed; whoever is asleep while we live keeps this count above 1.
        let others_wait = baton && self.counts.receivers.count.load(Relaxed) > 1;
        self.slot.take(spare, others_wait, || self.counts.wait_list.notify_one())
    }
}

/// Counts one handle more, and returns how many there are.
///
/// # Panics
/// If there are half as many as can be counted; only forgotten handles of a zero-sized type can be.
pub(crate) fn count(handles: &AtomicUsize) -> usize {
    // ORDERING: Acquire pairs with the Release of each handle's end: its wait node is vacant (W7).
    let before = handles.fetch_add(1, Acquire);
    if before > usize::MAX / 2 {
        // ORDERING: Relaxed; no more than the addition is undone.
        handles.fetch_sub(1, Relaxed);
        panic!("too many handles of one channel");
    }
    before + 1
}

/// One side of the channel, as its handles' drop sees it.
#[derive(Clone, Copy)]
pub(crate) enum Side {
    Senders,
    Receivers,
}

impl<T> Block<T> {
    /// A handle goes; the last one closes its side, and the last of both frees the channel and
    /// drops the value that nobody received.
    ///
    /// # Safety
    /// The handle is counted on that side, has given its node back, and does not use the block
    /// again.
    pub(crate) unsafe fn release_handle(self, side: Side) {
        let count = match side {
            Side::Senders => &self.counts.senders,
            Side::Receivers => &self.counts.receivers.count,
        };
        // ORDERING: AcqRel. Release: all I did with the channel comes before its end, and what I
        // sent before `has_senders` is false. Acquire: the last one sees the same of all the others,
        // and the nodes armed before either `confirm_open`. Release also pairs with `count`: the wait node is vacant.
        if count.fetch_sub(1, AcqRel) > 1 {
            return;
        }
        let side_ends = SideEnds(self);
        let counts = &side_ends.0.counts;
        // Everybody, always: a send may just have removed `WAITING` and woken only one (I4).
        match side {
            Side::Senders => counts.wait_list.notify_all(),
            Side::Receivers => counts.receivers.notify_closed(),
        }
    }
}

/// The last handle of a side has woken those who waited for that, or a waker of theirs has panicked.
struct SideEnds<T>(Block<T>);

impl<T> Drop for SideEnds<T> {
    fn drop(&mut self) {
        // ORDERING: AcqRel. Release hands the block over to the other side; Acquire takes it from
        // there, if that side was first.
        if self.0.counts.abandoned.swap(true, AcqRel) {
            // SAFETY: no handle is left on either side, and the caller's does not use it again.
            unsafe { self.0.clone().free() };
        }
    }
}
