//! A send that wakes one task, where there are or were many other receivers.

use super::{
    Goal, crowd, measured,
    peers::{Overwrite, Task, Tokios, Wakes, Watch, poll, send},
};
use crate::table::{Measure, Row, Table, measure_parts};
use std::{
    cell::RefCell,
    convert::Infallible,
    iter,
    pin::{Pin, pin},
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

/// Sends in a batch.
const SENDS: u32 = 100;

/// What the other receivers do, or did, in the order in which a channel sees it.
#[derive(Clone, Copy, PartialEq)]
enum Crowd {
    NeverWaited,
    Cancelled,
    Gone,
}

/// A channel, one task that waits for it, and the receivers that do not.
struct World<C: Task> {
    tx: C::Tx,
    task: Pin<Box<dyn Future<Output = Infallible>>>,
    crowd: Vec<C::Rx>,
    wakes: Arc<Wakes>,
    sent: u64,
}

impl<C: Task<Rx: Clone>> World<C> {
    /// The receiver that waits is counted.
    fn new(receivers: u32) -> Self {
        let (tx, mut rx) = C::open();
        let crowd = iter::repeat_with(|| rx.clone()).take(receivers as usize - 1).collect();
        let task = Box::pin(async move {
            let mut newest = 0;
            loop {
                newest += 1;
                assert_eq!(C::recv(&mut rx).await, newest, "{} delivers", C::NAME);
            }
        });
        Self { tx, task, crowd, wakes: Arc::default(), sent: 0 }
    }
}

trait Waking {
    fn turn(&mut self, crowd: Crowd);
    /// Nanoseconds of a send.
    fn cell(&mut self) -> f64;
}

impl<C: Task> Waking for World<C> {
    fn turn(&mut self, crowd: Crowd) {
        match crowd {
            Crowd::NeverWaited => assert!(poll(self.task.as_mut(), &self.wakes).is_pending()),
            Crowd::Cancelled => self.crowd.iter_mut().for_each(|rx| {
                // The first poll of a `watch` may be ready: this receiver has not seen the value.
                while poll(pin!(C::recv(rx)), &self.wakes).is_ready() {}
            }),
            Crowd::Gone => self.crowd.clear(),
        }
    }

    fn cell(&mut self) -> f64 {
        let nanos = measure_parts(SENDS, || {
            let (mut spent, mut clock) = (Duration::ZERO, Duration::ZERO);
            for _ in 0..SENDS {
                self.sent += 1;
                let start = Instant::now();
                send::<C>(&mut self.tx, self.sent);
                spent += start.elapsed();
                let start = Instant::now();
                clock += start.elapsed();
                assert!(poll(self.task.as_mut(), &self.wakes).is_pending());
            }
            spent.saturating_sub(clock)
        });
        assert_eq!(self.wakes.count(), self.sent, "{} wakes the task once a send", C::NAME);
        nanos
    }
}

type Shared = Rc<RefCell<dyn Waking>>;

fn world<C: Task<Rx: Clone> + 'static>(receivers: u32) -> Shared {
    Rc::new(RefCell::new(World::<C>::new(receivers)))
}

/// What one table compares. The first is the floor.
fn worlds(receivers: u32) -> [(&'static str, Shared); 5] {
    [
        ("tokio::sync::watch", world::<Tokios>(receivers)),
        ("overwrite_channel, 1 receiver ever", world::<Overwrite>(1)),
        ("overwrite_channel", world::<Overwrite>(receivers)),
        ("overwrite_channel::watch, 1 receiver ever", world::<Watch>(1)),
        ("overwrite_channel::watch", world::<Watch>(receivers)),
    ]
}

fn table(title: &str, worlds: &[(&'static str, Shared)]) -> Table {
    let measure = |world: &Shared| -> Measure {
        let world = Rc::clone(world);
        Box::new(move || world.borrow_mut().cell())
    };
    let rows = worlds.iter().map(|(name, world)| Row::new(name, measure(world))).collect();
    Table { title: format!("waking: {title}"), floor: measure(&worlds[0].1), rows }
}

pub(super) fn goals() -> Vec<Goal> {
    let sizes = [crowd() / 40, crowd()];
    let worlds = sizes.map(worlds);
    let mut goals = Vec::new();
    for (crowd, what) in [
        (Crowd::NeverWaited, "exist and never waited"),
        (Crowd::Cancelled, "exist and waited once"),
        (Crowd::Gone, "came and went"),
    ] {
        worlds.iter().flatten().for_each(|(_, world)| world.borrow_mut().turn(crowd));
        let titles = sizes.map(|size| format!("a send, {size} receivers {what}"));
        let tables = titles.iter().zip(&worlds).map(|(title, worlds)| table(title, worlds));
        let figures = measured(tables.collect());
        for row in [2, 4] {
            let name = figures[0][row].name;
            if crowd == Crowd::Gone {
                let growth = figures[0][row].ratio[1] / figures[0][row - 1].ratio[1];
                goals.push(Goal(format!("{name}: {}, to after 1", titles[0]), growth, 0.0..=2.5));
            }
            let ratio = figures[1][row].ratio[1];
            goals.push(Goal(format!("{name}: {}, to tokio's", titles[1]), ratio, 0.0..=1.0));
        }
    }
    goals
}
