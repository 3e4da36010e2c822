//! Waiting: who is to be woken, and where that is written down.
//!
//! Each receiver owns a [`Cell`] of the channel's [`Cells`]. To wait it arms its cell, announces
//! that on the slot's word, and sleeps. Whoever must wake takes what an armed cell holds, makes the
//! cell idle, and only then wakes.

mod cell;
mod list;

pub(crate) use cell::Cell;
pub(crate) use list::Cells;

#[cfg(feature = "std")]
use crate::sync::{Thread, current};

/// Who waits.
#[derive(Debug)]
pub(crate) enum Waiter {
    #[cfg(feature = "std")]
    Thread(Thread),
}

impl Waiter {
    #[cfg(feature = "std")]
    pub(crate) fn this_thread() -> Self {
        Self::Thread(current())
    }

    /// Wakes it. A wake that comes late, or twice, is spurious and does no harm.
    pub(crate) fn wake(self) {
        match self {
            #[cfg(feature = "std")]
            Self::Thread(thread) => thread.unpark(),
        }
    }
}
