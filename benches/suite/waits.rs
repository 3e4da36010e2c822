//! What a hand-over costs when each side waits for the other: two tasks, and two threads that park.
//!
//! The floors do the waking and nothing else: `Notify` for tasks, `park` and `unpark` for threads.

use super::{
    Section, Setup,
    contender::{Awaits, Blocks, Payload, open_elsewhere},
    measure::{Row, Run, Table, cell, ratio_tables, timed},
    peers::{AWAITING, BLOCKING},
    threads::{Pair, start_there},
};
use std::{
    sync::Arc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};
use tokio::{runtime::Runtime, task};

pub(super) const STOP: u64 = u64::MAX;

/// A thread that sends back what it receives, on the second core of a pair, and this one.
pub(super) struct Echo<T: Payload, C: Blocks<T>> {
    there: C::Tx,
    back: C::Rx,
    /// What goes round.
    value: T,
    trips: u64,
    thread: Option<JoinHandle<()>>,
}

impl<T: Payload, C: Blocks<T>> Echo<T, C> {
    pub(super) fn start(pair: Option<Pair>) -> Self {
        let (mut one, mut other) = (open_elsewhere::<T, C>(), open_elsewhere::<T, C>());
        let thread = start_there(pair, move || {
            loop {
                let value = C::recv(&mut one.rx);
                if value.number() == STOP {
                    break;
                }
                C::put(&mut other.tx, value);
            }
        });
        Self { there: one.tx, back: other.rx, value: T::new(0), trips: 0, thread: Some(thread) }
    }

    /// Panics if a round trip brings anything else back than it took.
    pub(super) fn round_trips(&mut self, count: u32) {
        for _ in 0..count {
            self.trips += 1;
            self.value.renumber(self.trips);
            C::put(&mut self.there, self.value.take());
            self.value = C::recv(&mut self.back);
            assert_eq!(self.value.number(), self.trips, "{} echoes", C::NAME);
        }
    }
}

impl<T: Payload, C: Blocks<T>> Drop for Echo<T, C> {
    fn drop(&mut self) {
        if !thread::panicking() {
            C::put(&mut self.there, T::new(STOP));
            let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
            assert!(ended, "the echo of {} ends well", C::NAME);
        }
    }
}

/// A task that sends back what it receives, and the ends that a measuring task uses.
struct Tasks<C: Awaits> {
    runtime: Arc<Runtime>,
    /// Lent to the measuring task meanwhile.
    ends: Option<(C::Tx, C::Rx)>,
    trips: u64,
    echo: Option<task::JoinHandle<()>>,
}

impl<C: Awaits> Tasks<C> {
    fn start(runtime: &Arc<Runtime>) -> Self {
        let ((there, mut inbox), (mut outbox, back)) = (C::open(1), C::open(1));
        let echo = runtime.spawn(async move {
            loop {
                let value = C::recv(&mut inbox).await;
                if value == STOP {
                    break;
                }
                C::put(&mut outbox, value).await;
            }
        });
        let runtime = Arc::clone(runtime);
        Self { runtime, ends: Some((there, back)), trips: 0, echo: Some(echo) }
    }

    fn round_trips(&mut self, count: u32) -> Duration {
        let (mut there, mut back) = self.ends.take().expect("the ends were given back");
        let trips = self.trips + 1..=self.trips + u64::from(count);
        self.trips = *trips.end();
        let measuring = self.runtime.spawn(async move {
            let start = Instant::now();
            for trip in trips {
                C::put(&mut there, trip).await;
                assert_eq!(C::recv(&mut back).await, trip, "{} echoes", C::NAME);
            }
            (start.elapsed(), (there, back))
        });
        let measured = self.runtime.block_on(measuring);
        let (time, ends) = measured.expect("the measuring task ends well");
        self.ends = Some(ends);
        time
    }
}

impl<C: Awaits> Drop for Tasks<C> {
    fn drop(&mut self) {
        if let (Some((there, _)), Some(echo)) = (&mut self.ends, &mut self.echo) {
            self.runtime.block_on(async {
                C::put(there, STOP).await;
                echo.await.expect("the echo ends well");
            });
        }
    }
}

pub(super) fn thread_row<C: Blocks<u64>>(pair: Option<Pair>) -> Row {
    let start = move || -> Run {
        let mut echo = Echo::<u64, C>::start(pair);
        Box::new(move |count| timed(|| echo.round_trips(count)))
    };
    Row::new(C::NAME, cell(30, start))
}

pub(super) fn task_row<C: Awaits>(runtime: &Arc<Runtime>) -> Row {
    let runtime = Arc::clone(runtime);
    let start = move || -> Run {
        let mut tasks = Tasks::<C>::start(&runtime);
        Box::new(move |count| tasks.round_trips(count))
    };
    Row::new(C::NAME, cell(50, start))
}

fn tasks(title: &str, runtime: &Arc<Runtime>) -> Table {
    Table::new(title, AWAITING.map(|contender| (contender.round_trips)(runtime)).into())
}

fn threads(title: &str, pair: Option<Pair>) -> Table {
    Table::new(title, BLOCKING.map(|contender| (contender.round_trips)(pair)).into())
}

pub(super) fn measured(setup: &Setup) -> Section {
    let (pair, runtimes) = (setup.pair(), &setup.runtimes);
    let mut tables = vec![
        tasks("two tasks on one thread of tokio's", &runtimes[0]),
        tasks("two tasks on two threads of tokio's", &runtimes[1]),
    ];
    if pair.is_some() {
        tables.push(threads("two threads on two cores", pair));
    }
    if let Some(Pair::Pinned { .. }) = pair {
        // This thread is pinned, and a thread that it starts stays where it is.
        tables.push(threads("two threads on one core", None));
    }
    let (text, tables) = ratio_tables(setup, tables);
    let text = format!(
        "## Hand-overs to a receiver that waits\n\nRound trips: each side waits for the other. Queues have room for \
         one value. Of the threads, this crate's and `crossbeam-channel`'s spin before they park.\n\n{text}"
    );
    Section::of_ratios(text, &tables)
}
