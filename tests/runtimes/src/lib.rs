//! What the tests need of each async runtime.
//!
//! The pages whose examples need another crate beside this one are run here, too.

#![allow(clippy::missing_panics_doc, reason = "an assertion of a test panics when it fails")]
#![allow(clippy::must_use_candidate, reason = "a test that ignores a result is no fault")]

pub mod runtime;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-tokio-watch.md")]
struct FromTokioWatch;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-crossbeam.md")]
struct FromCrossbeam;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-triple-buffer.md")]
struct FromTripleBuffer;

#[cfg(doctest)]
#[doc = include_str!("../../../docs/guarantees.md")]
struct Guarantees;
