//! Histories of the channel whose every receiver sees the newest value.

mod play;
pub(crate) mod specification;

pub(crate) use play::Register;
