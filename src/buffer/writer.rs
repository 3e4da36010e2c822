//! The writing half.

#![forbid(unsafe_code)]

use crate::{
    PublishError, SendError,
    core::WriteHandle,
    wait::{Budget, ClosedFuture},
};
use core::{
    fmt,
    ops::{Deref, DerefMut},
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The writing half of a buffer: dereferences to the value that it publishes next.
///
/// Change the value in place, and call [`publish`](Self::publish). After that the writer holds another value, which is older: a
/// displaced one, or one that a reader has given back. Before the first `publish` it holds an initial value.
///
/// Writers can be cloned if `T: Clone`. Writers and readers can be dropped in any order.
///
/// # Panics
///
/// The drop of a writer drops its value. The drop of the last writer notifies every waiting reader. The drop of the last handle
/// drops the value that is left in the slot. If a value's drop or a task's waker panics then, the drop panics.
pub struct Writer<T> {
    handle: WriteHandle<T>,
    /// Of `closed`.
    budget: Budget,
}

// A panic leaves the channel whole, and the writer's value as it was then. That is safe if it is for `T`.
impl<T: UnwindSafe> UnwindSafe for Writer<T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Writer<T> {}
// It may be moved, whatever the value: that stays in its node.
impl<T> Unpin for Writer<T> {}

impl<T> Writer<T> {
    pub(super) fn new(handle: WriteHandle<T>) -> Self {
        Self { handle, budget: Budget::new() }
    }

    /// Publishes the value, replacing the one that no reader has taken, if there is one.
    ///
    /// Returns `Ok(true)` if it replaced such a value, and `Ok(false)` if none lay there. The writer holds another, older value
    /// afterwards. A reader finds the replaced value or the new one, never neither.
    ///
    /// `Ok` does not mean taken. If every reader is dropped before it takes the value, the value is dropped with the channel,
    /// when the last writer is dropped too.
    ///
    /// # Progress
    ///
    /// **Wait-free**: one atomic exchange, no loop, no lock, no allocation, and no copy, whatever the size of the value. This
    /// excludes notifying a reader that waits, as [`Sender::send`](crate::Sender::send) does.
    ///
    /// # Errors
    ///
    /// [`PublishError`] if every reader is gone. The writer keeps its value.
    ///
    /// # Panics
    ///
    /// If a task's waker panics when it is woken. The value has been published.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(String::new());
    /// writer.push_str("first");
    /// assert_eq!(writer.publish(), Ok(false));
    /// writer.clear(); // it held an older value
    /// writer.push_str("second");
    /// assert_eq!(writer.publish(), Ok(true));
    /// assert_eq!(*reader.read(), "second");
    ///
    /// drop(reader);
    /// assert!(writer.publish().is_err());
    /// ```
    #[inline]
    pub fn publish(&mut self) -> Result<bool, PublishError> {
        if self.is_closed() {
            return Err(PublishError);
        }
        Ok(self.put())
    }

    /// Replaces the writer's value by `value`, and publishes that.
    ///
    /// Returns what [`publish`](Self::publish) returns. It is for values that are cheap to move, or made elsewhere. The older
    /// value that the writer holds is dropped.
    ///
    /// # Progress
    ///
    /// **Wait-free**, as [`publish`](Self::publish). This excludes the drop of the older value.
    ///
    /// # Errors
    ///
    /// [`SendError`] with `value`, if every reader is gone. The writer keeps its value.
    ///
    /// # Panics
    ///
    /// If the drop of the older value panics. Then `value` is the writer's, and was not published. Otherwise as
    /// [`publish`](Self::publish).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// assert_eq!(writer.write(1), Ok(false));
    /// assert_eq!(writer.write(2), Ok(true));
    /// assert_eq!(*reader.read(), 2);
    /// ```
    #[inline]
    pub fn write(&mut self, value: T) -> Result<bool, SendError<T>> {
        if self.is_closed() {
            return Err(SendError(value));
        }
        **self = value;
        Ok(self.put())
    }

    #[inline]
    fn put(&mut self) -> bool {
        let replaced = self.handle.put();
        if replaced {
            self.handle.counts().wait_list.notify_past_stalled();
        }
        replaced
    }

    /// Returns `true` if a reader has taken the value that was published last, or none was published.
    ///
    /// Both answers may be out of date at once: another writer may publish a value, and a reader may take it. It does not
    /// synchronise with the call that took or published the value.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// assert!(writer.is_empty());
    /// writer.write(1).unwrap();
    /// assert!(!writer.is_empty());
    /// reader.update();
    /// assert!(writer.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.handle.is_empty()
    }

    /// Returns `true` if every reader is gone.
    ///
    /// `true` stays `true`, and every `publish` fails from then on. `false` may be out of date at once: the last reader may be
    /// dropped at any time.
    ///
    /// It does not synchronise with the readers. To see what they did, await [`closed`](Self::closed).
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (writer, reader) = overwrite_channel::buffer::channel(0);
    /// assert!(!writer.is_closed());
    /// drop(reader);
    /// assert!(writer.is_closed());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        !self.handle.counts().has_receivers()
    }

    /// Waits as a task until every reader is gone.
    ///
    /// When the future is ready, every further `publish` fails, and everything that the readers did has happened before. A
    /// writer can use it to give up work that no reader will see.
    ///
    /// There is no form for threads: poll [`is_closed`](Self::is_closed), or block on this future by an executor.
    ///
    /// # Progress
    ///
    /// **Waits** as a task. The first poll that must wait may allocate: for the first such future of the channel, and whenever
    /// the largest number of such futures at once doubles.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: dropping the future has no effect on the channel.
    ///
    /// # Cooperation
    ///
    /// After 128 such waits of one writer in a row that were ready, the next one wakes its task and returns `Pending` once.
    ///
    /// # Panics
    ///
    /// The future panics if it is polled again after it was ready, and if a waker panics.
    ///
    /// # Examples
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let (writer, reader) = overwrite_channel::buffer::channel(0);
    /// std::thread::spawn(move || drop(reader));
    /// writer.closed().await;
    /// assert!(writer.is_closed());
    /// # });
    /// ```
    pub fn closed(&self) -> ClosedFuture<'_> {
        ClosedFuture::new(&self.handle.counts().receivers, &self.budget)
    }

    /// Returns `true` if both writers belong to the same channel.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (writer, _reader) = overwrite_channel::buffer::channel(0);
    /// assert!(writer.same_channel(&writer.clone()));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.handle.is_same_channel(&other.handle)
    }
}

impl<T> Deref for Writer<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.handle.get()
    }
}

impl<T> DerefMut for Writer<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.handle.get_mut()
    }
}

impl<T: Clone> Clone for Writer<T> {
    /// Makes another writer of the same channel, whose value is a clone of this one's.
    ///
    /// # Progress
    ///
    /// **Lock-free**. This excludes `T::clone` and the allocator, which is asked for memory if no dropped handle has left its
    /// room behind.
    ///
    /// # Panics
    ///
    /// If `T::clone` panics, or if the number of handles exceeds half of `usize::MAX`. The channel stays whole.
    fn clone(&self) -> Self {
        Self::new(self.handle.another())
    }
}

impl<T> fmt::Debug for Writer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").finish_non_exhaustive()
    }
}
