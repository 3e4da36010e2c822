//! A channel in static memory.

#![forbid(unsafe_code)]

use super::{Receiver, Sender};
use crate::{core::StaticBlock, sync::AtomicBool};
use core::{
    fmt,
    panic::{RefUnwindSafe, UnwindSafe},
};

/// A channel in a `static`, with room for `HANDLES` handles. It never allocates.
///
/// It is for signal handlers, interrupts, microcontrollers and globals. [`split`](Self::split) makes the first two handles, which
/// are those of `channel`: they send, receive, wait and close in the same way. A signal handler reaches its sender through a
/// `static` `OnceLock` of a [`SharedSender`](crate::SharedSender). The guide
#[cfg_attr(doc, doc = "[guarantees](crate::guides::guarantees#signal-handlers-and-interrupts)")]
/// says what else a handler has to mind.
///
/// Two things differ from a channel on the heap:
///
/// * **Room is limited.** Each sender and each receiver takes room for one handle, and gives it back when it is dropped. Where
///   there is no room, `try_clone` is `None`, and `clone` panics.
/// * **It can be used again.** After the last handle is gone, `split` makes new ones. The thread that drops the last handle drops
///   the value that is left, before that.
///
/// # Number of handles
///
/// Add up all senders and receivers that there are at once. A `SharedSender` counts as many as the sends and withdrawals through
/// it that can be under way at once: one on each thread, one more there for each signal handler that can be active on it, and one
/// more if a waker, a key or a closure sends through it in the middle of a send. The numbers of several `SharedSender`s add up,
/// also if their sends never coincide. Without room such a call panics, and the value is dropped.
///
/// A `Sender` for each place that sends takes no more room, is faster, and lacks room when it is made, not in a race.
///
/// It is a number from 2 to 30. Any other does not compile:
///
/// ```compile_fail,E0080
/// static CHANNEL: overwrite_channel::StaticChannel<u8, 31> = overwrite_channel::StaticChannel::new();
/// # drop(CHANNEL.split());
/// ```
///
/// # Memory
///
/// It has room for `HANDLES + 1` values, for two wait nodes for each handle, and for the words that every channel has. The values
/// lie side by side. If a large one has to be apart from the next because of caches, send a `CachePadded`, of `crossbeam-utils`.
///
/// [`closed`](Sender::closed) has room for one future more than there can be handles. A future without room wakes its task at
/// each poll, so that the task is busy, until there is room. A forgotten future keeps its room until the last handle is gone.
///
/// # Examples
///
/// ```
/// use overwrite_channel::StaticChannel;
///
/// static SPEED: StaticChannel<u32, 2> = StaticChannel::new();
///
/// let (mut tx, mut rx) = SPEED.split().unwrap();
/// let motor = std::thread::spawn(move || rx.recv());
/// tx.send(3).unwrap();
/// assert_eq!(motor.join().unwrap(), Ok(3));
/// ```
pub struct StaticChannel<T, const HANDLES: usize>(StaticBlock<T, HANDLES>);

// As `Sender`.
impl<T, const HANDLES: usize> UnwindSafe for StaticChannel<T, HANDLES> {}
impl<T, const HANDLES: usize> RefUnwindSafe for StaticChannel<T, HANDLES> {}

impl<T, const HANDLES: usize> StaticChannel<T, HANDLES> {
    /// Makes a channel without handles.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    #[must_use]
    #[cfg(not(any(overwrite_loom, overwrite_shuttle)))]
    pub const fn new() -> Self {
        Self(StaticBlock::new(AtomicBool::new(false)))
    }

    /// Makes a channel without handles. The atomics of a model are not made at compile time.
    #[must_use]
    #[cfg(any(overwrite_loom, overwrite_shuttle))]
    pub fn new() -> Self {
        Self(StaticBlock::new(AtomicBool::new(false)))
    }

    /// Makes the first sender and the first receiver. Returns `None` if there are handles already: also while another thread makes
    /// them, and until the drop of the last one has ended.
    ///
    /// # Progress
    ///
    /// **Wait-free**, with a step for each handle that there is room for.
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::StaticChannel;
    ///
    /// static CHANNEL: StaticChannel<u32, 2> = StaticChannel::new();
    ///
    /// let handles = CHANNEL.split();
    /// assert!(handles.is_some());
    /// assert!(CHANNEL.split().is_none());
    /// drop(handles);
    /// assert!(CHANNEL.split().is_some());
    /// ```
    #[must_use]
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
