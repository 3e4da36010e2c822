//! Errors: the other side is gone, or there is no value yet.

#![forbid(unsafe_code)]

use core::{error::Error, fmt};

/// Every receiver is gone. Contains the value that was not sent.
///
/// Returned by the sends of [`Sender`](crate::Sender) and [`SharedSender`](crate::SharedSender), by the `write` of a
/// `buffer`, and by the `send` of `watch`.
///
/// # Examples
///
/// ```
/// use overwrite_channel::SendError;
///
/// let (mut tx, rx) = overwrite_channel::channel();
/// drop(rx);
/// assert_eq!(tx.send(1), Err(SendError(1)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SendError<T>(pub T);

impl<T> SendError<T> {
    /// Returns the value that was not sent.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> fmt::Debug for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SendError").finish_non_exhaustive()
    }
}

impl<T> fmt::Display for SendError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sending on a channel without receivers")
    }
}

impl<T> Error for SendError<T> {}

/// Every reader of a buffer is gone. The value that was not published is still the writer's.
///
/// Returned by [`buffer::Writer::publish`](crate::buffer::Writer::publish).
///
/// # Examples
///
/// ```
/// use overwrite_channel::{PublishError, buffer};
///
/// let (mut writer, reader) = buffer::channel(1);
/// drop(reader);
/// assert_eq!(writer.publish(), Err(PublishError));
/// ```
#[cfg(feature = "alloc")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PublishError;

#[cfg(feature = "alloc")]
impl fmt::Display for PublishError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("publishing on a channel without readers")
    }
}

#[cfg(feature = "alloc")]
impl Error for PublishError {}

/// Every sender is gone, and no value is left to receive or to see.
///
/// Returned by [`Receiver::recv`](crate#overview), [`Receiver::recv_async`](crate::Receiver::recv_async) and the other calls
/// that wait for a value. The calls of `watch` return it if the receiver has also seen the last value; `has_changed` returns it
/// in any case.
///
/// # Examples
///
/// ```
/// use overwrite_channel::RecvError;
///
/// let (tx, mut rx) = overwrite_channel::channel::<u8>();
/// drop(tx);
/// assert_eq!(rx.recv(), Err(RecvError));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("receiving on a channel without senders")
    }
}

impl Error for RecvError {}

/// The reason why [`Receiver::try_recv`](crate::Receiver::try_recv) returned no value.
///
/// # Examples
///
/// ```
/// use overwrite_channel::TryRecvError;
///
/// let (tx, mut rx) = overwrite_channel::channel::<u8>();
/// assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
/// drop(tx);
/// assert!(rx.try_recv().unwrap_err().is_disconnected());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now, but a sender is left.
    Empty,
    /// Every sender is gone, and the slot is empty. No value will ever come.
    Disconnected,
}

impl TryRecvError {
    /// Returns `true` for [`Empty`](Self::Empty).
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Returns `true` for [`Disconnected`](Self::Disconnected).
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected)
    }
}

impl fmt::Display for TryRecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("receiving on an empty channel"),
            Self::Disconnected => RecvError.fmt(f),
        }
    }
}

impl Error for TryRecvError {}

impl From<RecvError> for TryRecvError {
    fn from(RecvError: RecvError) -> Self {
        Self::Disconnected
    }
}

/// The reason why a call with a deadline returned no value.
///
/// Returned by the calls of a receiver or reader whose names end in `_timeout` and `_deadline`.
///
/// # Examples
///
/// ```
/// use overwrite_channel::RecvTimeoutError;
/// use std::time::Duration;
///
/// let (tx, mut rx) = overwrite_channel::channel::<u8>();
/// assert_eq!(rx.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
/// drop(tx);
/// assert!(rx.recv_timeout(Duration::ZERO).unwrap_err().is_disconnected());
/// ```
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// The deadline passed, and a sender is left.
    Timeout,
    /// Every sender is gone, and no value is left to receive or to see.
    Disconnected,
}

#[cfg(feature = "std")]
impl RecvTimeoutError {
    /// Returns `true` for [`Timeout`](Self::Timeout).
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Returns `true` for [`Disconnected`](Self::Disconnected).
    #[must_use]
    pub fn is_disconnected(&self) -> bool {
        matches!(self, Self::Disconnected)
    }
}

#[cfg(feature = "std")]
impl fmt::Display for RecvTimeoutError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Timeout => f.write_str("timed out waiting for a value"),
            Self::Disconnected => RecvError.fmt(f),
        }
    }
}

#[cfg(feature = "std")]
impl Error for RecvTimeoutError {}

#[cfg(feature = "std")]
impl From<RecvError> for RecvTimeoutError {
    fn from(RecvError: RecvError) -> Self {
        Self::Disconnected
    }
}
