//! What tokio documents of its `watch`, and holds for the `watch` of the test that includes this module: tokio's own,
//! or this crate's.

mod bounds;
pub(crate) mod cooperation;
mod crowds;
mod model;
mod threads;
mod values;
mod waits;
