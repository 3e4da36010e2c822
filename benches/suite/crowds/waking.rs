//! A send that wakes one task, where there are or were many other receivers.

use super::{Goal, Part, crowd, put};
use crate::suite::prelude::*;
use std::{
    cell::RefCell,
    convert::Infallible,
    iter,
    pin::{Pin, pin},
    rc::Rc,
    time::Duration,
};
use support::waker::Task;

/// The sends of a batch.
const SENDS: u32 = 100;

/// What the other receivers do, or did, in the order in which a channel sees it.
#[derive(Clone, Copy, PartialEq)]
enum Crowd {
    NeverWaited,
    Cancelled,
    Gone,
}

/// A channel, one task that waits for it, and the receivers that do not.
struct World<C: Awaits> {
    tx: C::Tx,
    waits: Pin<Box<dyn Future<Output = Infallible>>>,
    crowd: Vec<C::Rx>,
    task: Task,
    sent: u64,
}

impl<C: Awaits<Rx: Clone>> World<C> {
    /// The receiver that waits is counted.
    fn new(contender: C, receivers: u32) -> Self {
        let (tx, mut rx) = contender.open(1);
        let crowd = iter::repeat_with(|| rx.clone()).take(receivers as usize - 1).collect();
        let waits = Box::pin(async move {
            let mut newest = 0;
            loop {
                newest += 1;
                assert_eq!(rx.take().await, newest, "{} delivers", contender.name());
            }
        });
        Self { tx, waits, crowd, task: Task::new(), sent: 0 }
    }
}

trait Waking {
    fn turn(&mut self, crowd: Crowd);
    /// Nanoseconds of a send.
    fn cell(&mut self) -> f64;
}

impl<C: Awaits> Waking for World<C> {
    fn turn(&mut self, crowd: Crowd) {
        match crowd {
            Crowd::NeverWaited => assert!(self.task.poll(&mut self.waits).is_pending()),
            Crowd::Cancelled => self.crowd.iter_mut().for_each(|rx| {
                // The first poll of a `watch` may be ready: this receiver has not seen the value.
                while self.task.poll(&mut pin!(rx.take())).is_ready() {}
            }),
            Crowd::Gone => self.crowd.clear(),
        }
    }

    fn cell(&mut self) -> f64 {
        nanos(SENDS, |count| {
            self.task.seen();
            let (mut spent, mut clock) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..count {
                self.sent += 1;
                spent += timed(|| put(&mut self.tx, self.sent));
                clock += timed(|| ());
                assert!(self.task.poll(&mut self.waits).is_pending());
            }
            let woken = self.task.seen().woken;
            assert_eq!(woken, count as usize, "the task is woken once a send");
            spent.saturating_sub(clock)
        })
    }
}

type Shared = (String, Rc<RefCell<dyn Waking>>);

fn world(contender: impl Awaits<Rx: Clone>, receivers: u32) -> Shared {
    let ever = if receivers == 1 { ", 1 receiver ever" } else { "" };
    let world = World::new(contender, receivers);
    (format!("{}{ever}", contender.name()), Rc::new(RefCell::new(world)))
}

fn table(title: &str, worlds: &[Shared]) -> Table {
    let rows = worlds.iter().map(|(name, world)| {
        let world = Rc::clone(world);
        Row::new(name, move || vec![world.borrow_mut().cell()])
    });
    Table::new(format!("waking: {title}"), rows.collect())
}

pub(super) fn part(setup: &Setup) -> Part {
    let sizes = [crowd(setup) / 40, crowd(setup)];
    // What one table compares. The first is the floor.
    let worlds = sizes.map(|size| {
        [
            world(tokio_watch(), size),
            world(overwrite(), 1),
            world(overwrite(), size),
            world(watch(), 1),
            world(watch(), size),
        ]
    });
    let mut part = Part { text: String::new(), goals: Vec::new() };
    for (crowd, what) in [
        (Crowd::NeverWaited, "exist and never waited"),
        (Crowd::Cancelled, "exist and waited once"),
        (Crowd::Gone, "came and went"),
    ] {
        worlds.iter().flatten().for_each(|(_, world)| world.borrow_mut().turn(crowd));
        let titles = sizes.map(|size| format!("a send, {size} receivers {what}"));
        let tables = titles.iter().zip(&worlds).map(|(title, worlds)| table(title, worlds));
        let (text, tables) = ratio_tables(setup, tables);
        part.text += &text;
        for row in [2, 4] {
            let name = &tables[0].rows[row].name;
            let ratio = |table: usize, row: usize| tables[table].rows[row].ratio(0)[1];
            if crowd == Crowd::Gone {
                let growth = ratio(0, row) / ratio(0, row - 1);
                part.goals.push(Goal(
                    format!("{name}: {}, to after 1", titles[0]),
                    growth,
                    0.0..=2.5,
                ));
            }
            let what = format!("{name}: {}, to tokio's", titles[1]);
            part.goals.push(Goal(what, ratio(1, row), 0.0..=1.0));
        }
    }
    part
}
