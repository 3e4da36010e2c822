//! A receiver as a stream.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::wait::Armed;
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use futures_core::{FusedStream, Stream};

/// A receiver is the stream of clones of the values that it has not seen: after a pause, the newest. The stream ends when every
/// sender is gone and the receiver has seen the last value. A poll after the end returns `None` again.
///
/// The value that is there at first counts as seen; [`mark_changed`](Receiver::mark_changed) makes the stream begin with it.
///
/// The stream is cooperative as [`changed`](Receiver::changed) is, and shares its count: after 128 values or ends in a row, a
/// poll yields once.
///
/// # Progress
///
/// As [`poll_changed`](Receiver::poll_changed) and [`borrow_and_update`](Receiver::borrow_and_update). This excludes the clone.
///
/// # Panics
///
/// As [`poll_changed`](Receiver::poll_changed), and if the clone or the drop of the value panics. The value counts as seen
/// then.
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (tx, mut rx) = overwrite_channel::watch::channel(0);
/// rx.mark_changed();
/// assert_eq!(rx.next().await, Some(0));
/// tx.send(1).unwrap();
/// tx.send(2).unwrap();
/// drop(tx);
/// assert_eq!(rx.collect::<Vec<_>>().await, [2]);
/// # });
/// ```
impl<T: Clone> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        if ready!(self.poll_charged(Armed::Detached, cx)).is_err() {
            self.ended = true;
            return Poll::Ready(None);
        }
        let newest = self.mark_newest_seen();
        let value = T::clone(&newest);
        // Not as this returns: if it is the last look at the value, dropping that is user code.
        drop(newest);
        Poll::Ready(Some(value))
    }
}

/// `is_terminated` returns `true` once this receiver's stream has returned `None`, so `select!` receives the end once. Nothing
/// that other threads do to the channel changes the answer.
///
/// After the end, [`mark_changed`](Receiver::mark_changed) makes the stream yield the last value once more, and then `None`
/// again: it is not terminated in between. Each receiver returns the end of its own stream: a clone is not terminated. An error
/// of [`changed`](Receiver::changed) is not the end of the stream.
///
/// # Examples
///
/// ```
/// use futures::{StreamExt, stream::FusedStream};
///
/// # futures::executor::block_on(async {
/// let (tx, mut rx) = overwrite_channel::watch::channel(1);
/// drop(tx);
/// assert!(!rx.is_terminated());
/// assert_eq!(rx.next().await, None);
/// assert!(rx.is_terminated());
///
/// rx.mark_changed();
/// assert!(!rx.is_terminated());
/// assert_eq!(rx.by_ref().collect::<Vec<_>>().await, [1]);
/// assert!(rx.is_terminated());
/// # });
/// ```
impl<T: Clone> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.ended
    }
}
