//! How the slot compares with its floors and its peers, on a machine that does not hold still.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its
//! time is divided by theirs. The tables show the medians over the rounds, and the quartiles.
//!
//! On one thread there are two readings. Back to back, nothing is written to memory between one
//! operation and the next; that favours a bare swap over all that keep a value outside the word,
//! because an exchange waits until earlier writes have reached the cache. Where each result is
//! written to memory, as in criterion's `iter`, the swap waits too.
//!
//! ```text
//! cargo bench --bench ratios                # half a minute
//! cargo bench --bench ratios -- --quick     # a few seconds
//! cargo bench --bench ratios -- --unpinned  # the system places the two threads
//! cargo bench --bench ratios -- --test      # one round: does everything run?
//! ```

mod contenders;
mod cores;
mod echo;

use contenders::{
    BareFlag, BareSlot, BareSwap, Contender, Overwrite, Queue, RingChannel, TripleBuffer, check,
};
use cores::Pair;
use echo::Echo;
use std::{
    env,
    hint::black_box,
    time::{Duration, Instant},
};

/// Of a measurement; their median counts, so that one that was interrupted does not.
const BATCHES: usize = 21;
/// Where somebody else uses our cores, a measurement ends after this time with fewer.
const ENOUGH: Duration = Duration::from_millis(20);
/// Operations in a batch on one thread: some 5 µs.
const SENDS: u32 = 1_000;
/// Round trips in a batch: some 10 µs.
const TRIPS: u32 = 30;

/// Nanoseconds an operation takes.
type Measure = Box<dyn Fn() -> f64>;

fn measure(count: u32, mut batch: impl FnMut()) -> f64 {
    let start = Instant::now();
    let mut times = Vec::with_capacity(BATCHES);
    while times.len() < BATCHES && (times.is_empty() || start.elapsed() < ENOUGH) {
        let start = Instant::now();
        batch();
        times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(count));
    }
    quartiles(&mut times)[1]
}

/// A result that stays in a register: what became of those before, and the new one.
fn add(sum: u64, result: u64) -> u64 {
    sum.wrapping_add(result)
}

/// A result that is written to memory.
fn write(_: u64, result: u64) -> u64 {
    black_box(result)
}

fn send<C: Contender>(sink: impl Fn(u64, u64) -> u64 + 'static) -> Measure {
    check::<C>();
    Box::new(move || {
        let (mut tx, _rx) = C::open();
        measure(SENDS, || {
            let mut kept = 0;
            for value in 0..u64::from(SENDS) {
                kept = sink(kept, C::send(&mut tx, value + 1).unwrap_or_default());
            }
            black_box(kept);
        })
    })
}

fn send_and_receive<C: Contender>(sink: impl Fn(u64, u64) -> u64 + 'static) -> Measure {
    check::<C>();
    Box::new(move || {
        let (mut tx, mut rx) = C::open();
        measure(SENDS, || {
            let mut kept = 0;
            for value in 0..u64::from(SENDS) {
                kept = sink(kept, C::send(&mut tx, value + 1).unwrap_or_default());
                kept = sink(kept, C::try_recv(&mut rx).unwrap_or_default());
            }
            black_box(kept);
        })
    })
}

fn round_trip<C: Contender>(pair: Pair) -> Measure {
    check::<C>();
    Box::new(move || {
        let mut echo = Echo::<C>::start(pair);
        measure(TRIPS, || echo.round_trips(TRIPS.into()))
    })
}

struct Row {
    name: &'static str,
    measure: Measure,
    nanos: Vec<f64>,
    /// To the floor of the same round.
    ratios: Vec<f64>,
}

impl Row {
    fn new<C: Contender>(measure: Measure) -> Self {
        Self { name: C::NAME, measure, nanos: Vec::new(), ratios: Vec::new() }
    }
}

struct Table {
    title: &'static str,
    floor: Measure,
    rows: Vec<Row>,
}

/// `"title": how(with)[floor; contenders]`
macro_rules! table {
    ($title:literal: $measure:ident($arg:expr)[$floor:ident; $($row:ident),+]) => {
        Table {
            title: $title,
            floor: $measure::<$floor>($arg),
            rows: vec![$(Row::new::<$row>($measure::<$row>($arg))),+],
        }
    };
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

    fn print(&mut self) {
        println!("\n{:<58}{:>8}{:>8}{:>15}", self.title, "ns", "ratio", "quartiles");
        for row in &mut self.rows {
            let [_, nanos, _] = quartiles(&mut row.nanos);
            let [low, ratio, high] = quartiles(&mut row.ratios);
            println!("  {:<56}{nanos:>8.1}{ratio:>8.2}{low:>8.2} –{high:>5.2}", row.name);
        }
    }
}

/// A quarter of the values is below the first, half of them below the second.
fn quartiles(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

/// The floor is a contender too: how far it is from 1.00 is the error.
fn tables(pair: Option<Pair>) -> Vec<Table> {
    let mut tables = vec![
        table!("send, results written; goal: at most 1.2": send(write)
            [BareSwap; BareSwap, BareSlot, Overwrite, TripleBuffer, RingChannel, Queue]),
        table!("send, back to back; goal: at most 1.2": send(add)
            [BareSwap; BareSwap, BareSlot, Overwrite, TripleBuffer, RingChannel, Queue]),
        table!("send + try_recv, results written; goal: at most 1.2": send_and_receive(write)
            [BareSwap; BareSwap, BareSlot, Overwrite, TripleBuffer, RingChannel, Queue]),
        table!("send + try_recv, back to back; goal: at most 1.2": send_and_receive(add)
            [BareSwap; BareSwap, BareSlot, Overwrite, TripleBuffer, RingChannel, Queue]),
    ];
    if let Some(pair) = pair {
        tables.push(table!("round trip; goal: at most 1.25, and below the peers": round_trip(pair)
                [BareFlag; BareFlag, Overwrite, TripleBuffer, RingChannel, Queue]));
    }
    tables
}

fn main() {
    let has = |option: &str| env::args().any(|arg| arg == option);
    // Without `--bench` it is `cargo test` that runs this. Options of criterion's are no concern.
    let time = if has("--test") || !has("--bench") {
        Duration::ZERO
    } else if has("--quick") {
        Duration::from_secs(4)
    } else {
        Duration::from_secs(25)
    };
    let pair = if has("--unpinned") { Pair::floating() } else { Pair::pinned() };
    let mut tables = tables(pair);

    let start = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < time {
        tables.iter_mut().for_each(Table::round);
        rounds += 1;
    }

    print!("Medians of {rounds} rounds, ");
    match pair {
        Some(pair) => println!("threads {pair}."),
        None => println!("without the round trip: there is one core only."),
    }
    tables.iter_mut().for_each(Table::print);
}
