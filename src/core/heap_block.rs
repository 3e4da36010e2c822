//! The one allocation that makes a channel.
//!
//! Small nodes share the cache line of the word, so that a value travels between cores on the line of the word itself; large
//! ones start on lines of their own.

use super::{
    block::{APART, Block, Header, InnerNodes},
    counts::Counts,
    flavour::Flavour,
    node::{Node, OwnedNode},
    slot::Slot,
};
use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::{
    alloc::{Layout, LayoutError},
    marker::PhantomData,
    mem::{self, align_of, size_of},
    ptr::NonNull,
};

/// The usual cache line. A word and the inner nodes lie together if they fit into one.
const LINE: usize = 64;

impl<T, F: Flavour> Block<T, F> {
    pub(super) const ON_HEAP: InnerNodes =
        InnerNodes { offset: Self::LAYOUT.1, stride: Self::STRIDE, len: F::INNER, are_all: false };

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
    pub(super) fn allocate<const INNER: usize>() -> (HeapMemory<T, F>, [OwnedNode<T>; INNER]) {
        const { assert!(INNER == F::INNER) };
        // SAFETY: the layout is not empty: it holds a `Header`.
        let memory = unsafe { alloc(Self::LAYOUT.0) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(Self::LAYOUT.0) };
        let memory = memory.cast();
        let nodes = core::array::from_fn(|index| {
            // SAFETY: the block has these nodes.
            let node = unsafe { Self::ON_HEAP.get(memory, index) };
            // SAFETY: the layout has room for it, and no other thread has the block yet.
            unsafe { Node::init(node) };
            // SAFETY: each of the inner nodes gets one owner (I1).
            unsafe { OwnedNode::from_owned(node) }
        });
        (HeapMemory(memory, PhantomData), nodes)
    }

    /// Frees the block.
    ///
    /// # Safety
    /// It is on the heap. No handle is left, and the block is not used again.
    pub(super) unsafe fn dealloc(&self) {
        let memory = HeapMemory::<T, F>(self.as_ptr(), PhantomData); // its drop frees it
        // No waiter is left in it: a receiver disarms its node before it goes, and a future of `closed` that was forgotten
        // is notified by the receivers' end.
        // SAFETY: no handle is left to use the block, whose memory goes next.
        unsafe { memory.0.drop_in_place() };
    }
}

/// Frees the memory of a block on the heap when it is dropped. The nodes are empty then.
pub(super) struct HeapMemory<T, F: Flavour>(NonNull<Header<T>>, PhantomData<F>);

impl<T, F: Flavour> HeapMemory<T, F> {
    /// Makes the block, with one handle on each side and `slot` as the slot's node.
    pub(super) fn finish(self, slot: OwnedNode<T>) -> Block<T, F> {
        let memory = self.0;
        mem::forget(self);
        // SAFETY: the memory was allocated for the block, and no other thread has it yet.
        unsafe { Block::new(memory, Counts::new(), slot) }
    }
}

impl<T, F: Flavour> Drop for HeapMemory<T, F> {
    fn drop(&mut self) {
        // SAFETY: allocated in `allocate` with this very layout, and not used again.
        unsafe { dealloc(self.0.as_ptr().cast(), Block::<T, F>::LAYOUT.0) };
    }
}
