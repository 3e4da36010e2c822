//! The guides: which channel to choose, how to move from another one, the design and how it is verified.
//!
//! They are the pages of `docs/` in the repository.

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/choosing.md")]
pub mod choosing {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/guarantees.md")]
pub mod guarantees {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/from-tokio-watch.md")]
pub mod from_tokio_watch {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/from-crossbeam.md")]
pub mod from_crossbeam {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/from-triple-buffer.md")]
pub mod from_triple_buffer {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/algorithm.md")]
pub mod algorithm {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/memory-ordering.md")]
pub mod memory_ordering {}

#[doc = include_str!("../docs/rustdoc-links.md")]
#[doc = include_str!("../docs/verification.md")]
pub mod verification {}
