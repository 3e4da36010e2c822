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
/// are those of `channel`: they send, receive, wait and close in the same way. Two things differ:
///
/// * **Room is limited.** Senders and receivers take room for one handle each. A [`SharedSender`](crate::SharedSender) takes it
///   for one send at a time, and once more for each further send at the same time, which panics if there is no room. A handle that
///   is dropped gives its room back. Where there is no room, `try_clone` is `None`, and `clone` panics.
/// * **It can be used again.** After the last handle is gone, `split` makes new ones. The thread that drops the last handle drops
///   the value that is left, before that.
///
/// Memory is that of `HANDLES + 1` values, two wait nodes for each handle, and the words that every channel has. The values lie
/// side by side. If a large one has to be apart from the next because of caches, send a `CachePadded`, of `crossbeam-utils`.
///
/// [`closed`](Sender::closed) has room for one future more than there can be handles. A future without room wakes its task at
/// each poll, until there is room. Forgotten futures keep their room until the last handle is gone.
///
/// # Panics
///
/// It does not compile unless `HANDLES` is a number from 2 to 30:
///
/// ```compile_fail,E0080
/// static CHANNEL: overwrite_channel::StaticChannel<u8, 31> = overwrite_channel::StaticChannel::new();
/// # drop(CHANNEL.split());
/// ```
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

    /// Makes the first sender and the first receiver. Returns `None` if a handle is left of those that were made before.
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
