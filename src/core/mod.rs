//! The slot, the nodes in which values travel, and the handles that own nodes: all code that moves values.
//!
//! A channel is a block, one allocation or static memory: counts, wait list, the slot's word, and the first nodes. Each handle
//! owns a node for its next value. A send writes the value into that node and exchanges it for the slot's node; a receive
//! exchanges an empty node for the slot's. In a `buffer` the values stay in their nodes, and a reader owns two.
//!
//! * **I1** *A node has one owner: a handle, or the slot.* Ownership moves only by exchanging the slot's word, by
//!   exchanging the node at home in a shared handle, or, while no handle owns an inner node, through its bit in the block.
//! * **I2** *The slot's node holds a value if and only if the word says `FULL`. A handle's node holds none*, outside the
//!   body of one call. In a `buffer`: *every node that has an owner holds a value; `FULL` says that the
//!   slot's was published and that no reader has taken it.*
//! * **I3** *`WAITING` is set only on an empty slot, after the waiters have armed their nodes.* The thread whose exchange
//!   removes `WAITING` without setting it again must notify.
//! * **I4** *A side is gone if and only if its count is zero.* A waiter that is about to sleep has armed its node and reads
//!   the count of the other side by a read-modify-write. If that comes before the last handle's decrement, the last handle
//!   sees the armed node. If it comes after, the waiter sees zero.

mod block;
mod counts;
#[cfg(feature = "alloc")]
mod filled;
mod flavour;
mod handle;
#[cfg(feature = "alloc")]
mod heap_block;
mod node;
mod slot;
mod static_block;

pub(crate) use counts::{Receivers, Senders};
#[cfg(feature = "alloc")]
pub(crate) use filled::{ReadHandle, WriteHandle, buffer};
#[cfg(feature = "alloc")]
pub(crate) use handle::channel;
pub(crate) use handle::{Access, Handle, NO_ROOM, SharedHandle, TakingHandle};
pub(crate) use static_block::StaticBlock;
