//! On tokio.
