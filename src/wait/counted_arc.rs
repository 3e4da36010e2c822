//! An owner of a wait node that holds an `Arc`.

use super::{ListOwner, WaitList};
use alloc::sync::Arc;
use core::ops::Deref;

/// State that an `Arc` shares among owners of nodes of one wait list, which it counts.
pub(crate) trait CountsOwners {
    /// Returns the list: the same one at each call.
    fn wait_list(&self) -> &WaitList;

    /// Uncounts an owner, which has released its node.
    fn uncount(&self);
}

/// An owner that the shared state has counted. The drop uncounts it.
pub(crate) struct CountedArc<S: CountsOwners>(Arc<S>);

impl<S: CountsOwners> CountedArc<S> {
    /// Makes an owner that is counted already.
    pub(crate) fn new(shared: Arc<S>) -> Self {
        Self(shared)
    }
}

impl<S: CountsOwners> Deref for CountedArc<S> {
    type Target = Arc<S>;

    fn deref(&self) -> &Arc<S> {
        &self.0
    }
}

impl<S: CountsOwners> Drop for CountedArc<S> {
    fn drop(&mut self) {
        self.0.uncount();
    }
}

// SAFETY: the state stays where it is while an `Arc` of it is left, and the trait asks for the same list at each call.
unsafe impl<S: CountsOwners> ListOwner for CountedArc<S> {
    fn wait_list(&self) -> &WaitList {
        self.0.wait_list()
    }
}
