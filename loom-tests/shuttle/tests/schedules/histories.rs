//! The histories of `tests/linearizability/` on shuttle's threads, with waits that only a wake ends.

use crate::{
    buffer::Buffer,
    channel::Slot,
    schedules::explore,
    script::{Subject, record},
    watch::Register,
};
use shuttle::rand::{RngCore, thread_rng};

fn history<S: Subject>() {
    let seed = thread_rng().next_u64();
    record::<S>(seed, true).check(seed);
}

#[test]
fn the_channel_is_linearizable() {
    explore(history::<Slot>);
}

#[test]
fn buffer_is_linearizable() {
    explore(history::<Buffer>);
}

#[test]
fn watch_is_linearizable() {
    explore(history::<Register>);
}
