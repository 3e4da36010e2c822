//! What can go wrong: only ever that the other side is gone, or that nothing changed in time.

#![forbid(unsafe_code)]

pub use crate::{RecvTimeoutError, SendError};

use core::{error::Error, fmt};

/// Every sender is gone, and the last value was seen: nothing will ever change.
///
/// Returned by [`Receiver::changed`](super::Receiver::changed) and its like; by
/// [`Receiver::has_changed`](super::Receiver::has_changed) also if the last value was not seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecvError(pub(super) ());

impl fmt::Display for RecvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("waiting for a change without senders")
    }
}

impl Error for RecvError {}

impl From<RecvError> for RecvTimeoutError {
    fn from(RecvError(()): RecvError) -> Self {
        Self::Disconnected
    }
}
