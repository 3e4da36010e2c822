//! The one allocation that makes a channel, and the nodes in it.
//!
//! ```text
//! | counts, wait list (read by all, seldom written) | … | word | node | node | node |
//! ^ a multiple of a line                            ^ another one
//! ```
//!
//! The first three nodes lie behind the word. Small ones share its cache line, so that a value
//! travels between cores on the line of the word itself; large ones start on lines of their own. A
//! handle that goes leaves an inner node to the next clone, and frees any other.

use crate::{
    closed::Receivers,
    node::{Node, Spare},
    slot::Slot,
    sync::{AtomicBool, AtomicU8, AtomicUsize},
    wait::WaitList,
};
use alloc::alloc::{alloc, dealloc, handle_alloc_error};
use core::{
    alloc::{Layout, LayoutError},
    mem::{ManuallyDrop, MaybeUninit, align_of, size_of},
    ops::Deref,
    ptr::NonNull,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};
use crossbeam_utils::CachePadded;

/// How far apart two cores' data must be on this platform.
const APART: usize = align_of::<CachePadded<u8>>();

/// The usual cache line. A word and three nodes that fit into one lie together.
const LINE: usize = 64;

const INNER: usize = 3;

/// What is read by all and seldom written.
#[repr(C)]
pub(crate) struct Counts {
    pub(crate) senders: AtomicUsize,
    pub(crate) receivers: Receivers,
    /// Is one side gone altogether? The other frees the channel.
    pub(crate) abandoned: AtomicBool,
    /// A bit for each inner node that nobody owns.
    unowned: AtomicU8,
    /// Where receivers wait for a value, or for the senders' end.
    pub(crate) wait_list: WaitList,
}

/// Keeps the word off the line of the counts, which every call reads.
const GAP: usize = size_of::<Counts>().next_multiple_of(APART) - size_of::<Counts>();

#[repr(C)]
pub(crate) struct Shared<T> {
    pub(crate) counts: Counts,
    _apart: [MaybeUninit<u8>; GAP],
    pub(crate) slot: Slot<T>,
}

/// A handle's way to the block, which lives until the last handle of both sides is gone.
pub(crate) struct Block<T>(NonNull<Shared<T>>);

impl<T> Clone for Block<T> {
    fn clone(&self) -> Self {
        Self(self.0)
    }
}

impl<T> Deref for Block<T> {
    type Target = Shared<T>;

    #[inline]
    fn deref(&self) -> &Shared<T> {
        // SAFETY: the block is freed by the last handle that has it, and writes to it go through
        // atomics and cells only.
        unsafe { self.0.as_ref() }
    }
}

impl<T> Block<T> {
    /// How far apart the inner nodes start; never 0, so that each has an address of its own.
    const STRIDE: usize = {
        let size = size_of::<Node<T>>();
        if size == 0 {
            align_of::<Node<T>>()
        } else if size_of::<Slot<T>>() + size_of::<[Node<T>; INNER]>() <= LINE {
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
        let nodes = match Layout::from_size_align(Self::STRIDE * INNER, align) {
            Ok(nodes) => nodes,
            Err(error) => return Err(error),
        };
        let shared = match Layout::new::<Shared<T>>().align_to(APART) {
            Ok(shared) => shared,
            Err(error) => return Err(error),
        };
        match shared.extend(nodes) {
            Ok((block, offset)) => Ok((block.pad_to_align(), offset)),
            Err(error) => Err(error),
        }
    }

    /// A channel with one handle a side, and the spares of the two.
    pub(crate) fn new() -> (Self, Spare<T>, Spare<T>) {
        // SAFETY: the layout is not empty: it holds a `Shared`.
        let memory = unsafe { alloc(Self::LAYOUT.0) };
        let Some(memory) = NonNull::new(memory) else { handle_alloc_error(Self::LAYOUT.0) };
        let block = Self(memory.cast());
        for index in 0..INNER {
            // SAFETY: the layout has room for it, and nobody looks at it yet.
            unsafe { Node::init(block.inner(index)) };
        }
        // SAFETY: each of the inner nodes is handed to one owner: the slot and two handles (I1).
        let [slot, one, other] =
            [0, 1, 2].map(|index| unsafe { Spare::from_owned(block.inner(index)) });
        let shared = Shared {
            counts: Counts {
                senders: AtomicUsize::new(1),
                receivers: Receivers::one(),
                abandoned: AtomicBool::new(false),
                unowned: AtomicU8::new(0),
                wait_list: WaitList::new(),
            },
            _apart: [const { MaybeUninit::uninit() }; GAP],
            slot: Slot::new(slot),
        };
        // SAFETY: allocated above with room for it, and nobody looks at it yet.
        unsafe { block.0.write(shared) };
        (block, one, other)
    }

    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.0 == other.0
    }

    fn first_inner(&self) -> NonNull<Node<T>> {
        // SAFETY: the offset is inside the allocation, whose whole extent this pointer may use.
        unsafe { self.0.byte_add(Self::LAYOUT.1) }.cast()
    }

    fn inner(&self, index: usize) -> NonNull<Node<T>> {
        // SAFETY: `index` is below `INNER`, and the layout has room for as many strides.
        unsafe { self.first_inner().byte_add(index * Self::STRIDE) }
    }

    /// Returns a node for a new handle. Lock-free but for the allocator, which is asked if no inner node is
    /// unowned.
    pub(crate) fn acquire_node(&self) -> Spare<T> {
        // ORDERING: Relaxed; a stale answer costs a node on the heap, and nothing else.
        let unowned = self.counts.unowned.load(Relaxed);
        for index in 0..INNER {
            let bit = 1 << index;
            // ORDERING: Acquire pairs with the Release in `release_node`: the owner before is done
            // with the node.
            if unowned & bit != 0 && self.counts.unowned.fetch_and(!bit, Acquire) & bit != 0 {
                // SAFETY: clearing the bit made us the node's owner (I1).
                return unsafe { Spare::from_owned(self.inner(index)) };
            }
        }
        Spare::on_heap()
    }

    /// Takes a handle's node back.
    pub(crate) fn release_node(&self, node: Spare<T>) {
        let from_first = node.as_ptr().addr().wrapping_sub(self.first_inner().as_ptr().addr());
        let index = from_first / Self::STRIDE;
        if index < INNER {
            // ORDERING: Release pairs with the Acquire in `acquire_node`.
            self.counts.unowned.fetch_or(1 << index, Release);
        } else {
            // SAFETY: it is none of the inner ones, so it was made on the heap.
            unsafe { node.free() };
        }
    }

    /// Frees the channel, and drops the value that was left in it.
    ///
    /// # Safety
    /// No handle is left but the caller's, which does not use the block again.
    pub(crate) unsafe fn free(self) {
        // SAFETY: no handle is left to use the slot.
        let (node, is_full) = unsafe { self.slot.dismantle() };
        let mut remains = Remains { block: self, node: ManuallyDrop::new(node) };
        if is_full {
            // SAFETY: the word said `FULL` (I2).
            drop(unsafe { remains.node.taken() });
        }
    }
}

/// The remains of a channel without handles: its memory, and the slot's node. The drop frees both, also if the drop of
/// the value in the node has panicked.
struct Remains<T> {
    block: Block<T>,
    node: ManuallyDrop<Spare<T>>,
}

impl<T> Drop for Remains<T> {
    fn drop(&mut self) {
        // SAFETY: the node is not used after this.
        let node = unsafe { ManuallyDrop::take(&mut self.node) };
        self.block.release_node(node);
        let memory = self.block.0;
        // SAFETY: no handle is left to use the block, whose memory goes next.
        let shared = unsafe { memory.read() };
        // SAFETY: allocated in `new` with this very layout.
        unsafe { dealloc(memory.as_ptr().cast(), Block::<T>::LAYOUT.0) };
        // No waiter is left in it: a receiver disarms its node before it goes, and a future of `closed` that was forgotten
        // is notified by the receivers' end.
        drop(shared);
    }
}
