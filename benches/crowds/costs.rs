//! What it costs to make receivers, and to wait once.

use super::{
    Goal, crowd, measured,
    peers::{NAMES, Overwrite, Task, Tokios, Watch, send},
};
use crate::table::{ENOUGH, Measure, Row, Table, measure};
use crossbeam_utils::CachePadded;
use std::{
    cell::RefCell,
    hint::black_box,
    pin::pin,
    sync::atomic::{AtomicU64, Ordering::AcqRel},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// Operations in a batch.
const COUNT: u32 = 500;

/// Nanoseconds of each of so many clones, all alive.
fn making<C: Task<Rx: Clone>>(receivers: u32) -> Measure {
    // Kept, so that no cell pays the system for the pages of the handles themselves.
    let made = RefCell::new(Vec::with_capacity(receivers as usize));
    Box::new(move || {
        let (mut made, mut least, begun) = (made.borrow_mut(), Duration::MAX, Instant::now());
        // The shortest making counts, because a busy machine interrupts many of them.
        while least == Duration::MAX || begun.elapsed() < ENOUGH {
            let (_tx, rx) = C::open();
            let start = Instant::now();
            made.extend((0..receivers).map(|_| rx.clone()));
            least = least.min(start.elapsed());
            made.clear();
        }
        least.as_secs_f64() * 1e9 / f64::from(receivers)
    })
}

pub(super) fn making_goals() -> Vec<Goal> {
    // After that, glibc keeps the pages of a crowd that is gone, instead of returning them in some rounds.
    drop(black_box(Vec::<u8>::with_capacity(16 << 20)));
    let sizes = [crowd() / 10, crowd()];
    let tables = sizes.map(|size| {
        let measures = [making::<Overwrite>(size), making::<Watch>(size), making::<Tokios>(size)];
        let rows = NAMES.into_iter().zip(measures).map(|(name, measure)| Row::new(name, measure));
        let title = format!("making: each of {size} clones of a receiver");
        Table { title, floor: making::<Tokios>(size), rows: rows.collect() }
    });
    let figures = measured(tables.into());
    let goals = figures[0].iter().zip(&figures[1]).take(2).flat_map(|(few, many)| {
        let (what, growth) = (format!("{}: making {}", few.name, sizes[1]), many.nanos / few.nanos);
        [
            Goal(format!("{what}, to tokio's"), many.ratio[1], 0.0..=10.0),
            Goal(format!("{what}, to making {}", sizes[0]), 10.0 * growth, 8.0..=12.0),
        ]
    });
    goals.collect()
}

fn swap() -> Measure {
    let word = CachePadded::new(AtomicU64::new(0));
    Box::new(move || {
        measure(COUNT, || {
            for value in 0..COUNT.into() {
                word.swap(value, AcqRel);
            }
        })
    })
}

/// A poll, the send that wakes the task, and the poll that receives.
fn wait<C: Task>() -> Measure {
    Box::new(|| {
        let (mut tx, mut rx) = C::open();
        let mut cx = Context::from_waker(Waker::noop());
        measure(COUNT, || {
            for value in 0..COUNT.into() {
                let mut recv = pin!(C::recv(&mut rx));
                assert!(recv.as_mut().poll(&mut cx).is_pending(), "{} waits", C::NAME);
                send::<C>(&mut tx, value);
                assert_eq!(recv.poll(&mut cx), Poll::Ready(value), "{} delivers", C::NAME);
            }
        })
    })
}

fn come_and_go<C: Task<Rx: Clone>>() -> Measure {
    Box::new(|| {
        let (_tx, rx) = C::open();
        measure(COUNT, || (0..COUNT).for_each(|_| drop(black_box(rx.clone()))))
    })
}

/// There are none: the ratios serve to compare two builds.
pub(super) fn polling_goals() -> Vec<Goal> {
    let waits = [wait::<Overwrite>(), wait::<Watch>(), wait::<Tokios>()];
    let visits = [come_and_go::<Overwrite>(), come_and_go::<Watch>(), come_and_go::<Tokios>()];
    let parts = [("poll, send, poll", waits), ("clone and drop of a receiver", visits)];
    let tables = parts.map(|(title, measures)| {
        let mut rows = vec![Row::new("bare swap", swap())];
        rows.extend(NAMES.into_iter().zip(measures).map(|(name, measure)| Row::new(name, measure)));
        Table { title: format!("polling: {title}"), floor: swap(), rows }
    });
    measured(tables.into());
    Vec::new()
}
