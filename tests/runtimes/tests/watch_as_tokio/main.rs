//! What tokio documents of its `watch`, run against it and against this crate's: `same` holds for
//! both, `differences` says where each goes its own way.

#![expect(clippy::duplicate_mod, reason = "the same tests for both")]

#[path = "../common/on_smol.rs"]
mod on_smol;
#[path = "../common/on_tokio.rs"]
mod on_tokio;
#[path = "../../../common/rounds.rs"]
mod rounds;
#[path = "../common/runtime.rs"]
#[expect(dead_code, reason = "some of it is for the scenarios")]
mod runtime;
mod tools;
#[path = "../../../common/waker.rs"]
mod waker;
#[path = "../../../common/watchdog.rs"]
mod watchdog;

mod of_tokio;
mod ours;
