//! The memory of a channel, and the nodes in it: one allocation, or that of a static channel.
//!
//! ```text
//! | counts, wait list (read by all, seldom written) | … | word | … | node | node | node | …
//! ^ a multiple of a line                            ^ another one
//! ```
//!
//! Behind the word lie the nodes of the slot and of the first two handles; in a static channel, those of all that there can be.
//! A handle that goes leaves such an inner node to the next clone, and frees any other.

use super::{
    counts::{ABANDONED, Counts, Side, close, release_handle},
    flavour::Flavour,
    node::{Node, OwnedNode},
    slot::Slot,
    static_block::leave_to_next_split,
};
use core::{
    marker::PhantomData,
    mem::{ManuallyDrop, MaybeUninit, align_of, size_of},
    ops::Deref,
    ptr::NonNull,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};
use crossbeam_utils::CachePadded;

/// The distance between data that two cores use, on this platform.
pub(super) const APART: usize = align_of::<CachePadded<u8>>();

/// Keeps the word off the line of the counts, which every call reads.
const GAP: usize = size_of::<Counts>().next_multiple_of(APART) - size_of::<Counts>();

/// The part of a block before the inner nodes.
#[repr(C)]
pub(crate) struct Header<T> {
    pub(crate) counts: Counts,
    _apart: [MaybeUninit<u8>; GAP],
    pub(crate) slot: Slot<T>,
}

/// A handle's pointer to the block, which lives until the last handle of both sides is gone.
pub(super) struct Block<T, F>(NonNull<Header<T>>, PhantomData<F>);

impl<T, F> Clone for Block<T, F> {
    fn clone(&self) -> Self {
        Self(self.0, PhantomData)
    }
}

impl<T, F> Deref for Block<T, F> {
    type Target = Header<T>;

    #[inline]
    fn deref(&self) -> &Header<T> {
        // SAFETY: the block is freed by the last handle that has it, and writes to it go through
        // atomics and cells only.
        unsafe { self.0.as_ref() }
    }
}

/// The places of the inner nodes of a block.
pub(super) struct InnerNodes {
    /// In the block.
    pub(super) offset: usize,
    /// The distance between them; never 0, so that each has an address of its own.
    pub(super) stride: usize,
    pub(super) len: usize,
    /// The channel makes no further nodes.
    pub(super) are_all: bool,
}

impl InnerNodes {
    /// Returns one of them.
    ///
    /// # Safety
    /// The block of that header, which may still have to be written, has these nodes. `index` is below `len`.
    pub(super) unsafe fn get<T>(
        &self,
        block: NonNull<Header<T>>,
        index: usize,
    ) -> NonNull<Node<T>> {
        // SAFETY: it lies inside the memory of the block, whose whole extent this pointer may use.
        unsafe { block.byte_add(self.offset + index * self.stride) }.cast()
    }

    /// Returns which of them that is. A node on the heap is none of them.
    #[inline]
    fn index_of<T, F>(&self, block: &Block<T, F>, node: &OwnedNode<T>) -> Option<usize> {
        let from_block = node.as_ptr().addr().wrapping_sub(block.0.as_ptr().addr());
        let index = from_block.wrapping_sub(self.offset) / self.stride;
        (index < self.len).then_some(index)
    }
}

impl<T, F: Flavour> Block<T, F> {
    /// Writes the header of a new block, with `slot` as the slot's node.
    ///
    /// # Safety
    /// The pointer may use the whole memory of the block, in which no other thread uses the header.
    pub(super) unsafe fn new(
        memory: NonNull<Header<T>>,
        counts: Counts,
        slot: OwnedNode<T>,
    ) -> Self {
        let header = Header {
            counts,
            _apart: [const { MaybeUninit::uninit() }; GAP],
            slot: Slot::new(slot),
        };
        // SAFETY: as the caller promises.
        unsafe { memory.write(header) };
        Self(memory, PhantomData)
    }

    pub(super) fn as_ptr(&self) -> NonNull<Header<T>> {
        self.0
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    /// Returns a node for a new handle; `None` if all nodes of a static channel have an owner.
    ///
    /// Wait-free but for the allocator, which is asked if every inner node of a block on the heap has an owner; lock-free in a
    /// static channel.
    pub(super) fn acquire_node(&self) -> Option<OwnedNode<T>> {
        let inner = self.inner_nodes();
        // ORDERING: Relaxed; a stale answer costs a node on the heap, and nothing else. A node of a static channel that was
        // released before this call is seen.
        let mut unowned = self.counts.unowned.load(Relaxed) & !ABANDONED;
        while unowned != 0 {
            let index = unowned.trailing_zeros();
            let bit = 1 << index;
            // ORDERING: Acquire pairs with the Release in `release_node`: the owner before is done
            // with the node.
            let before = self.counts.unowned.fetch_and(!bit, Acquire);
            if before & bit != 0 {
                // SAFETY: there is a bit for each inner node, and no other bit is tried.
                let node = unsafe { inner.get(self.0, index as usize) };
                // SAFETY: the thread that clears the bit is the node's owner (I1).
                return Some(unsafe { OwnedNode::from_owned(node) });
            }
            // With an allocator each bit is tried once. Without, there is no room only if no bit is left.
            unowned = if inner.are_all { before & !ABANDONED } else { unowned & !bit };
        }
        #[cfg(feature = "alloc")]
        if !inner.are_all {
            return Some(OwnedNode::on_heap());
        }
        None
    }

    /// Takes the node of a handle back.
    #[cfg_attr(
        not(feature = "alloc"),
        expect(clippy::needless_pass_by_value, reason = "the block owns the node from now on")
    )]
    pub(super) fn release_node(&self, node: OwnedNode<T>) {
        if let Some(index) = self.inner_nodes().index_of(self, &node) {
            // ORDERING: Release pairs with the Acquire in `acquire_node`.
            self.counts.unowned.fetch_or(1 << index, Release);
        } else {
            // SAFETY: a handle has nodes of its own block only. This one is no inner node, so it was made on the heap.
            #[cfg(feature = "alloc")]
            unsafe {
                node.free();
            }
        }
    }

    #[inline]
    fn inner_nodes(&self) -> InnerNodes {
        match self.counts.wait_list.static_handles() {
            #[cfg(feature = "alloc")]
            0 => Self::ON_HEAP,
            handles => Self::in_static(handles),
        }
    }

    /// Ends a handle of side `S`. The last handle of a side closes that side. The last handle of both sides frees the
    /// channel, and drops the value that is left in it.
    ///
    /// # Safety
    /// The handle is counted on that side, and does not use the block again. Its node is `node`.
    pub(super) unsafe fn end<S: Side<Flavour = F>>(self, node: OwnedNode<T>) {
        self.release_node(node);
        if release_handle(S::count(&self.counts)) {
            let side_ends = SideEnds(self);
            S::notify_closed(&side_ends.0.counts);
        }
    }

    /// Frees the channel, and drops the value that was left in it.
    ///
    /// # Safety
    /// No handle is left but the caller's, which does not use the block again.
    unsafe fn free(self) {
        // SAFETY: no handle is left to use the slot.
        let (node, is_full) = unsafe { self.slot.dismantle() };
        let mut remains = Remains { block: self, node: ManuallyDrop::new(node) };
        if F::KEEPS || is_full {
            // SAFETY: the slot's node holds a value (I2).
            drop(unsafe { remains.node.held() });
        }
    }

    /// Gives the memory back.
    ///
    /// # Safety
    /// No handle is left, and the block is not used again.
    unsafe fn give_back(&self) {
        match self.counts.wait_list.static_handles() {
            #[cfg(feature = "alloc")]
            // SAFETY: as the caller promises.
            0 => unsafe { self.dealloc() },
            // SAFETY: as the caller promises.
            _ => unsafe { leave_to_next_split(self.0) },
        }
    }
}

/// A side whose waiters were notified of its end, or one of their wakers has panicked.
struct SideEnds<T, F: Flavour>(Block<T, F>);

impl<T, F: Flavour> Drop for SideEnds<T, F> {
    fn drop(&mut self) {
        if close(&self.0.counts.unowned) {
            // SAFETY: no handle is left on either side, and the caller of `end` does not use the block again.
            unsafe { self.0.clone().free() };
        }
    }
}

/// The remains of a channel without handles: its memory, and the slot's node. The drop frees both, also if the drop of
/// the value in the node has panicked.
struct Remains<T, F: Flavour> {
    block: Block<T, F>,
    node: ManuallyDrop<OwnedNode<T>>,
}

impl<T, F: Flavour> Drop for Remains<T, F> {
    fn drop(&mut self) {
        // SAFETY: the node is not used after this.
        let node = unsafe { ManuallyDrop::take(&mut self.node) };
        self.block.release_node(node);
        // SAFETY: no handle is left to use the block.
        unsafe { self.block.give_back() };
    }
}
