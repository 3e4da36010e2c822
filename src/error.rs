//! What can go wrong: only ever that the other side is gone, or that there is nothing yet.

#![forbid(unsafe_code)]

use core::{error::Error, fmt};

/// The value could not be sent, because no receiver is left; it is handed back.
///
/// Returned by the sends of [`Sender`](crate::Sender) and [`SharedSender`](crate::SharedSender).
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
    /// The value that was not sent.
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

/// Every sender is gone, and no value is left to receive or to see.
///
/// Returned by [`Receiver::recv_async`](crate::Receiver::recv_async) and the other calls that wait for a value. `watch`
/// returns it if every sender is gone and the receiver has seen the last value;
/// its `has_changed` returns it even if the receiver has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError;

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("receiving on a channel without senders")
    }
}

impl Error for RecvError {}

/// Why [`Receiver::try_recv`](crate::Receiver::try_recv) has no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryRecvError {
    /// There is no value now, but a sender is left.
    Empty,
    /// Every sender is gone and the slot is empty: no value will ever come.
    Disconnected,
}

impl TryRecvError {
    /// Is it [`Empty`](Self::Empty)?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Is it [`Disconnected`](Self::Disconnected)?
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

/// Why a receive with a deadline has no value.
///
/// Returned by [`Receiver::recv_timeout`](crate::Receiver::recv_timeout) and its like.
#[cfg(feature = "std")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecvTimeoutError {
    /// The deadline passed, and a sender is left.
    Timeout,
    /// Every sender is gone, and there is nothing left to receive; of `watch`, nothing that
    /// was not seen.
    Disconnected,
}

#[cfg(feature = "std")]
impl RecvTimeoutError {
    /// Is it [`Timeout`](Self::Timeout)?
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::Timeout)
    }

    /// Is it [`Disconnected`](Self::Disconnected)?
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
