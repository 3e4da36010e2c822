//! A channel in a static: its room for handles and for waiters, and that it begins anew when its handles are gone.
//!
//! None of this needs `alloc`, and only threads that wait need `std`. What is true of every channel is asserted of one on the
//! heap, by the other modules.

mod room;
mod shared;
mod values;
mod waits;
#[cfg(all(feature = "std", not(miri)))]
mod waits_of_threads;

use overwrite_channel::{Receiver, Sender, StaticChannel};
use std::iter;

/// What a panic says if there is no room.
const NO_ROOM: &str = "no room in the static channel for one more handle or call: raise HANDLES";

/// The largest number of handles.
pub(crate) const MOST: usize = 30;

/// Splits a channel. Returns a sender, and as many receivers as there is room for, in the order of their turns.
#[track_caller]
pub(crate) fn full_of_receivers<T, const HANDLES: usize>(
    channel: &'static StaticChannel<T, HANDLES>,
) -> (Sender<T>, Vec<Receiver<T>>) {
    let (tx, first) = channel.split().expect("no handle is left");
    let clones: Vec<_> = iter::from_fn(|| first.try_clone()).collect();
    let rxs: Vec<_> = iter::once(first).chain(clones).collect();
    assert_eq!((rxs.len(), tx.receiver_count()), (HANDLES - 1, HANDLES - 1));
    (tx, rxs)
}

/// As [`full_of_receivers`], with one receiver.
#[track_caller]
fn full_of_senders<T, const HANDLES: usize>(
    channel: &'static StaticChannel<T, HANDLES>,
) -> (Vec<Sender<T>>, Receiver<T>) {
    let (first, rx) = channel.split().expect("no handle is left");
    let clones: Vec<_> = iter::from_fn(|| first.try_clone()).collect();
    let txs: Vec<_> = iter::once(first).chain(clones).collect();
    assert_eq!((txs.len(), rx.sender_count()), (HANDLES - 1, HANDLES - 1));
    (txs, rx)
}
