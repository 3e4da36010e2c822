//! A reader as a stream.

#![forbid(unsafe_code)]

use super::Reader;
use core::{
    pin::Pin,
    task::{Context, Poll},
};
use futures_core::{FusedStream, Stream};

/// A reader is the stream of clones of the values that it takes. The stream ends when every writer is gone and the last value
/// was taken. A poll after the end returns `None` again.
///
/// To look at the values without a clone, call [`updated`](Reader::updated) in a loop. Otherwise it is the stream of a
/// [`Receiver`](crate::Receiver): it leaves its waker behind, and yields once after 128 values in a row.
///
/// # Progress
///
/// As [`poll_updated`](Reader::poll_updated). This excludes the clone.
///
/// # Panics
///
/// As [`poll_updated`](Reader::poll_updated), and if the clone panics. The reader shows the value then.
///
/// # Examples
///
/// ```
/// use futures::StreamExt;
///
/// # futures::executor::block_on(async {
/// let (mut writer, reader) = overwrite_channel::buffer::channel(0);
/// writer.write(1).unwrap();
/// writer.write(2).unwrap();
/// drop(writer);
/// assert_eq!(reader.collect::<Vec<_>>().await, [2]);
/// # });
/// ```
impl<T: Clone> Stream for Reader<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.taker.poll_next(cx).map(|taken| taken.map(|()| T::clone(&self)))
    }
}

/// `is_terminated` returns `true` once this reader's stream has returned `None`. A clone is not terminated.
impl<T: Clone> FusedStream for Reader<T> {
    fn is_terminated(&self) -> bool {
        self.taker.ended
    }
}
