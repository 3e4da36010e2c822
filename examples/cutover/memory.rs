//! The bytes that a channel holds.

#![forbid(unsafe_code)]

use std::sync::atomic::{AtomicIsize, Ordering::Relaxed};
use support::allocator::{Counting, measure};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// Returns the most that the channel held, and starts again at zero for the next channel.
pub(crate) fn take_peak() -> isize {
    HELD.store(0, Relaxed);
    PEAK.swap(0, Relaxed)
}

/// Runs a call into the channel: what it leaves allocated is the channel's.
pub(crate) fn in_channel<R>(call: impl FnOnce() -> R) -> R {
    let (result, counts) = measure(call);
    let held = HELD.fetch_add(counts.live_bytes, Relaxed) + counts.live_bytes;
    PEAK.fetch_max(held, Relaxed);
    result
}
