//! A channel in static memory.

#![forbid(unsafe_code)]

use super::{Receiver, Sender};
use crate::{core::StaticBlock, sync::AtomicBool};
use core::fmt;

/// A channel in a `static`, with room for `HANDLES` handles: senders and receivers together, from 2 to 30.
pub struct StaticChannel<T, const HANDLES: usize>(StaticBlock<T, HANDLES>);

impl<T, const HANDLES: usize> StaticChannel<T, HANDLES> {
    /// Makes a channel without handles.
    #[must_use]
    #[cfg(not(any(overwrite_loom, overwrite_shuttle)))]
    pub const fn new() -> Self {
        Self(StaticBlock::new(AtomicBool::new(false)))
    }

    /// Makes a channel without handles. Atomics of a model are not made while compiling.
    #[must_use]
    #[cfg(any(overwrite_loom, overwrite_shuttle))]
    pub fn new() -> Self {
        Self(StaticBlock::new(AtomicBool::new(false)))
    }

    /// Makes a sender and a receiver.
    pub fn split(&'static self) -> Option<(Sender<T>, Receiver<T>)> {
        let (sender, receiver) = self.0.split()?;
        Some((Sender::new(sender), Receiver::new(receiver)))
    }
}

impl<T, const HANDLES: usize> Default for StaticChannel<T, HANDLES> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T, const HANDLES: usize> fmt::Debug for StaticChannel<T, HANDLES> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StaticChannel").finish_non_exhaustive()
    }
}
