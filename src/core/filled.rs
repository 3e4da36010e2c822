//! Handles whose nodes hold a value: those of `buffer`.
//!
//! A writer owns one node, which it fills. A reader owns two: the one that it *shows*, and a *spare* one for its exchanges. So
//! an exchange that brings no fresh value back, because another reader was faster or because it is an announcement, leaves
//! what the reader shows untouched.

use super::{
    block::Block,
    counts::{Counts, Readers, Writers},
    flavour::Keeps,
    handle::{Handle, TakingHandle},
    node::OwnedNode,
};
use crate::wait::{ListOwner, Registration, WaitList};
use core::{
    marker::PhantomData,
    mem::{self, ManuallyDrop},
};

/// Makes a channel each of whose nodes holds a value made by `make`.
pub(crate) fn buffer<T>(mut make: impl FnMut() -> T) -> (WriteHandle<T>, ReadHandle<T>) {
    let (block, mut nodes) = Block::<T, Keeps>::allocate::<4>();
    // If `make` or its drop panics, the values before are dropped, and then the block.
    let held = nodes.each_mut().map(|node| node.fill(&mut make));
    drop(make);
    mem::forget(held);
    let [slot, own, shown, spare] = nodes;
    let block = block.finish(slot);
    let writer = WriteHandle::new(Handle::new(block.clone(), own));
    (writer, ReadHandle(TwoNodes::new(Handle::new(block, spare), shown)))
}

const HEAP: &str = "a buffer is on the heap, where there is room";

/// A writer's handle, whose node holds a value.
pub(crate) struct WriteHandle<T> {
    handle: Handle<T, Writers>,
    /// `&WriteHandle` gives `&T`.
    shares: PhantomData<T>,
}

impl<T> WriteHandle<T> {
    /// The node of `handle` was filled.
    fn new(handle: Handle<T, Writers>) -> Self {
        Self { handle, shares: PhantomData }
    }

    /// Makes another writer's handle, whose node holds a clone of this one's value.
    ///
    /// # Panics
    /// See [`count`](crate::wait::count). And if the clone panics.
    pub(crate) fn another(&self) -> Self
    where
        T: Clone,
    {
        let (mut handle, _) = self.handle.another().expect(HEAP);
        mem::forget(handle.node.fill(|| self.get().clone()));
        Self::new(handle)
    }

    #[inline]
    pub(crate) fn get(&self) -> &T {
        // SAFETY: each node that has an owner holds a value (I2).
        unsafe { self.handle.node.get() }
    }

    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        // SAFETY: each node that has an owner holds a value (I2).
        unsafe { self.handle.node.get_mut() }
    }

    /// Puts this handle's node in, and takes over the slot's. Returns `true` if no reader had taken that one. One exchange;
    /// notifies a reader if it must.
    #[inline]
    pub(crate) fn put(&mut self) -> bool {
        self.handle.slot.prefetch();
        // SAFETY: each node that has an owner holds a value (I2).
        unsafe { self.handle.block.put(&mut self.handle.node, |_| ()) }.is_some()
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.handle.counts
    }

    /// Returns `true` if the slot holds no value that was not taken, at this moment.
    pub(crate) fn is_empty(&self) -> bool {
        self.handle.slot.is_empty()
    }

    pub(crate) fn is_same_channel(&self, other: &Self) -> bool {
        self.handle.is_same_channel(&other.handle)
    }
}

impl<T> Drop for WriteHandle<T> {
    fn drop(&mut self) {
        // SAFETY: each node that has an owner holds a value (I2). It is not used after this.
        drop(unsafe { self.handle.node.held() });
    }
}

/// A handle with a second node.
struct TwoNodes<T> {
    /// Its node is the spare one.
    handle: Handle<T, Readers>,
    /// Always there but for the body of `drop`. Empty then.
    shown: ManuallyDrop<OwnedNode<T>>,
}

impl<T> TwoNodes<T> {
    fn new(handle: Handle<T, Readers>, shown: OwnedNode<T>) -> Self {
        Self { handle, shown: ManuallyDrop::new(shown) }
    }
}

impl<T> Drop for TwoNodes<T> {
    fn drop(&mut self) {
        // SAFETY: the node is not used after this.
        let shown = unsafe { ManuallyDrop::take(&mut self.shown) };
        self.handle.block.release_node(shown);
    }
}

/// A reader's handle, whose two nodes hold a value each.
pub(crate) struct ReadHandle<T>(TwoNodes<T>);

// SAFETY: a handle moves values of type `T` from thread to thread.
unsafe impl<T: Send> Send for ReadHandle<T> {}
// SAFETY: `&ReadHandle` gives `&T`, also for a clone that then moves to another thread.
unsafe impl<T: Send + Sync> Sync for ReadHandle<T> {}

impl<T> ReadHandle<T> {
    /// Makes another reader's handle, both nodes of which hold a clone of the value that this one shows. Returns how many
    /// there are with it.
    ///
    /// # Panics
    /// See [`count`](crate::wait::count). And if a clone panics.
    pub(crate) fn another(&self) -> (Self, usize)
    where
        T: Clone,
    {
        let (handle, readers) = self.0.handle.another().expect(HEAP);
        let shown = handle.block.acquire_node().expect(HEAP);
        let mut nodes = TwoNodes::new(handle, shown);
        let spare = nodes.handle.node.fill(|| self.get().clone());
        let shown = nodes.shown.fill(|| self.get().clone());
        mem::forget((spare, shown));
        (Self(nodes), readers)
    }

    /// Returns the value that this reader shows.
    #[inline]
    pub(crate) fn get(&self) -> &T {
        // SAFETY: each node that has an owner holds a value (I2).
        unsafe { self.0.shown.get() }
    }

    pub(crate) fn is_same_channel(&self, other: &Self) -> bool {
        self.0.handle.is_same_channel(&other.0.handle)
    }
}

impl<T> Registration<ReadHandle<T>> {
    /// Returns the value that the reader shows.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        // SAFETY: the handle stays what it is, whatever becomes of the value.
        let handle = unsafe { self.owner_mut() };
        // SAFETY: each node that has an owner holds a value (I2).
        unsafe { handle.0.shown.get_mut() }
    }
}

impl<T> Drop for ReadHandle<T> {
    fn drop(&mut self) {
        // Both are dropped, also if one of them panics.
        // SAFETY: each node that has an owner holds a value (I2). It is not used after this.
        let _shown = unsafe { self.0.shown.held() };
        // SAFETY: as above.
        let _spare = unsafe { self.0.handle.node.held() };
    }
}

// SAFETY: the list is that of the handle.
unsafe impl<T> ListOwner for ReadHandle<T> {
    fn wait_list(&self) -> &WaitList {
        self.0.handle.wait_list()
    }
}

/// A call takes a value by showing it.
// SAFETY: no method replaces the handle.
unsafe impl<T> TakingHandle for ReadHandle<T> {
    type Value = ();
    type Taken<'a>
        = ()
    where
        T: 'a;

    #[inline]
    fn counts(&self) -> &Counts {
        &self.0.handle.counts
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.0.handle.slot.is_empty()
    }

    #[inline]
    fn take(&mut self, baton: bool) -> Option<()> {
        let Handle { block, node, .. } = &mut self.0.handle;
        block.take(node, baton, |spare| mem::swap(spare, &mut self.0.shown))
    }

    #[inline]
    fn into_value((): ()) {}

    fn announce(&mut self) -> Option<()> {
        let Handle { block, node, .. } = &mut self.0.handle;
        let taken = block.slot.announce(node);
        taken.then(|| mem::swap(&mut self.0.handle.node, &mut self.0.shown))
    }

    #[cfg(feature = "std")]
    fn announce_if_empty(&mut self) -> bool {
        let Handle { block, node, .. } = &mut self.0.handle;
        block.slot.announce_if_empty(node)
    }
}
