//! Waiting: who is to be woken, and where that is written down.
//!
//! Each receiver owns a [`Cell`] of the channel's [`Cells`]. To wait it arms its cell, announces
//! that on the slot's word, and sleeps or returns `Pending`. Whoever must wake takes what an armed
//! cell holds, makes the cell idle, and only then wakes.

mod budget;
mod cell;
mod list;
#[cfg(feature = "std")]
mod spin;

pub(crate) use budget::Budget;
pub(crate) use cell::{Armed, Cell};
pub(crate) use list::Cells;
#[cfg(feature = "std")]
pub(crate) use spin::{DEFAULT_LIMIT, Looks, UNKNOWN, Unpaused};

use crate::sync::spin_loop;
#[cfg(feature = "std")]
use crate::sync::{Thread, current};
use core::task::{Poll, Waker};

/// The notifier that woke this task is still putting the cell down. A task does not wait for that, and is
/// polled again soon.
#[cold]
pub(crate) fn come_back_soon<R>(waker: &Waker) -> Poll<R> {
    spin_loop();
    waker.wake_by_ref();
    Poll::Pending
}

/// Who waits.
#[derive(Debug)]
pub(crate) enum Waiter {
    #[cfg(feature = "std")]
    Thread(Thread),
    Task(Waker),
}

impl Waiter {
    #[cfg(feature = "std")]
    pub(crate) fn this_thread() -> Self {
        Self::Thread(current())
    }

    /// The task of `waker`; `last`, if that is the same one, saves the clone.
    pub(crate) fn task(last: Option<Self>, waker: &Waker) -> Self {
        match last {
            Some(Self::Task(last)) if last.will_wake(waker) => Self::Task(last),
            last => {
                let task = Self::Task(waker.clone());
                // Not as this function returns: a panic then would leak what it returns.
                drop(last);
                task
            }
        }
    }

    /// Wakes it. A wake that comes late, or twice, is spurious and does no harm.
    pub(crate) fn wake(self) {
        match self {
            #[cfg(feature = "std")]
            Self::Thread(thread) => thread.unpark(),
            Self::Task(waker) => waker.wake(),
        }
    }
}
