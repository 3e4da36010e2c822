//! The histories of `tests/linearizability/` on shuttle's threads, with waits that only a wake ends.

use crate::{
    channel::Slot,
    schedules::{explore, join},
    script::{Script, Subject},
    watch::Register,
};
use shuttle::{
    rand::{RngCore, thread_rng},
    thread::spawn,
};
use std::mem;

fn history<S: Subject>() {
    let seed = thread_rng().next_u64();
    let mut script = Script::<S>::new(seed, true);
    let threads = mem::take(&mut script.parts).into_iter().map(spawn);
    for played in join(threads) {
        script.add(played);
    }
    script.end().check(seed);
}

#[test]
fn the_channel_is_linearizable() {
    explore(history::<Slot>);
}

#[test]
fn watch_is_linearizable() {
    explore(history::<Register>);
}
