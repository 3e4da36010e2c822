//! A receiver as a stream.

#![forbid(unsafe_code)]

use super::Receiver;
use core::{
    pin::Pin,
    task::{Context, Poll},
};
use futures_core::{FusedStream, Stream};

/// A receiver is the stream of the values it takes: after a pause, the newest. The stream ends when
/// every sender is gone and the slot is empty.
///
/// Polling leaves a waker behind as [`poll_recv`](Receiver::poll_recv) does, so a dropped `next()`
/// takes no wake away from other receivers; where many tasks compete for the values of one channel,
/// [`recv_async`](Receiver::recv_async) wakes fewer of them.
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
        self.poll_recv(cx).map(Result::ok)
    }
}

/// A stream that has ended stays so, and may be polled again.
impl<T> FusedStream for Receiver<T> {
    fn is_terminated(&self) -> bool {
        // In this order: once the senders are gone, an empty slot stays empty.
        self.is_disconnected() && self.is_empty()
    }
}
