//! Counting the owners of wait nodes: an owner that comes has acquired the end of each that went (W7).

#![forbid(unsafe_code)]

use crate::sync::AtomicUsize;
use core::sync::atomic::Ordering::{Acquire, Relaxed};

/// Counts one handle more, and returns how many there are.
///
/// # Panics
/// If there are half as many as can be counted; only forgotten handles of a zero-sized type can be.
pub(crate) fn count(handles: &AtomicUsize) -> usize {
    // ORDERING: Acquire pairs with the Release of each handle's end: its wait node is vacant (W7).
    let before = handles.fetch_add(1, Acquire);
    if before > usize::MAX / 2 {
        uncount(handles);
        panic!("too many handles of one channel");
    }
    before + 1
}

/// Undoes [`count`], for a handle that was not made.
pub(crate) fn uncount(handles: &AtomicUsize) {
    // ORDERING: Relaxed; nothing was done with the channel, and another handle of the side is left.
    handles.fetch_sub(1, Relaxed);
}
