//! The histories of `tests/linearizability/` on shuttle's threads, with waits that only a wake ends.

use crate::{
    channel::Slot,
    history::{Clock, Recorder},
    schedules::explore,
    script::{Beginning, Subject, begin, end, play},
    watch::Register,
};
use shuttle::{
    rand::{RngCore, thread_rng},
    thread,
};
use std::sync::Arc;

fn history<S: Subject + 'static>() {
    let seed = thread_rng().next_u64();
    let Beginning { first, parts, witness } = Beginning::<S>::new(seed, true);
    // The clock is no business of the scheduler's.
    let clock = Arc::new(Clock::default());
    let mut calls = begin(&clock, first);
    let threads: Vec<_> = parts
        .into_iter()
        .enumerate()
        .map(|(number, (handle, part))| {
            let clock = Arc::clone(&clock);
            thread::spawn(move || {
                let mut recorder = Recorder::new(&clock, number);
                let left = play::<S>(handle, part, &mut recorder);
                (recorder.calls, left)
            })
        })
        .collect();
    let mut left = Vec::new();
    for thread in threads {
        let (more, handle) = thread.join().expect("no call panics");
        calls.extend(more);
        left.extend(handle);
    }
    end::<S>(&clock, calls, left, witness).check(format_args!("seed {seed}"));
}

#[test]
fn the_channel_is_linearizable() {
    explore(history::<Slot>);
}

#[test]
fn watch_is_linearizable() {
    explore(history::<Register>);
}
