//! A receiver as a stream.

#![forbid(unsafe_code)]

use super::Receiver;
use core::{
    pin::Pin,
    task::{Context, Poll},
};
use futures_core::{FusedStream, Stream};

/// A receiver is the stream of the values that it takes: after a pause, the newest. The stream ends when every sender is gone
/// and the slot is empty. A poll after the end returns `None` again.
///
/// A poll leaves its waker behind as [`poll_recv`](Receiver::poll_recv) does, so a dropped `next()` takes no notification away
/// from other receivers. If many tasks compete for the values of one channel, [`recv_async`](Receiver::recv_async) wakes fewer
/// of them. The stream is cooperative as that method is, and shares its count: after 128 values or ends in a row, a poll
/// yields once.
///
/// # Progress
///
/// As [`poll_recv`](Receiver::poll_recv).
///
/// # Panics
///
/// As [`poll_recv`](Receiver::poll_recv).
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (mut tx, rx) = overwrite_channel::channel();
/// tx.send(1).unwrap();
/// tx.send(2).unwrap();
/// drop(tx);
/// assert_eq!(rx.collect::<Vec<_>>().await, [2]);
/// # });
/// ```
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.taker.poll_next(cx)
    }
}

/// `is_terminated` returns `true` once this receiver's stream has returned `None`, so `select!` receives the end once. Nothing
/// that other threads do to the channel changes the answer.
///
/// Each receiver returns the end of its own stream: a clone is not terminated. An error of
/// [`recv_async`](Receiver::recv_async) or [`poll_recv`](Receiver::poll_recv) is not the end of the stream.
///
/// # Examples
///
/// ```
/// use futures::{StreamExt, select, stream::FusedStream};
///
/// # futures::executor::block_on(async {
/// let (tx, mut rx) = overwrite_channel::channel::<u8>();
/// drop(tx);
/// assert!(!rx.is_terminated());
/// select! {
///     value = rx.next() => assert_eq!(value, None),
/// }
/// assert!(rx.is_terminated());
/// # });
/// ```
impl<T> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        self.taker.ended
    }
}
