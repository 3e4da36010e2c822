//! The channel: what its handles promise in one thread, in several, and in tasks.
//!
//! The tables in `sends` and `receives` list every way to send and every way to receive. A promise that holds for each
//! of them is asserted for each of them.
//!
//! Miri does not run the modules that need to see whether a thread sleeps, or that count bytes.
#![cfg(feature = "std")]

mod moments;
mod operations;
mod payloads;
mod receives;
mod sends;
mod shared;
mod threads;
#[cfg(not(miri))]
mod upstream;
mod wait_any;
#[cfg(not(miri))]
mod waiting;

use support::allocator::Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;
