//! The interpreters of `tests/fuzz/`, for the targets.

#[path = "../../tests/fuzz/buffer/mod.rs"]
mod buffer;
#[path = "../../tests/fuzz/channel/mod.rs"]
mod channel;
#[path = "../../tests/fuzz/shared/mod.rs"]
mod shared;
#[path = "../../tests/fuzz/slot/mod.rs"]
mod slot;
#[path = "../../tests/fuzz/watch/mod.rs"]
mod watch;

use shared::run;
use slot::Slot;

pub fn buffer(bytes: &[u8]) {
    run::<Slot<buffer::Buffer>>(bytes, |_| ());
}

pub fn channel(bytes: &[u8]) {
    run::<Slot<channel::Channel>>(bytes, |_| ());
}

pub fn watch(bytes: &[u8]) {
    run::<watch::Register>(bytes, |_| ());
}
