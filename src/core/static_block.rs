//! The block of a static channel, in memory that has room for a number of handles.
//!
//! The nodes lie side by side: a target without an allocator has seldom a cache, and never memory to spare. Small ones share the
//! cache line of the word, as on the heap.

use super::{
    block::{Block, Header, InnerNodes},
    counts::{Counts, Receivers, Senders},
    flavour::{Flavour, Moves},
    handle::Handle,
    node::{Node, OwnedNode},
};
use crate::{
    sync::AtomicBool,
    wait::{MAX_HANDLES, StaticRoom},
};
use core::{
    array,
    cell::UnsafeCell,
    mem::{ManuallyDrop, MaybeUninit, offset_of, size_of},
    ptr::NonNull,
    sync::atomic::Ordering::{Acquire, Release},
};
use crossbeam_utils::CachePadded;

/// Room for a node, with an address of its own.
#[repr(C)]
union NodeRoom<T> {
    _node: ManuallyDrop<Node<T>>,
    _address: u8,
}

/// What lies before the last two fields does not depend on the number of handles.
#[repr(C)]
struct Memory<T, const HANDLES: usize> {
    header: MaybeUninit<Header<T>>,
    /// From a split to the end of the last handle.
    in_use: AtomicBool,
    /// The slot's.
    first_node: MaybeUninit<NodeRoom<T>>,
    /// One for each handle.
    _nodes: MaybeUninit<[NodeRoom<T>; HANDLES]>,
    waiters: MaybeUninit<StaticRoom<HANDLES>>,
}

/// Memory for one channel at a time.
pub(crate) struct StaticBlock<T, const HANDLES: usize>(CachePadded<UnsafeCell<Memory<T, HANDLES>>>);

// SAFETY: only the thread that sets `in_use`, and handles, access the rest. These move values of type `T` from thread to thread,
// and share none.
unsafe impl<T: Send, const HANDLES: usize> Sync for StaticBlock<T, HANDLES> {}

impl<T, const HANDLES: usize> StaticBlock<T, HANDLES> {
    /// Makes memory that is not in use.
    pub(crate) const fn new(in_use: AtomicBool) -> Self {
        const {
            assert!(
                HANDLES >= 2 && HANDLES <= MAX_HANDLES,
                "a static channel has room for 2 to 30 handles"
            );
        }
        Self(CachePadded::new(UnsafeCell::new(Memory {
            header: MaybeUninit::uninit(),
            in_use,
            first_node: MaybeUninit::uninit(),
            _nodes: MaybeUninit::uninit(),
            waiters: MaybeUninit::uninit(),
        })))
    }

    /// Makes a channel in the memory, with one handle on each side, unless there is one.
    pub(crate) fn split(&'static self) -> Option<(Handle<T, Senders>, Handle<T, Receivers>)> {
        let memory = NonNull::new(self.0.get())?;
        let block = Block::<T, Moves>::new(memory.cast());
        // ORDERING: Acquire pairs with the Release of `leave_to_next_split`: all handles of the channel before are done with the
        // memory.
        if block.in_use().swap(true, Acquire) {
            return None;
        }
        let nodes = HANDLES + 1;
        let inner = InnerNodes { len: nodes, ..Block::<T, Moves>::IN_STATIC };
        for index in 0..nodes {
            // SAFETY: the memory has these nodes.
            let node = unsafe { inner.get(&block, index) };
            // SAFETY: there is room for each of them, and no other thread uses it.
            unsafe { Node::init(node) };
        }
        // SAFETY: the field is inside the memory, of which no other thread uses it.
        let waiters = unsafe { &mut (*memory.as_ptr()).waiters };
        // SAFETY: they lie in the header, which is never dropped. Each receiver has a node, and the slot has one, so there are at
        // most `HANDLES` receivers.
        let (wait_list, receivers) = unsafe { StaticRoom::init(waiters) };
        let nodes = u8::try_from(nodes).expect("as few as bits in a word");
        let counts = Counts::of_static(wait_list, receivers, nodes);
        let [slot, one, other] = array::from_fn(|index| {
            // SAFETY: the memory has three nodes or more.
            let node = unsafe { inner.get(&block, index) };
            // SAFETY: they are not among those without an owner, and each gets one here (I1).
            unsafe { OwnedNode::from_owned(node) }
        });
        // SAFETY: the memory has room for it, and no other thread uses it.
        unsafe { block.write_header(counts, slot) };
        Some((Handle::new(block.clone(), one), Handle::new(block, other)))
    }
}

impl<T, F: Flavour> Block<T, F> {
    /// Of a static channel; how many depends on it.
    pub(super) const IN_STATIC: InnerNodes = InnerNodes {
        offset: offset_of!(Memory<T, 0>, first_node),
        stride: size_of::<NodeRoom<T>>(),
        len: 0,
    };

    fn in_use(&self) -> &AtomicBool {
        // SAFETY: the field is inside the memory of a static channel.
        let in_use = unsafe { self.as_ptr().byte_add(offset_of!(Memory<T, 0>, in_use)) };
        // SAFETY: it is always there.
        unsafe { in_use.cast().as_ref() }
    }

    /// Leaves the memory of a static channel to the next split. What lies in it needs no drop.
    ///
    /// # Safety
    /// The block is that of a static channel. No handle is left, and the block is not used again.
    pub(super) unsafe fn leave_to_next_split(&self) {
        // ORDERING: Release pairs with the Acquire of `split`.
        self.in_use().store(false, Release);
    }
}
