//! The errors of `watch`: those of the crate.

#![forbid(unsafe_code)]

pub use crate::{RecvError, RecvTimeoutError, SendError};
