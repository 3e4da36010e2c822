//! Helpers that the tests, benches and examples share.

#![allow(clippy::must_use_candidate, reason = "a test that ignores a result is no fault")]
#![allow(clippy::missing_panics_doc, reason = "a check that fails panics")]

pub mod allocator;
pub mod arguments;
pub mod crowd;
pub mod dice;
pub mod example;
pub mod ledger;
pub mod panics;
pub mod rounds;
pub mod sleeper;
pub mod threads;
mod traits;
pub mod waker;
pub mod watchdog;
