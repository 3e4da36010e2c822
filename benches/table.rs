//! Interleaved rounds, and the tables of their medians.

use std::{
    env,
    time::{Duration, Instant},
};

/// Of a measurement; their median counts, so that one that was interrupted does not.
pub(crate) const BATCHES: usize = 21;
/// Where somebody else uses our cores, a measurement ends after this time with fewer.
pub(crate) const ENOUGH: Duration = Duration::from_millis(20);

/// Nanoseconds an operation takes.
pub(crate) type Measure = Box<dyn Fn() -> f64>;

pub(crate) fn measure(count: u32, mut batch: impl FnMut()) -> f64 {
    measure_parts(count, || {
        let start = Instant::now();
        batch();
        start.elapsed()
    })
}

/// As [`measure`], where `batch` returns how much of its time counts.
pub(crate) fn measure_parts(count: u32, mut batch: impl FnMut() -> Duration) -> f64 {
    let start = Instant::now();
    let mut times = Vec::with_capacity(BATCHES);
    while times.len() < BATCHES && (times.is_empty() || start.elapsed() < ENOUGH) {
        times.push(batch().as_secs_f64() * 1e9 / f64::from(count));
    }
    median(&mut times)
}

pub(crate) fn median(times: &mut [f64]) -> f64 {
    quartiles(times)[1]
}

pub(crate) struct Row {
    name: &'static str,
    measure: Measure,
    nanos: Vec<f64>,
    /// To the floor of the same round.
    ratios: Vec<f64>,
}

impl Row {
    pub(crate) fn new(name: &'static str, measure: Measure) -> Self {
        Self { name, measure, nanos: Vec::new(), ratios: Vec::new() }
    }
}

/// The floor is a row too: how far it is from 1.00 is the error.
pub(crate) struct Table {
    pub(crate) title: String,
    pub(crate) floor: Measure,
    pub(crate) rows: Vec<Row>,
}

impl Table {
    /// Floor, contender, floor, contender, … floor.
    fn round(&mut self) {
        let mut before = (self.floor)();
        for row in &mut self.rows {
            let nanos = (row.measure)();
            let after = (self.floor)();
            row.nanos.push(nanos);
            row.ratios.push(2.0 * nanos / (before + after));
            before = after;
        }
    }

    /// Of the rounds so far.
    pub(crate) fn figures(&mut self) -> Vec<Figure> {
        let figure = |row: &mut Row| Figure {
            name: row.name,
            nanos: median(&mut row.nanos),
            ratio: quartiles(&mut row.ratios),
        };
        self.rows.iter_mut().map(figure).collect()
    }

    pub(crate) fn print(&mut self) {
        println!("\n{:<58}{:>8}{:>8}{:>15}", self.title, "ns", "ratio", "quartiles");
        for Figure { name, nanos, ratio: [low, ratio, high] } in self.figures() {
            println!("  {name:<56}{nanos:>8.1}{ratio:>8.2}{low:>8.2} –{high:>5.2}");
        }
    }
}

/// A contender, over all rounds.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    /// The median.
    pub(crate) nanos: f64,
    /// To the floor of the same round: the median, between the quartiles.
    pub(crate) ratio: [f64; 3],
}

/// Interleaved rounds, one at least, for about `time`; how many there were. `progress` gets how much of that
/// is over.
pub(crate) fn rounds(
    tables: &mut [Table],
    time: Duration,
    progress: &mut dyn FnMut(Duration),
) -> u32 {
    let start = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < time {
        for table in &mut *tables {
            table.round();
            progress(start.elapsed().min(time));
        }
        rounds += 1;
    }
    rounds
}

/// A quarter of the values is below the first, half of them below the second.
pub(crate) fn quartiles(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

pub(crate) fn has_option(option: &str) -> bool {
    env::args().any(|arg| arg == option)
}

/// What follows the option.
pub(crate) fn value_of(option: &str) -> Option<String> {
    env::args().skip_while(|arg| arg != option).nth(1)
}

/// Returns `true` if the contenders are only to be checked.
pub(crate) fn is_test() -> bool {
    // Without `--bench` it is `cargo test` that runs this. Options of criterion's are no concern.
    has_option("--test") || !has_option("--bench")
}

/// Returns how long to measure one table, as the options say.
pub(crate) fn time_each() -> Duration {
    if is_test() {
        Duration::ZERO
    } else if has_option("--quick") {
        Duration::from_millis(1300)
    } else {
        Duration::from_millis(7500)
    }
}

/// Measures for as long as the options say, and prints. With `--only <part>`, only the tables whose
/// titles contain that part.
pub(crate) fn run(mut tables: Vec<Table>, note: &str) {
    if let Some(part) = value_of("--only") {
        tables.retain(|table| table.title.contains(&part));
        assert!(!tables.is_empty(), "no table's title contains {part:?}");
    }
    let time = time_each() * u32::try_from(tables.len()).expect("a few tables");
    let rounds = rounds(&mut tables, time, &mut |_| ());
    println!("Medians of {rounds} rounds, {note}.");
    tables.iter_mut().for_each(Table::print);
}
