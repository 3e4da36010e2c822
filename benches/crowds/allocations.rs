//! What a channel, a clone and a wait ask of the allocator.

use super::{
    Goal, figure,
    peers::{NAMES, Overwrite, Parked, Task, Tokios, Wakes, Watch, poll},
};
use crate::{
    asleep::until,
    counting::{Counts, counted},
};
use overwrite_channel::channel;
use std::{pin::pin, sync::Arc, task::Poll};

const CLONES: u32 = 1_000;
const WAITS: u64 = 100;

/// What a channel takes, and how many bytes a clone of its receiver does.
fn room<C: Task<Rx: Clone>>() -> (Counts, f64) {
    let ((_tx, rx), opened) = counted(C::open);
    let mut clones = Vec::with_capacity(CLONES as usize);
    let ((), more) = counted(|| clones.extend((0..CLONES).map(|_| rx.clone())));
    (opened, figure(more.held) / f64::from(CLONES))
}

fn waits_of_tasks() -> Counts {
    let (mut tx, mut rx) = channel();
    let wakes = Arc::<Wakes>::default();
    let wait = |value| {
        let mut recv = pin!(rx.recv_async());
        assert!(poll(recv.as_mut(), &wakes).is_pending(), "the slot is empty");
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        assert_eq!(poll(recv, &wakes), Poll::Ready(Ok(value)), "the channel delivers");
    };
    counted(|| (0..WAITS).for_each(wait)).1
}

fn waits_of_threads() -> Counts {
    let (mut tx, rx) = channel();
    let thread = Parked::start(rx);
    let mut wait = |value| {
        thread.sleeper.until_asleep();
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        until("a thread receives", || thread.received() == value);
    };
    // What a thread sets up for its first wait is not counted.
    wait(1);
    counted(|| (2..WAITS + 2).for_each(wait)).1
}

pub(super) fn goals() -> Vec<Goal> {
    let rooms = [room::<Overwrite>(), room::<Watch>(), room::<Tokios>()];
    println!("\n{:<56}{:>8}{:>8}{:>16}", "allocations: of u64", "blocks", "bytes", "bytes a clone");
    for (name, (opened, clone)) in NAMES.iter().zip(&rooms) {
        println!("  {name:<54}{:>8}{:>8}{clone:>16.1}", opened.allocations, opened.held);
    }
    let (opened, clone) = rooms[0];
    let allocations = |counts: Counts| figure(counts.allocations);
    vec![
        Goal("channel::<u64>(): allocations".into(), allocations(opened), 1.0..=1.0),
        Goal("channel::<u64>(): bytes".into(), figure(opened.held), 0.0..=320.0),
        Goal(format!("bytes of each of {CLONES} clones of a receiver"), clone, 0.0..=48.0),
        Goal(
            format!("{WAITS} waits of tasks: allocations"),
            allocations(waits_of_tasks()),
            0.0..=0.0,
        ),
        Goal(
            format!("{WAITS} waits of threads: allocations"),
            allocations(waits_of_threads()),
            0.0..=0.0,
        ),
    ]
}
