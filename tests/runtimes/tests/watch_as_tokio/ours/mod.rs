//! This crate's.

use overwrite_channel::watch::{self, Ref};

mod blocking;
mod differences;
#[path = "../same/mod.rs"]
mod same;

/// The value that `send_replace` returned: a clone of it, if another sender still looks at it.
fn old<T: Clone>(replaced: Ref<'static, T>) -> T {
    Ref::try_unwrap(replaced).unwrap_or_else(|shared| shared.clone())
}

const SEND_ERROR: &str = "sending on a channel without receivers";
const RECV_ERROR: &str = "receiving on a channel without senders";
const RECV_ERROR_DEBUG: &str = "RecvError";
