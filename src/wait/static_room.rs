//! The room of a static channel for its waiters.

use super::{ReceiverCount, WaitList, closed::Closing, list::INLINE, node::WaitNode};
use core::{array, mem::MaybeUninit};

/// Maximum number of handles: on every target, the nodes of a list share a word of bits.
pub(crate) const MAX_HANDLES: usize = u32::BITS as usize - INLINE;

const _: () = assert!(usize::BITS >= u32::BITS, "such a target has no room for the bits");

/// As many wait nodes for receivers, and for futures that wait for the receivers' end, as there can be handles. With the nodes
/// inside the lists they are more than that (W7).
pub(crate) struct StaticRoom<const HANDLES: usize> {
    receivers: [WaitNode; HANDLES],
    futures: [WaitNode; HANDLES],
    closing: MaybeUninit<Closing>,
}

impl<const HANDLES: usize> StaticRoom<HANDLES> {
    /// Makes the room where `memory` is. Returns the wait list of a channel that has it, and the count of its first receiver.
    ///
    /// # Safety
    /// `memory` is valid for a room for ever. What an earlier call made of the same memory is not used again. What this one
    /// returns is never dropped. There are at most `HANDLES` receivers.
    pub(crate) unsafe fn init(memory: *mut MaybeUninit<Self>) -> (WaitList, ReceiverCount) {
        // SAFETY: as the caller promises.
        let memory: &'static mut MaybeUninit<Self> = unsafe { &mut *memory };
        let Self { receivers, futures, closing } = memory.write(Self {
            receivers: array::from_fn(|_| WaitNode::new()),
            futures: array::from_fn(|_| WaitNode::new()),
            closing: MaybeUninit::uninit(),
        });
        // SAFETY: as the caller promises. The list lies in `closing`, which is never dropped, and futures ask it for room.
        let closing = closing.write(Closing::new(unsafe { WaitList::of_static(futures) }));
        // SAFETY: as the caller promises.
        let receivers = unsafe { WaitList::of_static(receivers) };
        // SAFETY: as the caller promises.
        (receivers, unsafe { ReceiverCount::one_of_static(closing) })
    }
}
