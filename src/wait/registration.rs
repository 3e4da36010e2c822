//! An owner's side of the wait list: the node that it has claimed.

use super::{
    Waiter,
    index::Segment,
    list::WaitList,
    node::{Armed, WaitNode},
};
use core::ptr::NonNull;

/// A pointer to what holds a wait list, and keeps it alive.
///
/// # Safety
/// `wait_list` returns the same list at each call, which stays where it is until the owner is dropped, however often the
/// owner is moved.
pub(crate) unsafe trait ListOwner {
    fn wait_list(&self) -> &WaitList;
}

/// A node of its owner's [`WaitList`], and how the owner has armed it. The drop disarms the node, leaves it to the next
/// claimer, and drops the owner after that.
pub(crate) struct Registration<P: ListOwner> {
    node: NonNull<WaitNode>,
    /// The segment in which the node lies, unless it lies inside the list.
    segment: Option<NonNull<Segment>>,
    armed: Option<Armed>,
    owner: P,
}

// SAFETY: it stands for references to a node and a segment, which are `Sync`, and for an owner that is `Send`.
unsafe impl<P: ListOwner + Send> Send for Registration<P> {}
// SAFETY: as above; what changes it takes `&mut self`.
unsafe impl<P: ListOwner + Sync> Sync for Registration<P> {}

/// The outcome of [`Registration::disarm`].
pub(crate) enum Disarmed {
    /// It was not armed.
    Idle,
    /// No notifier has taken this waiter. Dropping a waker is user code.
    Cancelled(Waiter),
    /// A notifier has taken the waiter of a node that was armed so.
    Notified(Armed),
}

impl Disarmed {
    #[inline]
    pub(crate) fn into_waiter(self) -> Option<Waiter> {
        match self {
            Self::Cancelled(waiter) => Some(waiter),
            Self::Idle | Self::Notified(_) => None,
        }
    }
}

impl<P: ListOwner> Registration<P> {
    /// Claims a node for `owner`, which is one of `owners`. Each of them has claimed a node of the list or is about to. The
    /// caller has acquired their count.
    ///
    /// Lock-free but for the allocator, which is asked as often as the number of owners doubles.
    #[inline]
    pub(crate) fn new(owner: P, owners: usize) -> Self {
        let (node, segment) = owner.wait_list().claim(owners);
        Self { node, segment, armed: None, owner }
    }

    #[inline]
    pub(crate) fn owner(&self) -> &P {
        &self.owner
    }

    /// Returns the owner, for a call that changes it.
    ///
    /// # Safety
    /// The caller does not move it out, nor replace it by another one: the node belongs to its list.
    #[inline]
    pub(crate) unsafe fn owner_mut(&mut self) -> &mut P {
        &mut self.owner
    }

    fn node(&self) -> &WaitNode {
        // SAFETY: nodes live as long as their list, which the owner keeps alive.
        unsafe { self.node.as_ref() }
    }

    fn segment(&self) -> Option<&Segment> {
        // SAFETY: segments live as long as their list, which the owner keeps alive.
        self.segment.map(|segment| unsafe { segment.as_ref() })
    }

    /// Registers `waiter`, in another node if a notifier is still taking the last waiter out of this one. Returns `false`
    /// if notifiers are at work in every vacant node; then the waiter is dropped.
    ///
    /// Lock-free; wait-free unless a notifier is at work in the node. It does not allocate.
    #[inline]
    pub(crate) fn arm(&mut self, armed: Armed, waiter: Waiter) -> bool {
        debug_assert!(self.armed.is_none());
        if !self.node().is_idle() && !self.move_away() {
            return false;
        }
        if let Some(segment) = self.segment() {
            segment.set(armed, self.node());
        }
        // SAFETY: the node is owned (W8), and was seen idle.
        unsafe { self.node().arm(armed, waiter) };
        self.armed = Some(armed);
        true
    }

    #[cold]
    fn move_away(&mut self) -> bool {
        // In this order: an owner never has two nodes (W7).
        // SAFETY: the node is owned (W8). A notifier is taking its waiter, and the owner uses the next node from now on.
        unsafe { self.owner.wait_list().release(self.node(), self.segment()) };
        let (node, segment) = self.owner.wait_list().claim_vacant();
        (self.node, self.segment) = (node, segment);
        self.node().is_idle()
    }

    /// Returns `true` until a notifier has begun to take the waiter.
    #[cfg(feature = "std")]
    pub(crate) fn is_armed(&self) -> bool {
        self.node().is_armed()
    }

    /// Returns how the owner has armed the node, whether a notifier has taken the waiter or not.
    pub(crate) fn armed(&self) -> Option<Armed> {
        self.armed
    }

    /// Stops waiting.
    #[inline]
    pub(crate) fn disarm(&mut self) -> Disarmed {
        let Some(armed) = self.armed.take() else {
            return Disarmed::Idle;
        };
        // SAFETY: the node is owned (W8), and was armed so by this owner.
        let Some(waiter) = (unsafe { self.node().disarm(armed) }) else {
            return Disarmed::Notified(armed);
        };
        if let Some(segment) = self.segment() {
            segment.clear(armed, self.node());
        }
        Disarmed::Cancelled(waiter)
    }
}

impl<P: ListOwner> Drop for Registration<P> {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code.
        let _waiter = self.disarm();
        // SAFETY: the node is owned (W8) and disarmed, and the owner ends.
        unsafe { self.owner.wait_list().release(self.node(), self.segment()) };
    }
}
