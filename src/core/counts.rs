//! How many handles each side has, and what follows when the last one goes.

#![forbid(unsafe_code)]

use super::flavour::{Flavour, Keeps, Moves};
use crate::{
    sync::{AtomicU32, AtomicUsize},
    wait::{ReceiverCount, WaitList},
};
use core::{
    marker::PhantomData,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// The part of a channel that every call reads and few calls write.
#[repr(C)]
pub(crate) struct Counts {
    senders: AtomicUsize,
    pub(crate) receivers: ReceiverCount,
    /// A bit for each inner node of the block that has no owner, and [`ABANDONED`].
    pub(super) unowned: AtomicU32,
    /// Where receivers wait for a value, or for the senders' end.
    pub(crate) wait_list: WaitList,
}

impl Counts {
    /// Counts one handle on each side, of a block on the heap whose inner nodes all have an owner.
    #[cfg(feature = "alloc")]
    pub(super) fn new() -> Self {
        Self::with(WaitList::new(), ReceiverCount::one(), 0)
    }

    /// Counts one handle on each side. `unowned` has the bits of the inner nodes without an owner.
    pub(super) fn with(wait_list: WaitList, receivers: ReceiverCount, unowned: u32) -> Self {
        Self {
            senders: AtomicUsize::new(1),
            receivers,
            unowned: AtomicU32::new(unowned),
            wait_list,
        }
    }

    /// Returns the number of senders. Zero stays zero.
    pub(crate) fn senders(&self) -> usize {
        // ORDERING: Relaxed; nothing is read because of it.
        self.senders.load(Relaxed)
    }

    /// Returns the number of receivers. Zero stays zero.
    pub(crate) fn receivers(&self) -> usize {
        // ORDERING: Relaxed; nothing is read because of it.
        self.receivers.count.load(Relaxed)
    }

    /// Returns `false` if every receiver is gone. Then it stays `false`.
    #[inline]
    pub(crate) fn has_receivers(&self) -> bool {
        // ORDERING: Relaxed; nothing is read because of it, and once zero it stays zero.
        self.receivers.count.load(Relaxed) != 0
    }

    /// Returns `false` if every sender is gone. Then it stays `false`, and every send has happened before.
    #[inline]
    pub(crate) fn has_senders(&self) -> bool {
        // ORDERING: Acquire pairs with the Release in `release_handle`: what the senders sent is seen.
        self.senders.load(Acquire) != 0
    }

    /// Returns `true` if there is a sender left that, if it is the last to go, sees the node that this thread has armed.
    pub(crate) fn confirm_open(&self) -> bool {
        // ORDERING: Release, and a write, to stand before or after the last sender's in `release_handle` (I4). If before, that
        // sender sees the armed node. If after, nothing is read because of it: the next look at the senders acquires.
        self.senders.fetch_add(0, Release) != 0
    }
}

/// One side is gone. The other side frees the channel.
pub(super) const ABANDONED: u32 = 1 << 31;

// These two take an atomic and no `&Counts`: another handle may free the channel as soon as the operation is done. The compiler
// may assume that what `&Counts` refers to is readable until the function returns, because it has plain fields; it may not
// assume that of an atomic, which is an `UnsafeCell`.

/// Uncounts a handle, which has given its node back. Returns `true` if it was the last of its side.
pub(super) fn release_handle(handles: &AtomicUsize) -> bool {
    // ORDERING: AcqRel. Release: what this handle did with the channel comes before its end, and its sends before
    // `has_senders` is false. Acquire: the last handle sees the same of all the others, and the nodes armed before
    // either `confirm_open`. Release also pairs with `count`: the wait node is vacant.
    handles.fetch_sub(1, AcqRel) == 1
}

/// Closes a side. Returns `true` if the other side was closed before.
pub(super) fn close(unowned: &AtomicU32) -> bool {
    // ORDERING: AcqRel. Release hands the block over to the other side; Acquire takes it from there, if that side was
    // first.
    unowned.fetch_or(ABANDONED, AcqRel) & ABANDONED != 0
}

/// One side of a channel.
pub(crate) trait Side {
    type Flavour: Flavour;

    fn count(counts: &Counts) -> &AtomicUsize;

    /// Notifies all that wait for the end of this side: always, because a send may just have removed `WAITING` and
    /// notified one receiver only (I4).
    fn notify_closed(counts: &Counts);
}

/// The side that puts values in, of a flavour.
pub(crate) struct Putting<F>(PhantomData<F>);

impl<F: Flavour> Side for Putting<F> {
    type Flavour = F;

    fn count(counts: &Counts) -> &AtomicUsize {
        &counts.senders
    }

    fn notify_closed(counts: &Counts) {
        counts.wait_list.notify_all();
    }
}

/// The side that takes them.
pub(crate) struct Taking<F>(PhantomData<F>);

impl<F: Flavour> Side for Taking<F> {
    type Flavour = F;

    fn count(counts: &Counts) -> &AtomicUsize {
        &counts.receivers.count
    }

    fn notify_closed(counts: &Counts) {
        counts.receivers.notify_closed();
    }
}

pub(crate) type Senders = Putting<Moves>;
pub(crate) type Receivers = Taking<Moves>;
pub(super) type Writers = Putting<Keeps>;
pub(super) type Readers = Taking<Keeps>;
