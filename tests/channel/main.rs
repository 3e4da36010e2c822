//! The channel, by behaviour.
//!
//! Miri is not given the modules that need thousands of rounds.
#![cfg(feature = "std")]

mod abandoned;
mod cooperation;
#[cfg(not(miri))]
mod crowds;
mod panics;
#[cfg(feature = "sink")]
mod sinks;
#[cfg(feature = "stream")]
mod streams;
mod tasks;
#[cfg(not(miri))]
mod turns;
mod waits;
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
