//! The `buffer` flavour: what its handles promise that neither the random programs of `tests/fuzz` meet nor the tests of
//! `tests/channel`, which ask the waits of all flavours the same.
//!
//! The tables in `ways` list every way to write, to read and to wait. What the calls allocate is in `tests/memory`.
#![cfg(feature = "std")]

mod operations;
mod panics;
mod payloads;
#[cfg(not(miri))] // thousands of rounds
mod threads;
#[cfg(not(miri))] // it needs to see that threads sleep
mod waiting;
mod ways;

#[global_allocator]
static ALLOCATOR: support::allocator::Counting = support::allocator::Counting;
