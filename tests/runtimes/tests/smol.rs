//! On smol.
