//! Histories of the channel with one slot.

mod play;
pub(crate) mod specification;

pub(crate) use play::Slot;
