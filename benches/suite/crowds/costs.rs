//! What it costs to make receivers, and to wait once.

use super::{Goal, Part, crowd, put};
use crate::suite::{
    Setup,
    contender::{Awaits, Contender, Overwrites},
    measure::{Cell, ENOUGH, Row, Run, Table, cell, ratio_tables, timed},
    peers::{BareSwap, Overwrite, TokioWatch, Watch},
};
use std::{
    cell::RefCell,
    hint::black_box,
    pin::pin,
    rc::Rc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// The operations of a batch.
const COUNT: u32 = 500;

/// Each of so many clones, all alive.
fn clones<C: Awaits<Rx: Clone>>(receivers: u32) -> Row {
    // Kept, so that no cell pays the system for the pages of the handles themselves.
    let made = RefCell::new(Vec::with_capacity(receivers as usize));
    let cell: Cell = Rc::new(move || {
        let (mut made, mut least, begun) = (made.borrow_mut(), Duration::MAX, Instant::now());
        // The shortest making counts, because a busy machine interrupts many of them.
        while least == Duration::MAX || begun.elapsed() < ENOUGH {
            let (_tx, rx) = C::open(1);
            least = least.min(timed(|| made.extend((0..receivers).map(|_| rx.clone()))));
            made.clear();
        }
        vec![least.as_secs_f64() * 1e9 / f64::from(receivers)]
    });
    Row::new(C::NAME, cell)
}

pub(super) fn making(setup: &Setup) -> Part {
    // After that, glibc keeps the pages of a crowd that is gone, instead of returning them in some rounds.
    drop(black_box(Vec::<u8>::with_capacity(16 << 20)));
    let sizes = [crowd(setup) / 10, crowd(setup)];
    let tables = sizes.map(|size| {
        let rows =
            vec![clones::<TokioWatch>(size), clones::<Overwrite>(size), clones::<Watch>(size)];
        Table::new(format!("making: each of {size} clones of a receiver"), rows)
    });
    let (text, tables) = ratio_tables(setup, tables.into());
    let goals = tables[0].rows.iter().zip(&tables[1].rows).skip(1).flat_map(|(few, many)| {
        let what = format!("{}: making {}", few.name, sizes[1]);
        let growth = many.figure(0)[1] / few.figure(0)[1];
        [
            Goal(format!("{what}, to tokio's"), many.ratio(0)[1], 0.0..=10.0),
            Goal(format!("{what}, to making {}", sizes[0]), 10.0 * growth, 8.0..=12.0),
        ]
    });
    Part { text, goals: goals.collect() }
}

type Floor = BareSwap<false>;

fn swaps() -> Row {
    let start = || -> Run {
        let (mut word, _) = Floor::open(1);
        Box::new(move |count| {
            timed(|| (0..count).for_each(|value| _ = Floor::send(&mut word, value.into())))
        })
    };
    Row::new(Floor::NAME, cell(COUNT, start))
}

/// A poll, the send that wakes the task, and the poll that receives.
fn wait<C: Awaits>() -> Row {
    let start = || -> Run {
        let (mut tx, mut rx) = C::open(1);
        Box::new(move |count| {
            let mut cx = Context::from_waker(Waker::noop());
            timed(|| {
                for value in 0..count.into() {
                    let mut recv = pin!(C::recv(&mut rx));
                    assert!(recv.as_mut().poll(&mut cx).is_pending(), "{} waits", C::NAME);
                    put::<C>(&mut tx, value);
                    assert_eq!(recv.poll(&mut cx), Poll::Ready(value), "{} delivers", C::NAME);
                }
            })
        })
    };
    Row::new(C::NAME, cell(COUNT, start))
}

fn come_and_go<C: Awaits<Rx: Clone>>() -> Row {
    let start = || -> Run {
        let (tx, rx) = C::open(1);
        Box::new(move |count| {
            let _ = &tx;
            timed(|| (0..count).for_each(|_| drop(black_box(rx.clone()))))
        })
    };
    Row::new(C::NAME, cell(COUNT, start))
}

/// There are no goals: the ratios serve to compare two builds.
pub(super) fn polling(setup: &Setup) -> Part {
    let waits = vec![swaps(), wait::<Overwrite>(), wait::<Watch>(), wait::<TokioWatch>()];
    let visits = vec![
        swaps(),
        come_and_go::<Overwrite>(),
        come_and_go::<Watch>(),
        come_and_go::<TokioWatch>(),
    ];
    let tables = vec![
        Table::new("polling: poll, send, poll", waits),
        Table::new("polling: clone and drop of a receiver", visits),
    ];
    Part { text: ratio_tables(setup, tables).0, goals: Vec::new() }
}
