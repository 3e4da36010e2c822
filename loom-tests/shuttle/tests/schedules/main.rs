//! The channels on shuttle: random schedules, and those of few changes of priority, of more threads than
//! loom can exhaust.
//!
//! shuttle's atomics are sequentially consistent, so it is interleavings that are checked here. A failure names its
//! schedule, for `shuttle::replay`. As many schedules as one likes, instead of a few thousand for each test:
//!
//! ```text
//! SCHEDULES=100000 cargo test --release -p overwrite-channel-shuttle-tests
//! ```

#[path = "../../../../tests/linearizability/src/buffer.rs"]
mod buffer;
#[path = "../../../../tests/linearizability/src/channel/mod.rs"]
mod channel;
mod crowds;
mod histories;
#[path = "../../../../tests/linearizability/src/history.rs"]
mod history;
mod schedules;
#[path = "../../../../tests/linearizability/src/script.rs"]
mod script;
mod waiting;
mod waiting_watch;
#[path = "../../../../tests/linearizability/src/watch/mod.rs"]
mod watch;
mod world;
