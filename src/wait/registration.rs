//! An owner's side of the wait list: the node that it has claimed.

use super::{
    Waiter,
    index::Segment,
    list::WaitList,
    node::{Armed, WaitNode},
};
use core::ptr::NonNull;

/// A claimed node of a [`WaitList`], and how its owner has armed it. The drop disarms it, and leaves it to the next
/// claimer.
pub(crate) struct Registration {
    list: NonNull<WaitList>,
    node: NonNull<WaitNode>,
    /// The segment in which the node lies, unless it lies inside the list.
    segment: Option<NonNull<Segment>>,
    armed: Option<Armed>,
}

// SAFETY: it stands for references to a list, a node and a segment, which are `Sync`.
unsafe impl Send for Registration {}
// SAFETY: as above; what changes it takes `&mut self`.
unsafe impl Sync for Registration {}

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

impl Registration {
    /// Claims a node of `list` for one of `owners`, each of which has claimed a node of it or is about to. The caller is
    /// counted among them, and has acquired the count.
    ///
    /// Lock-free but for the allocator, which is asked as often as the number of owners doubles.
    ///
    /// # Safety
    /// The list outlives the registration, and stays where it is.
    #[inline]
    pub(crate) unsafe fn new(list: &WaitList, owners: usize) -> Self {
        let (node, segment) = list.claim(owners);
        Self { list: NonNull::from(list), node, segment, armed: None }
    }

    fn list(&self) -> &WaitList {
        // SAFETY: the list outlives this, as the caller of `new` promised.
        unsafe { self.list.as_ref() }
    }

    fn node(&self) -> &WaitNode {
        // SAFETY: nodes live as long as their list, which outlives this.
        unsafe { self.node.as_ref() }
    }

    fn segment(&self) -> Option<&Segment> {
        // SAFETY: segments live as long as their list, which outlives this.
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
        self.node().arm(armed, waiter);
        self.armed = Some(armed);
        true
    }

    #[cold]
    fn move_away(&mut self) -> bool {
        // In this order: an owner never has two nodes (W7).
        self.list().release(self.node(), self.segment());
        let (node, segment) = self.list().claim_vacant();
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
        let Some(waiter) = self.node().disarm(armed) else {
            return Disarmed::Notified(armed);
        };
        if let Some(segment) = self.segment() {
            segment.clear(armed, self.node());
        }
        Disarmed::Cancelled(waiter)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // Dropped last: a waker's drop is user code.
        let _waiter = self.disarm();
        self.list().release(self.node(), self.segment());
    }
}
