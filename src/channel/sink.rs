//! Senders as sinks.

#![forbid(unsafe_code)]

use super::{Sender, SharedSender};
use crate::SendError;
use core::{
    pin::Pin,
    task::{Context, Poll},
};
use futures_sink::Sink;

macro_rules! sink {
    ($(#[$doc:meta])* $sender:ty) => {
        $(#[$doc])*
        impl<T> Sink<T> for $sender {
            type Error = SendError<T>;

            fn poll_ready(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
                Poll::Ready(Ok(()))
            }

            #[allow(unused_mut, reason = "a `SharedSender` sends through `&self`")]
            fn start_send(mut self: Pin<&mut Self>, value: T) -> Result<(), SendError<T>> {
                self.send(value).map(drop)
            }

            fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
                Poll::Ready(Ok(()))
            }

            fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
                Poll::Ready(Ok(()))
            }
        }
    };
}

sink! {
    /// A sender is a sink that is always ready.
    ///
    /// **The displaced value is dropped**, because a sink has no way to return it. A send fails with the value once every
    /// receiver is gone. The sink buffers nothing, so flushing does nothing. Closing does nothing either, because a channel
    /// is closed by dropping its senders.
    ///
    /// # Progress
    ///
    /// As [`send`](Sender::send). This excludes the drop of the displaced value.
    ///
    /// # Panics
    ///
    /// As [`send`](Sender::send), and if the drop of the displaced value panics. The value has been sent then.
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::{SinkExt, StreamExt, stream};
    ///
    /// # futures::executor::block_on(async {
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// stream::iter([1, 2, 3]).map(Ok).forward(tx).await?;
    /// assert_eq!(rx.recv(), Ok(3));
    /// # Ok::<(), overwrite_channel::SendError<i32>>(())
    /// # }).unwrap();
    /// ```
    Sender<T>
}

sink! {
    /// Sends as the sink of [`Sender`] does. The displaced value is dropped.
    ///
    /// # Progress
    ///
    /// As [`send`](SharedSender::send). This excludes the drop of the displaced value.
    ///
    /// # Panics
    ///
    /// As [`send`](SharedSender::send), and if the drop of the displaced value panics. The value has been sent then.
    SharedSender<T>
}

sink! {
    /// Sends as the sink of [`SharedSender`] does, through a shared reference. The displaced value is dropped.
    ///
    /// # Progress
    ///
    /// As the sink of [`SharedSender`].
    ///
    /// # Panics
    ///
    /// As the sink of [`SharedSender`].
    ///
    /// # Examples
    ///
    /// ```
    /// use futures::SinkExt;
    ///
    /// # futures::executor::block_on(async {
    /// let (tx, mut rx) = overwrite_channel::channel();
    /// let tx = tx.into_shared();
    /// SinkExt::send(&mut &tx, 1).await.unwrap();
    /// assert_eq!(rx.try_recv(), Ok(1));
    /// # });
    /// ```
    &SharedSender<T>
}
