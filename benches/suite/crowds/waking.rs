//! A send that wakes one task, where there are or were many other receivers.

use super::{Goal, crowd, put};
use crate::suite::prelude::*;
use std::{cell::RefCell, iter, pin::pin};
use support::waker::Task;

/// The sends of a batch.
const SENDS: u32 = 100;

/// What the other receivers do, or did, in the order in which a channel sees it.
#[derive(Clone, Copy, PartialEq)]
enum Bystanders {
    NeverWaited,
    Cancelled,
    Gone,
}

/// A channel, one task that waits for it, and the receivers that do not. Has these do something, or returns the
/// nanoseconds of a send.
type World = (String, Rc<RefCell<dyn FnMut(Option<Bystanders>) -> f64>>);

/// The receiver that waits is counted.
fn world(contender: impl Awaits<Rx: Clone>, receivers: u32) -> World {
    let name = contender.name();
    let (mut tx, mut rx) = contender.open(1);
    let bystanders = iter::repeat_with(|| rx.clone()).take(receivers as usize - 1);
    let mut bystanders = bystanders.collect::<Vec<_>>();
    let mut waits = Box::pin(async move {
        for newest in 1.. {
            assert_eq!(rx.take().await, newest, "{name} delivers");
        }
    });
    let (task, mut sent) = (Task::new(), 0);
    let turn = move |turn| {
        match turn {
            Some(Bystanders::NeverWaited) => assert!(task.poll(&mut waits).is_pending()),
            Some(Bystanders::Cancelled) => bystanders.iter_mut().for_each(|rx| {
                // The first poll of a `watch` may be ready: this receiver has not seen the value.
                while task.poll(&mut pin!(rx.take())).is_ready() {}
            }),
            Some(Bystanders::Gone) => bystanders.clear(),
            None => {
                return nanos(SENDS, |count| {
                    task.seen();
                    let (mut took, mut clock) = (Duration::ZERO, Duration::ZERO);
                    for _ in 0..count {
                        sent += 1;
                        took += timed(|| put(&mut tx, sent));
                        clock += timed(|| ());
                        assert!(task.poll(&mut waits).is_pending());
                    }
                    let woken = task.seen().woken;
                    assert_eq!(woken, count as usize, "{name} wakes the task once a send");
                    took.saturating_sub(clock)
                });
            }
        }
        0.0
    };
    let ever = if receivers == 1 { ", 1 receiver ever" } else { "" };
    (format!("{name}{ever}"), Rc::new(RefCell::new(turn)))
}

fn table(title: &str, worlds: &[World]) -> Table {
    let rows = worlds.iter().map(|(name, world)| {
        let world = Rc::clone(world);
        Row::new(name, move || vec![world.borrow_mut()(None)])
    });
    Table::new(format!("waking: {title}"), rows.collect())
}

pub(super) fn part(setup: &Setup, goals: &mut Vec<Goal>) -> String {
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
    let mut text = String::new();
    for (bystanders, what) in [
        (Bystanders::NeverWaited, "exist and never waited"),
        (Bystanders::Cancelled, "exist and waited once"),
        (Bystanders::Gone, "came and went"),
    ] {
        worlds.iter().flatten().for_each(|(_, world)| _ = world.borrow_mut()(Some(bystanders)));
        let titles = sizes.map(|size| format!("a send, {size} receivers {what}"));
        let tables = titles.iter().zip(&worlds).map(|(title, worlds)| table(title, worlds));
        let (more, tables) = ratio_tables(setup, tables);
        text += &more;
        for row in [2, 4] {
            let name = &tables[0].rows[row].name;
            let ratio = |table: usize, row: usize| tables[table].rows[row].ratio(0)[1];
            if bystanders == Bystanders::Gone {
                let growth = ratio(0, row) / ratio(0, row - 1);
                goals.push(Goal(format!("{name}: {}, to after 1", titles[0]), growth, 0.0..=2.5));
            }
            let what = format!("{name}: {}, to tokio's", titles[1]);
            goals.push(Goal(what, ratio(1, row), 0.0..=1.0));
        }
    }
    text
}
