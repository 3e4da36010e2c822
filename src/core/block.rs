//! The one allocation that makes a channel, and the nodes in it.
//!
//! ```text
//! | counts, wait list (read by all, seldom written) | … | word | node | node | node | …
//! ^ a multiple of a line                            ^ another one
//! ```
//!
//! The nodes of the slot and of the first two handles lie behind the word. Small ones share its cache line, so that a value
//! travels between cores on the line of the word itself; large ones start on lines of their own. A handle that goes leaves an
//! inner node to the next clone, and frees any other.

use super::{
    counts::{Counts, Side},
    flavour::Flavour,
    node::{Node, OwnedNode},
    slot::Slot,
};
use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::{
    alloc::{Layout, LayoutError},
    marker::PhantomData,
    mem::{self, ManuallyDrop, MaybeUninit, align_of, size_of},
    ops::Deref,
    ptr::NonNull,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};
use crossbeam_utils::CachePadded;

/// The distance between data that two cores use, on this platform.
const APART: usize = align_of::<CachePadded<u8>>();

/// The usual cache line. A word and the inner nodes lie together if they fit into one.
const LINE: usize = 64;

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

impl<T, F: Flavour> Block<T, F> {
    /// The distance between inner nodes; never 0, so that each has an address of its own.
    const STRIDE: usize = {
        let size = size_of::<Node<T>>();
        if size == 0 {
            align_of::<Node<T>>()
        } else if size_of::<Slot<T>>() + size * F::INNER <= LINE {
            size
        } else {
            size.next_multiple_of(APART)
        }
    };

    /// The layout of the block, and where in it the nodes start.
    const LAYOUT: (Layout, usize) = match Self::layout() {
        Ok(layout) => layout,
        // While compiling, and only for a type that no machine has the memory for.
        Err(_) => panic!("a value of this type is too large for a channel"),
    };

    const fn layout() -> Result<(Layout, usize), LayoutError> {
        let align = align_of::<Node<T>>();
        let align = if Self::STRIDE < APART || align > APART { align } else { APART };
        let nodes = match Layout::from_size_align(Self::STRIDE * F::INNER, align) {
            Ok(nodes) => nodes,
            Err(error) => return Err(error),
        };
        let shared = match Layout::new::<Header<T>>().align_to(APART) {
            Ok(shared) => shared,
            Err(error) => return Err(error),
        };
        match shared.extend(nodes) {
            Ok((block, offset)) => Ok((block.pad_to_align(), offset)),
            Err(error) => Err(error),
        }
    }

    /// Allocates a block, whose header is still to be written, and makes its nodes.
    pub(super) fn allocate<const INNER: usize>() -> (Unfinished<T, F>, [OwnedNode<T>; INNER]) {
        const { assert!(INNER == F::INNER) };
        // SAFETY: the layout is not empty: it holds a `Header`.
        let memory = unsafe { alloc(Self::LAYOUT.0) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(Self::LAYOUT.0) };
        let block = Self(memory.cast(), PhantomData);
        let nodes = core::array::from_fn(|index| {
            let node = block.inner(index);
            // SAFETY: the layout has room for it, and no other thread has the block yet.
            unsafe { Node::init(node) };
            // SAFETY: each of the inner nodes gets one owner (I1).
            unsafe { OwnedNode::from_owned(node) }
        });
        (Unfinished(block), nodes)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn first_inner(&self) -> NonNull<Node<T>> {
        // SAFETY: the offset is inside the allocation, whose whole extent this pointer may use.
        unsafe { self.0.byte_add(Self::LAYOUT.1) }.cast()
    }

    fn inner(&self, index: usize) -> NonNull<Node<T>> {
        // SAFETY: `index` is below `F::INNER`, and the layout has room for as many strides.
        unsafe { self.first_inner().byte_add(index * Self::STRIDE) }
    }

    /// Returns a node for a new handle. Lock-free but for the allocator, which is asked if every inner node has an owner.
    pub(super) fn acquire_node(&self) -> OwnedNode<T> {
        // ORDERING: Relaxed; a stale answer costs a node on the heap, and nothing else.
        let unowned = self.counts.unowned.load(Relaxed);
        for index in 0..F::INNER {
            let bit = 1 << index;
            // ORDERING: Acquire pairs with the Release in `release_node`: the owner before is done
            // with the node.
            if unowned & bit != 0 && self.counts.unowned.fetch_and(!bit, Acquire) & bit != 0 {
                // SAFETY: the thread that clears the bit is the node's owner (I1).
                return unsafe { OwnedNode::from_owned(self.inner(index)) };
            }
        }
        OwnedNode::on_heap()
    }

    /// Takes the node of a handle back.
    pub(super) fn release_node(&self, node: OwnedNode<T>) {
        let from_first = node.as_ptr().addr().wrapping_sub(self.first_inner().as_ptr().addr());
        let index = from_first / Self::STRIDE;
        if index < F::INNER {
            // ORDERING: Release pairs with the Acquire in `acquire_node`.
            self.counts.unowned.fetch_or(1 << index, Release);
        } else {
            // SAFETY: it is no inner node, so it was made on the heap.
            unsafe { node.free() };
        }
    }

    /// Ends a handle of side `S`. The last handle of a side closes that side. The last handle of both sides frees the
    /// channel, and drops the value that is left in it.
    ///
    /// # Safety
    /// The handle is counted on that side, and does not use the block again. Its node is `node`.
    pub(super) unsafe fn end<S: Side<Flavour = F>>(self, node: OwnedNode<T>) {
        self.release_node(node);
        if self.counts.leave::<S>() {
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

    /// # Safety
    /// The block is not used again.
    unsafe fn dealloc(&self) {
        // SAFETY: allocated in `allocate` with this very layout.
        unsafe { dealloc(self.0.as_ptr().cast(), Self::LAYOUT.0) };
    }
}

/// A block without a header. The drop frees it: its nodes are empty then.
pub(super) struct Unfinished<T, F: Flavour>(Block<T, F>);

impl<T, F: Flavour> Unfinished<T, F> {
    /// Writes the header, with one handle on each side and `slot` as the slot's node.
    pub(super) fn finish(self, slot: OwnedNode<T>) -> Block<T, F> {
        let block = self.0.clone();
        mem::forget(self);
        let header = Header {
            counts: Counts::new(),
            _apart: [const { MaybeUninit::uninit() }; GAP],
            slot: Slot::new(slot),
        };
        // SAFETY: the memory has room for it, and no other thread has the block yet.
        unsafe { block.0.write(header) };
        block
    }
}

impl<T, F: Flavour> Drop for Unfinished<T, F> {
    fn drop(&mut self) {
        // SAFETY: it has not become a channel.
        unsafe { self.0.dealloc() };
    }
}

/// A side whose waiters were notified of its end, or one of their wakers has panicked.
struct SideEnds<T, F: Flavour>(Block<T, F>);

impl<T, F: Flavour> Drop for SideEnds<T, F> {
    fn drop(&mut self) {
        if self.0.counts.close() {
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
        // SAFETY: no handle is left to use the block, whose memory goes next.
        let header = unsafe { self.block.0.read() };
        // SAFETY: as above.
        unsafe { self.block.dealloc() };
        // No waiter is left in it: a receiver disarms its node before it goes, and a future of `closed` that was forgotten
        // is notified by the receivers' end.
        drop(header);
    }
}
