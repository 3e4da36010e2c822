//! Waiting: registering a waiter, and notifying it.
//!
//! Each receiver has claimed a node of the channel's [`WaitList`]. To wait it arms its node, announces that on the
//! slot's word, and sleeps or returns `Pending`. A notifier takes the waiter out of an armed node, makes the node idle,
//! and only then wakes the waiter.

mod budget;
mod closed;
mod count;
#[cfg(all(feature = "watch", target_has_atomic = "64"))]
mod counted_arc;
#[cfg(feature = "std")]
mod deadline;
mod index;
mod list;
mod node;
mod once_box;
mod registration;
#[cfg(feature = "std")]
mod spin;
mod static_room;

pub(crate) use budget::Budget;
pub use closed::ClosedFuture;
pub(crate) use closed::ReceiverCount;
pub(crate) use count::{count, uncount};
#[cfg(all(feature = "watch", target_has_atomic = "64"))]
pub(crate) use counted_arc::{CountedArc, CountsOwners};
#[cfg(feature = "std")]
pub(crate) use deadline::Deadline;
pub(crate) use list::WaitList;
pub(crate) use node::Armed;
use once_box::OnceBox;
pub(crate) use registration::{Disarmed, ListOwner, Registration};
#[cfg(feature = "std")]
pub(crate) use spin::{DEFAULT_LIMIT, SpinWait, Spun, UNKNOWN, Unpaused};
pub(crate) use static_room::{MAX_HANDLES, StaticRoom};

use crate::sync::spin_loop;
#[cfg(feature = "std")]
use crate::sync::{Thread, current};
use core::task::{Poll, Waker};

/// Wakes the task and returns `Pending`, because notifiers are at work in every vacant node.
#[cold]
pub(crate) fn reschedule<R>(waker: &Waker) -> Poll<R> {
    spin_loop();
    waker.wake_by_ref();
    Poll::Pending
}

/// A thread or task that waits.
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

    /// Makes the waiter of the task of `waker`. It is `last` if that is the same one, which saves a clone.
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
