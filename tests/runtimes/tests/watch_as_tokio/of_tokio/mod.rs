//! Tokio's own.

use ::tokio::sync::watch;

mod differences;
#[path = "../same/mod.rs"]
mod same;

/// The value that `send_replace` returned.
fn old<T>(replaced: T) -> T {
    replaced
}

const SEND_ERROR: &str = "channel closed";
const RECV_ERROR: &str = "channel closed";
const RECV_ERROR_DEBUG: &str = "RecvError(())";
