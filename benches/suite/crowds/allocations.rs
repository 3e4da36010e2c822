//! What a channel, a clone and a wait ask of the allocator.

use super::{Goal, Parked};
use crate::suite::prelude::*;
use overwrite_channel::channel;
use std::{pin::pin, task::Poll};
use support::{
    allocator::{Counts, measure},
    waker::Task,
};

const CLONES: u32 = 1_000;
const WAITS: u64 = 100;

/// What a channel takes, and how many bytes a clone of its receiver does.
fn room(contender: impl Awaits<Rx: Clone>) -> (&'static str, Counts, f64) {
    let ((_tx, rx), opened) = measure(|| contender.open(1));
    let mut clones = Vec::with_capacity(CLONES as usize);
    let ((), more) = measure(|| clones.extend((0..CLONES).map(|_| rx.clone())));
    (contender.name(), opened, number(more.live_bytes) / f64::from(CLONES))
}

fn waits_of_tasks() -> Counts {
    let (mut tx, mut rx) = channel();
    let task = Task::new();
    let wait = |value| {
        let mut recv = pin!(rx.recv_async());
        assert!(task.poll(&mut recv).is_pending(), "the slot is empty");
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        assert_eq!(task.poll(&mut recv), Poll::Ready(Ok(value)), "the channel delivers");
    };
    measure(|| (0..WAITS).for_each(wait)).1
}

/// Of the sends and of the thread that waits.
fn waits_of_threads() -> Counts {
    let (mut tx, rx) = channel();
    let thread = Parked::start(rx);
    let mut counts = Counts::default();
    for value in 1..=WAITS {
        thread.until_asleep();
        let (displaced, more) = measure(|| tx.send(value));
        assert_eq!(displaced, Ok(None), "the value before was received");
        counts += more;
        thread.until_received(value);
    }
    drop(tx);
    counts + thread.end()
}

pub(super) fn part(_: &Setup, goals: &mut Vec<Goal>) -> String {
    let rooms = [room(overwrite()), room(watch()), room(tokio_watch())];
    let lines = rooms.iter().map(|(name, opened, clone)| {
        let counts = [opened.allocations.to_string(), opened.live_bytes.to_string()];
        [(*name).into()].into_iter().chain(counts).chain([format!("{clone:.1}")]).collect()
    });
    let text = written(&["a channel of `u64`", "blocks", "bytes", "bytes a clone"], 1, lines);
    let (_, opened, clone) = rooms[0];
    let goal = |what: &str, figure, most| Goal(what.into(), figure, 0.0..=most);
    let (tasks, threads) = (waits_of_tasks(), waits_of_threads());
    goals.extend([
        Goal("channel::<u64>(): allocations".into(), number(opened.allocations), 1.0..=1.0),
        goal("channel::<u64>(): bytes", number(opened.live_bytes), 320.0),
        Goal(format!("bytes of each of {CLONES} clones of a receiver"), clone, 0.0..=48.0),
        goal(&format!("{WAITS} waits of tasks: allocations"), number(tasks.allocations), 0.0),
        goal(&format!("{WAITS} waits of threads: allocations"), number(threads.allocations), 0.0),
    ]);
    text
}
