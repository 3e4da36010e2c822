//! Iterators that wait.

#![forbid(unsafe_code)]

use super::Receiver;
use core::{fmt, iter::FusedIterator};

impl<T> Receiver<T> {
    /// Returns an iterator that blocks for each value, and ends when every sender is gone and the slot is empty.
    ///
    /// # Progress
    ///
    /// Each step **waits**, as [`recv`](Self::recv).
    ///
    /// # Panics
    ///
    /// A step panics as [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send(1).unwrap();
    /// tx.send(2).unwrap();
    /// drop(tx);
    /// assert_eq!(rx.iter().collect::<Vec<_>>(), [2]);
    /// ```
    pub fn iter(&mut self) -> Iter<'_, T> {
        Iter { receiver: self }
    }
}

/// An iterator that blocks for each value, made by [`Receiver::iter`].
///
/// # Examples
///
/// ```
/// let (mut tx, mut rx) = overwrite_channel::channel();
/// std::thread::spawn(move || tx.send(1));
/// for value in &mut rx {
///     assert_eq!(value, 1);
/// }
/// assert!(rx.is_closed());
/// ```
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct Iter<'a, T> {
    receiver: &'a mut Receiver<T>,
}

impl<T> Iterator for Iter<'_, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

/// The end is final.
impl<T> FusedIterator for Iter<'_, T> {}

impl<T> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").finish_non_exhaustive()
    }
}

/// An iterator that blocks for each value, made by `Receiver::into_iter`.
///
/// # Progress
///
/// Each step **waits**, as [`recv`](Receiver::recv).
///
/// # Panics
///
/// A step panics as [`recv`](Receiver::recv).
///
/// # Examples
///
/// ```
/// let (mut tx, rx) = overwrite_channel::channel();
/// std::thread::spawn(move || tx.send(1));
/// for value in rx {
///     assert_eq!(value, 1);
/// }
/// ```
#[must_use = "iterators are lazy and do nothing unless consumed"]
pub struct IntoIter<T> {
    receiver: Receiver<T>,
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.receiver.recv().ok()
    }
}

/// The end is final.
impl<T> FusedIterator for IntoIter<T> {}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").finish_non_exhaustive()
    }
}

impl<T> IntoIterator for Receiver<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter { receiver: self }
    }
}

#[expect(
    clippy::into_iter_without_iter,
    reason = "`iter` takes `&mut self`, as receiving does: there is no `iter_mut` beside it"
)]
impl<'a, T> IntoIterator for &'a mut Receiver<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}
