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
        let memory = NonNull::from(&*self.0).cast::<Memory<T, HANDLES>>();
        let header = memory.cast::<Header<T>>();
        // SAFETY: it is the memory of a static channel.
        let in_use = unsafe { in_use(header) };
        // ORDERING: Acquire pairs with the Release of `leave_to_next_split`: all handles of the channel before are done with the
        // memory.
        if in_use.swap(true, Acquire) {
            return None;
        }
        let inner = Block::<T, Moves>::in_static(HANDLES);
        // SAFETY: the memory has these nodes.
        let node = |index| unsafe { inner.get(header, index) };
        for index in 0..inner.len {
            // SAFETY: there is room for each of them, and no other thread uses it.
            unsafe { Node::init(node(index)) };
        }
        // SAFETY: they are not among the nodes without an owner below, and each gets one here (I1).
        let owned = |index| unsafe { OwnedNode::from_owned(node(index)) };
        let [slot, sender, receiver] = [0, 1, 2].map(owned);
        let unowned = (1 << inner.len) - (1 << 3);
        // SAFETY: the field is inside the memory.
        let waiters = unsafe { &raw mut (*memory.as_ptr()).waiters };
        // SAFETY: no other thread uses the memory, and no channel that was in it. The list and the count lie in the header, which
        // is never dropped. Each receiver has a node, and the slot has one, so there are at most `HANDLES` receivers.
        let (wait_list, receivers) = unsafe { StaticRoom::init(waiters) };
        let counts = Counts::with(wait_list, receivers, unowned);
        // SAFETY: the memory is that of a block, and no other thread uses it.
        let block = unsafe { Block::new(header, counts, slot) };
        Some((Handle::new(block.clone(), sender), Handle::new(block, receiver)))
    }
}

impl<T, F: Flavour> Block<T, F> {
    /// Returns where the nodes of a static channel lie that has room for so many handles.
    pub(super) const fn in_static(handles: usize) -> InnerNodes {
        InnerNodes {
            offset: offset_of!(Memory<T, 0>, first_node),
            stride: size_of::<NodeRoom<T>>(),
            len: handles + 1,
            are_all: true,
        }
    }
}

/// # Safety
/// It is the header of a static channel, whose whole memory the pointer may use.
unsafe fn in_use<T>(header: NonNull<Header<T>>) -> &'static AtomicBool {
    // SAFETY: the field is inside the memory.
    let in_use = unsafe { header.byte_add(offset_of!(Memory<T, 0>, in_use)) };
    // SAFETY: it is there from the beginning, and for ever.
    unsafe { in_use.cast().as_ref() }
}

/// Leaves the memory of a static channel to the next split. What lies in it needs no drop.
///
/// # Safety
/// As of [`in_use`]. No handle is left, and the channel is not used again.
pub(super) unsafe fn leave_to_next_split<T>(header: NonNull<Header<T>>) {
    // SAFETY: as the caller promises.
    let in_use = unsafe { in_use(header) };
    // ORDERING: Release pairs with the Acquire of `split`.
    in_use.store(false, Release);
}
