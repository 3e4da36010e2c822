//! The channel: what its handles promise in threads and in tasks, and in one thread what the random programs of
//! `tests/fuzz` do not meet. Where another flavour makes the same promise, it is asserted here for both.
//!
//! The tables in `sends` and `receives` list every way to send, to receive and to wait. A promise that holds for each of
//! them is asserted for each of them.
//!
//! Miri does not run the modules that need to see whether a thread sleeps, that count bytes, or that need thousands of
//! rounds.
//!
//! A module that needs `std` or `alloc` is compiled with it only. Channels in statics need neither.

#[cfg(feature = "std")]
mod cooperation;
#[cfg(all(feature = "std", not(miri)))]
mod crowds;
#[cfg(feature = "std")]
mod merging;
#[cfg(feature = "std")]
mod moments;
#[cfg(feature = "std")]
mod operations;
#[cfg(feature = "std")]
mod panics;
#[cfg(feature = "std")]
mod payloads;
#[cfg(feature = "std")]
mod receives;
#[cfg(all(feature = "alloc", not(miri)))]
mod sends;
mod static_channel;
#[cfg(all(feature = "std", feature = "stream"))]
mod streams;
#[cfg(all(feature = "std", not(miri)))]
mod threads;
#[cfg(all(feature = "alloc", not(miri)))]
mod turns;
#[cfg(feature = "std")]
mod wait_any;
#[cfg(all(feature = "std", not(miri)))]
mod waiting;
#[cfg(feature = "std")]
mod wakes;

use overwrite_channel::Receiver;
#[cfg(feature = "alloc")]
use overwrite_channel::{Sender, channel};
#[cfg(feature = "alloc")]
use std::iter;
use std::{mem, task::Poll};
use support::{allocator::Counting, waker::Task};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Makes a channel with several receivers, in the order of their turns: the first, which is notified first, and its clones.
#[cfg(feature = "std")]
fn receivers<T, const COUNT: usize>() -> (Sender<T>, [Receiver<T>; COUNT]) {
    let (tx, rxs) = many_receivers(COUNT);
    (tx, rxs.try_into().unwrap())
}

/// Makes a channel with so many receivers, in the order of their turns.
#[cfg(feature = "alloc")]
fn many_receivers<T>(count: usize) -> (Sender<T>, Vec<Receiver<T>>) {
    let (tx, first) = channel();
    let clones: Vec<_> = (1..count).map(|_| first.clone()).collect();
    (tx, iter::once(first).chain(clones).collect())
}

/// Polls a future of `rx` that was forgotten when it was pending, if there is one, or else a new one.
fn poll<T>(task: &Task, rx: &mut Receiver<T>) -> Poll<T> {
    let mut future = rx.recv_async();
    let polled = task.poll(&mut future).map(Result::unwrap);
    if polled.is_pending() {
        // The next future of this receiver goes on where this one was.
        mem::forget(future);
    }
    polled
}
