//! Percentiles of a send and of a hand-over, by interleaved rounds.
//!
//! A program that uses this module has `asleep.rs`, `cores.rs`, `peers/`, `tasks.rs`, `threads.rs` and `waits/` (and
//! their `table.rs`) as modules of its root.

mod parked;
mod polling;
mod sends;
mod task;

use crate::{cores::Pair, table::quartiles, waits::Runtimes};
use hdrhistogram::Histogram;
use std::{
    hint::spin_loop,
    thread,
    time::{Duration, Instant},
};

/// How long anybody waits for another thread before it takes it for dead.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where somebody else uses our cores, a cell ends after this time with fewer samples.
const ENOUGH: Duration = Duration::from_millis(20);
/// Samples at the start of a cell that do not count: what it needs is not in the caches yet.
const WARM_UP: usize = 20;

/// What is told of each row, from the median to the greatest.
pub(crate) const PERCENTILES: [(&str, f64); 5] =
    [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999), ("max", 1.0)];

/// A contender.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Nanoseconds, of all rounds.
    pub(crate) histogram: Histogram<u64>,
    /// Of each round: p50 and p99, to those of the floor right before and after.
    pub(crate) ratios: Vec<[f64; 2]>,
}

impl Row {
    fn new(name: &'static str) -> Self {
        let histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("good bounds");
        Self { name, histogram, ratios: Vec::new() }
    }

    /// As many as there are [`PERCENTILES`].
    pub(crate) fn percentiles(&self) -> Vec<u64> {
        PERCENTILES.iter().map(|(_, part)| self.histogram.value_at_quantile(*part)).collect()
    }

    /// Of p50, or of p99 in the tail: the median over the rounds, between the quartiles.
    pub(crate) fn ratio(&self, tail: bool) -> [f64; 3] {
        let ratios = self.ratios.iter().map(|ratios| ratios[usize::from(tail)]);
        quartiles(&mut ratios.collect::<Vec<_>>())
    }

    fn enter(&mut self, samples: &[u64], before: [f64; 2], after: [f64; 2]) {
        for nanos in samples {
            self.histogram.saturating_record(*nanos);
        }
        let of = middle_and_tail(samples);
        // A clock with coarse steps may see nothing at all.
        self.ratios.push([0, 1].map(|which| {
            2.0 * of[which].max(1.0) / (before[which].max(1.0) + after[which].max(1.0))
        }));
    }
}

/// The first row is the floor.
pub(crate) struct Table {
    pub(crate) title: &'static str,
    pub(crate) rows: Vec<Row>,
}

/// Runs one contender for a moment: nanoseconds of each sample, for each of the group's tables.
type Cell = Box<dyn Fn() -> Vec<Vec<u64>>>;

struct Group {
    titles: Vec<&'static str>,
    /// The first is the floor.
    cells: Vec<(&'static str, Cell)>,
}

impl Group {
    fn round(&self, tables: &mut [Table]) {
        let floor = || (self.cells[0].1)();
        let mut before = floor();
        for (row, (_, cell)) in self.cells.iter().enumerate() {
            let samples = cell();
            let after = floor();
            for (which, table) in tables.iter_mut().enumerate() {
                let [before, after] = [&before, &after].map(|all| middle_and_tail(&all[which]));
                table.rows[row].enter(&samples[which], before, after);
            }
            before = after;
        }
    }
}

/// Interleaved rounds, one at least, for about `time`. `progress` gets how much of that is over.
///
/// # Panics
///
/// If a contender does not deliver.
pub(crate) fn measure(
    time: Duration,
    pair: Option<Pair>,
    runtimes: &Runtimes,
    progress: &mut dyn FnMut(Duration),
) -> Vec<Table> {
    let mut groups = vec![sends::nobody_receives()];
    if let Some(pair) = pair {
        groups.push(sends::a_receiver_polls(pair));
    }
    groups.extend([
        sends::senders("send, two senders at once", 2, pair),
        sends::senders("send, four senders at once", 4, pair),
    ]);
    groups.extend(pair.map(polling::group));
    groups.extend([
        parked::group(pair),
        task::group("hand-over between two tasks, runtime of one thread", &runtimes.one),
        task::group("hand-over between two tasks, runtime of two threads", &runtimes.two),
    ]);
    let tables = |group: &Group| {
        let rows = || group.cells.iter().map(|(name, _)| Row::new(name)).collect();
        let table = |title: &&'static str| Table { title, rows: rows() };
        group.titles.iter().map(table).collect::<Vec<_>>()
    };
    let mut tables = groups.iter().map(tables).collect::<Vec<_>>();
    let start = Instant::now();
    loop {
        for (group, tables) in groups.iter().zip(&mut tables) {
            group.round(tables);
            progress(start.elapsed().min(time));
        }
        if start.elapsed() >= time {
            break;
        }
    }
    tables.into_iter().flatten().collect()
}

/// What the clock adds to each sample.
pub(crate) struct Timer {
    /// Between two readings, in nanoseconds: the median.
    pub(crate) cost: u64,
    pub(crate) cost_p99: u64,
    /// The least by which two readings differ that do.
    pub(crate) step: u64,
}

pub(crate) fn timer() -> Timer {
    let mut nanos = timed(100_000, |_| ());
    nanos.sort_unstable();
    let mut steps = nanos.clone();
    steps.dedup();
    let gaps = steps.windows(2).map(|two| two[1] - two[0]);
    let least = steps.iter().copied().find(|step| *step > 0);
    Timer {
        cost: nanos[nanos.len() / 2],
        cost_p99: nanos[nanos.len() * 99 / 100],
        step: gaps.chain(least).min().unwrap_or(0),
    }
}

/// Each call by itself; it gets the numbers from 1 on.
fn timed(count: usize, mut operation: impl FnMut(u64)) -> Vec<u64> {
    // Not zeros: those would be pages that the system has yet to find, in the midst of it all.
    let mut nanos = vec![1; WARM_UP + count];
    let begun = Instant::now();
    let mut done = 0;
    for (number, nanos) in (1..).zip(&mut nanos) {
        let start = Instant::now();
        operation(number);
        let elapsed = start.elapsed();
        *nanos = whole_nanos(elapsed);
        done += 1;
        if done % 64 == 0 && begun.elapsed() > ENOUGH {
            break;
        }
    }
    nanos.truncate(done);
    nanos.split_off(WARM_UP)
}

fn whole_nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

/// Never 0, and never the same twice on one thread that does anything else meanwhile.
fn since(epoch: Instant) -> u64 {
    whole_nanos(epoch.elapsed()) + 1
}

/// What `look` finds in the end.
///
/// # Panics
///
/// If it finds nothing for seconds.
#[inline]
fn poll<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let mut begun = None;
    loop {
        for _ in 0..1 << 12 {
            if let Some(found) = look() {
                return found;
            }
            spin_loop();
        }
        let begun = begun.get_or_insert_with(Instant::now);
        assert!(begun.elapsed() < PATIENCE, "nothing comes from the other thread");
        // It may want this core.
        thread::yield_now();
    }
}

fn middle_and_tail(samples: &[u64]) -> [f64; 2] {
    let mut sorted = samples.to_vec();
    sorted.sort_unstable();
    let at = |percent: usize| {
        let nanos = sorted[(sorted.len() * percent / 100).min(sorted.len() - 1)];
        Duration::from_nanos(nanos).as_secs_f64() * 1e9
    };
    [at(50), at(99)]
}
