//! No library: only the pages whose examples need another crate beside this one are run here.

#[cfg(doctest)]
#[doc = include_str!("../../../docs/from-tokio-watch.md")]
struct FromTokioWatch;
