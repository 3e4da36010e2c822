//! The loom models: every schedule of a few threads, within a bound on preemptions.

mod buffer;
mod exchange;
mod scene;
mod select;
mod shared;
mod static_channel;
mod tasks;
mod wait_list;
mod waiting;
mod watch;
