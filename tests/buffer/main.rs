//! The `buffer` flavour: what its handles promise in one thread, in several, and in tasks.
//!
//! The tables in `ways` list every way to write, to read and to wait. A promise that holds for each of them is asserted
//! for each of them. What the calls allocate is in `tests/memory`.
#![cfg(feature = "std")]

mod operations;
mod panics;
mod payloads;
mod tasks;
mod threads;
#[cfg(not(miri))] // it needs to see that threads sleep
mod waiting;
mod ways;

use overwrite_channel::buffer::{Reader, Writer, channel};
use std::iter;
use support::{
    allocator::{Counting, measure},
    ledger::Ledger,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Makes a buffer with so many readers, in the order of their turns: the first, which is notified first, and its clones.
fn many_readers<T: Clone>(value: T, count: usize) -> (Writer<T>, Vec<Reader<T>>) {
    let (writer, first) = channel(value);
    let clones: Vec<_> = (1..count).map(|_| first.clone()).collect();
    (writer, iter::once(first).chain(clones).collect())
}

/// As [`many_readers`].
fn readers<T: Clone, const COUNT: usize>(value: T) -> (Writer<T>, [Reader<T>; COUNT]) {
    let (writer, readers) = many_readers(value, COUNT);
    (writer, readers.try_into().unwrap())
}

/// Runs `body`, after which each value of the ledger was dropped once, and no memory is left.
#[track_caller]
fn leaves_nothing(body: impl FnOnce(&Ledger)) {
    let ledger = Ledger::new(200);
    let ((), counts) = measure(|| body(&ledger));
    ledger.assert_each_dropped_once();
    assert_eq!(counts.live_bytes, 0);
}
