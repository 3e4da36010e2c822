//! An owner's side of the wait list: the node that it has claimed.

use super::{
    Waiter,
    index::Segment,
    node::{Armed, WaitNode},
};
use core::{marker::PhantomData, ptr::NonNull};

/// A claimed node of a [`WaitList`](super::WaitList), and how its owner has armed it.
pub(crate) struct Registration<'a> {
    node: NonNull<WaitNode>,
    /// The segment in which the node lies, unless it lies inside the list.
    segment: Option<NonNull<Segment>>,
    armed: Option<Armed>,
    list: PhantomData<&'a WaitNode>,
}

// SAFETY: it stands for references to a node and a segment, which are `Sync`.
unsafe impl Send for Registration<'_> {}
// SAFETY: as above; what changes it takes `&mut self`.
unsafe impl Sync for Registration<'_> {}

/// What became of an armed node.
pub(crate) enum Disarmed {
    /// It was not armed.
    Idle,
    /// No notifier has taken this waiter. Dropping a waker is user code.
    Cancelled(Waiter),
    /// A notifier has taken the waiter of a node that was armed so.
    Notified(Armed),
}

impl<'a> Registration<'a> {
    /// For the owner of `node`, which lies in that segment, or inside the list.
    pub(super) fn new(node: &'a WaitNode, segment: Option<&'a Segment>) -> Self {
        Self {
            node: NonNull::from(node),
            segment: segment.map(NonNull::from),
            armed: None,
            list: PhantomData,
        }
    }

    pub(super) fn node(&self) -> &WaitNode {
        // SAFETY: nodes live as long as their list, which outlives `'a`.
        unsafe { self.node.as_ref() }
    }

    pub(super) fn segment(&self) -> Option<&Segment> {
        // SAFETY: segments live as long as their list, which outlives `'a`.
        self.segment.map(|segment| unsafe { segment.as_ref() })
    }

    /// Returns `true` if the node may be armed. `false` while it is armed, or while a notifier is taking its waiter.
    pub(super) fn is_idle(&self) -> bool {
        self.node().is_idle()
    }

    /// Registers `waiter`. The node is idle: [`WaitList::settle`](super::WaitList::settle) has returned `true`.
    pub(crate) fn arm(&mut self, armed: Armed, waiter: Waiter) {
        if let Some(segment) = self.segment() {
            segment.set(armed, self.node());
        }
        self.node().arm(armed, waiter);
        self.armed = Some(armed);
    }

    /// Returns `true` until a notifier has begun to take the waiter.
    #[cfg(feature = "std")]
    pub(crate) fn is_armed(&self) -> bool {
        self.node().is_armed()
    }

    /// How the owner has armed the node, whether a notifier has taken the waiter or not.
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
