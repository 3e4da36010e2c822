//! What it costs to make receivers, and to wait once.

use super::{Goal, crowd, put};
use crate::suite::prelude::*;
use std::{
    cell::RefCell,
    pin::pin,
    task::{Context, Poll, Waker},
};

/// The operations of a batch.
const COUNT: u32 = 500;

/// Each of so many clones, all alive.
fn clones(contender: impl Awaits<Rx: Clone>, receivers: u32) -> Row {
    // Kept, so that no cell pays the system for the pages of the handles themselves.
    let made = RefCell::new(Vec::with_capacity(receivers as usize));
    Row::new(contender.name(), move || {
        let (mut made, mut least, begun) = (made.borrow_mut(), Duration::MAX, Instant::now());
        // The shortest making counts, because a busy machine interrupts many of them.
        while least == Duration::MAX || begun.elapsed() < ENOUGH {
            let (_tx, rx) = contender.open(1);
            least = least.min(timed(|| made.extend((0..receivers).map(|_| rx.clone()))));
            made.clear();
        }
        vec![least.as_secs_f64() * 1e9 / f64::from(receivers)]
    })
}

pub(super) fn making(setup: &Setup, goals: &mut Vec<Goal>) -> String {
    // After that, glibc keeps the pages of a crowd that is gone, instead of returning them in some rounds.
    drop(black_box(Vec::<u8>::with_capacity(16 << 20)));
    let sizes = [crowd(setup) / 10, crowd(setup)];
    let tables = sizes.map(|size| {
        let rows =
            vec![clones(tokio_watch(), size), clones(overwrite(), size), clones(watch(), size)];
        Table::new(format!("making: each of {size} clones of a receiver"), rows)
    });
    let (text, tables) = ratio_tables(setup, tables);
    let growths = tables[0].rows.iter().zip(&tables[1].rows).skip(1).flat_map(|(few, many)| {
        let what = format!("{}: making {}", few.name, sizes[1]);
        let growth = many.figure(0)[1] / few.figure(0)[1];
        [
            Goal(format!("{what}, to tokio's"), many.ratio(0)[1], 0.0..=10.0),
            Goal(format!("{what}, to making {}", sizes[0]), 10.0 * growth, 8.0..=12.0),
        ]
    });
    goals.extend(growths);
    text
}

fn swaps() -> Timed {
    let swap = bare_swap::<false>();
    Timed::new(swap.name(), move || {
        let (mut word, _) = swap.open(1);
        move |count| timed(|| (0..count).for_each(|value| _ = swap.send(&mut word, value.into())))
    })
}

/// A poll, the send that wakes the task, and the poll that receives.
fn wait(contender: impl Awaits) -> Timed {
    Timed::new(contender.name(), move || {
        let (mut tx, mut rx) = contender.open(1);
        move |count: u32| {
            let mut cx = Context::from_waker(Waker::noop());
            timed(|| {
                for value in 0..count.into() {
                    let mut recv = pin!(rx.take());
                    assert!(recv.as_mut().poll(&mut cx).is_pending(), "it waits");
                    put(&mut tx, value);
                    assert_eq!(recv.poll(&mut cx), Poll::Ready(value), "it receives");
                }
            })
        }
    })
}

fn come_and_go(contender: impl Awaits<Rx: Clone>) -> Timed {
    Timed::new(contender.name(), move || {
        let (tx, rx) = contender.open(1);
        move |count| {
            let _ = &tx;
            timed(|| (0..count).for_each(|_| drop(black_box(rx.clone()))))
        }
    })
}

/// There are no goals: the ratios serve to compare two builds.
pub(super) fn polling(setup: &Setup, _: &mut Vec<Goal>) -> String {
    let waits = vec![swaps(), wait(overwrite()), wait(watch()), wait(tokio_watch())];
    let visits =
        vec![swaps(), come_and_go(overwrite()), come_and_go(watch()), come_and_go(tokio_watch())];
    let contests = [
        Contest::new("polling: poll, send, poll", COUNT, waits),
        Contest::new("polling: clone and drop of a receiver", COUNT, visits),
    ];
    ratio_tables(setup, contests).0
}
