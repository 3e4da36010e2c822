//! An iterator that does not wait.

#![forbid(unsafe_code)]

use super::Receiver;
use core::fmt;

impl<T> Receiver<T> {
    /// Returns an iterator that takes the newest value as long as there is one, without waiting.
    ///
    /// It may go on for as long as senders keep up with it.
    ///
    /// # Progress
    ///
    /// Each step is **wait-free**, as [`try_recv`](Self::try_recv).
    ///
    /// # Panics
    ///
    /// A step panics as [`try_recv`](Self::try_recv).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.try_iter().collect::<Vec<_>>(), [2]);
    /// ```
    pub fn try_iter(&mut self) -> TryIter<'_, T> {
        TryIter { receiver: self }
    }
}

/// An iterator that takes values without waiting, made by [`Receiver::try_iter`].
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct TryIter<'a, T> {
    receiver: &'a mut Receiver<T>,
}

impl<T> Iterator for TryIter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.try_recv().ok()
    }
}

impl<T> fmt::Debug for TryIter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TryIter").finish_non_exhaustive()
    }
}
