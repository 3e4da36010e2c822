//! The reading half.

#![forbid(unsafe_code)]

use crate::{core::ReadHandle, taker::Taker};
use core::{
    fmt,
    ops::{Deref, DerefMut},
    panic::{RefUnwindSafe, UnwindSafe},
};

/// The reading half of a buffer: dereferences to the value that it took last, at first an initial one.
///
/// The value stays the reader's until it takes a newer one. The reader may change it, for example take an `Option` out of it. A
/// writer gets it back, and finds it as the reader left it.
///
/// Readers can be cloned if `T: Clone`. Clones compete: each published value goes to exactly one of them, and a `publish`
/// notifies one of those that wait. If every reader has to see the newest value, use [`watch`](crate#which-one).
///
/// # Panics
///
/// The drop of a reader drops its values. It may notify: the next reader, or, if it is the last one, the futures of
/// [`closed`](super::Writer::closed). It also drops a waker that a poll left behind. If one of these panics, the drop panics; if
/// two do, the process aborts.
pub struct Reader<T> {
    pub(crate) taker: Taker<ReadHandle<T>>,
}

// As `Writer`.
impl<T: UnwindSafe> UnwindSafe for Reader<T> {}
impl<T: RefUnwindSafe> RefUnwindSafe for Reader<T> {}

impl<T> Reader<T> {
    /// Makes the first reader.
    pub(super) fn new(handle: ReadHandle<T>) -> Self {
        Self { taker: Taker::new(handle, 1) }
    }

    /// Takes the value that was published last, if no reader has taken it yet. Returns `true` if it did.
    ///
    /// `false` leaves the reader with the value that it has.
    ///
    /// # Progress
    ///
    /// **Wait-free**, whatever the size of the value: no exchange if nothing was published, one if there was. A race with the
    /// drop of the last writer costs a second one. This excludes a notification that the call may have to pass on to another reader
    /// that waits, which is rare. With one reader there is none.
    ///
    /// # Panics
    ///
    /// If the call passes a notification on and the waker of that task panics.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// assert!(!reader.update());
    /// writer.write(1).unwrap();
    /// writer.write(2).unwrap();
    /// assert!(reader.update());
    /// assert_eq!(*reader, 2);
    /// assert!(!reader.update());
    /// assert_eq!(*reader, 2); // still the reader's
    /// ```
    #[inline]
    pub fn update(&mut self) -> bool {
        self.taker.look(false).is_ok()
    }

    /// Calls [`update`](Self::update), and returns the reader's value.
    ///
    /// # Progress
    ///
    /// **Wait-free**, as [`update`](Self::update).
    ///
    /// # Panics
    ///
    /// As [`update`](Self::update).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// assert_eq!(*reader.read(), 0);
    /// writer.write(1).unwrap();
    /// assert_eq!(*reader.read(), 1);
    /// assert_eq!(*reader.read(), 1);
    /// ```
    #[inline]
    pub fn read(&mut self) -> &T {
        self.update();
        self
    }

    /// Returns `true` if there is no newer value to take.
    ///
    /// Both answers may be out of date at once: a writer may publish a value, and another reader may take it. Once
    /// [`is_closed`](Self::is_closed) is `true`, an empty channel stays empty. It does not synchronise with the call that took
    /// or published the value.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, reader) = overwrite_channel::buffer::channel(0);
    /// assert!(reader.is_empty());
    /// writer.write(1).unwrap();
    /// assert!(!reader.is_empty());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taker.is_empty()
    }

    /// Returns `true` if every writer is gone. A value that was published before may still be taken.
    ///
    /// `true` stays `true`. `false` may be out of date at once: the last writer may be dropped at any time.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// writer.write(1).unwrap();
    /// drop(writer);
    /// assert!(reader.is_closed());
    /// assert!(reader.update());
    /// ```
    #[inline]
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.taker.is_closed()
    }

    /// Returns `true` if both readers belong to the same channel.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (_writer, reader) = overwrite_channel::buffer::channel(0);
    /// assert!(reader.same_channel(&reader.clone()));
    /// ```
    #[must_use]
    pub fn same_channel(&self, other: &Self) -> bool {
        self.taker.handle().is_same_channel(other.taker.handle())
    }
}

impl<T> Deref for Reader<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.taker.handle().get()
    }
}

impl<T> DerefMut for Reader<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.taker.registration.get_mut()
    }
}

impl<T: Clone> Clone for Reader<T> {
    /// Makes another reader of the same channel, which competes with this one. Both of its values are clones of the one that
    /// this reader has.
    ///
    /// It starts with the spin limit of the original, and with what the original has learned about spinning.
    ///
    /// # Progress
    ///
    /// **Lock-free**, with a step for every 64 (32 on 32-bit targets) of the most readers that existed at once. This excludes
    /// `T::clone` and the allocator, which is asked for memory if no dropped handle has left its room behind, and whenever the
    /// number of readers doubles.
    ///
    /// # Panics
    ///
    /// If `T::clone` panics, or if the number of handles exceeds half of `usize::MAX`. The channel stays whole.
    fn clone(&self) -> Self {
        Self { taker: self.taker.another(self.taker.handle().another()) }
    }
}

impl<T> fmt::Debug for Reader<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reader").finish_non_exhaustive()
    }
}
