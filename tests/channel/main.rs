//! The channel: what its handles promise in threads and in tasks, and in one thread what the random programs of
//! `tests/fuzz` do not meet. Where `watch` makes the same promise, it is asserted here for both.
//!
//! The tables in `sends` and `receives` list every way to send, to receive and to wait. A promise that holds for each of
//! them is asserted for each of them.
//!
//! Miri does not run the modules that need to see whether a thread sleeps, that count bytes, or that need thousands of
//! rounds.
#![cfg(feature = "std")]

mod cooperation;
#[cfg(not(miri))]
mod crowds;
mod merging;
mod moments;
mod operations;
mod panics;
mod payloads;
mod receives;
mod sends;
#[cfg(feature = "stream")]
mod streams;
mod threads;
#[cfg(not(miri))]
mod turns;
#[cfg(not(miri))]
mod upstream;
mod wait_any;
#[cfg(not(miri))]
mod waiting;
mod wakes;

use overwrite_channel::{Receiver, Sender, channel};
use std::iter;
use support::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Makes a channel with several receivers, in the order of their turns: the first, which is notified first, and its clones.
fn receivers<T, const COUNT: usize>() -> (Sender<T>, [Receiver<T>; COUNT]) {
    let (tx, rxs) = many_receivers(COUNT);
    (tx, rxs.try_into().unwrap())
}

/// Makes a channel with so many receivers, in the order of their turns.
fn many_receivers<T>(count: usize) -> (Sender<T>, Vec<Receiver<T>>) {
    let (tx, first) = channel();
    let clones: Vec<_> = (1..count).map(|_| first.clone()).collect();
    (tx, iter::once(first).chain(clones).collect())
}
