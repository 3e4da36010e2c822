//! A receiver as a stream.

#![forbid(unsafe_code)]

use super::Receiver;
use core::{
    pin::Pin,
    task::{Context, Poll, ready},
};
use futures_core::{FusedStream, Stream};

/// A receiver is the stream of clones of the values that it has not seen: after a pause, the newest. The
/// stream ends when every sender is gone and the last value was seen.
///
/// The value that is there at first counts as seen; [`mark_changed`](Receiver::mark_changed) makes the
/// stream begin with it. If the clone panics, the value counts as seen.
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
        if ready!(self.poll_new(cx)).is_err() {
            return Poll::Ready(None);
        }
        let newest = self.see_newest();
        let value = T::clone(&newest);
        // Not as this returns: if it is the last look at the value, dropping that is user code.
        drop(newest);
        Poll::Ready(Some(value))
    }
}

/// A stream that has ended stays so, and may be polled again; but [`mark_changed`](Receiver::mark_changed)
/// makes it yield the last value once more.
impl<T: Clone> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.is_over()
    }
}
