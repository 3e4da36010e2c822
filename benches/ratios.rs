//! How the slot compares with its floors and its peers, on a machine that does not hold still.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its
//! time is divided by theirs. The tables show the medians over the rounds, and the quartiles.
//!
//! ```text
//! cargo bench --bench ratios                # half a minute
//! cargo bench --bench ratios -- --quick     # a few seconds
//! cargo bench --bench ratios -- --unpinned  # the system places the two threads
//! cargo bench --bench ratios -- --test      # one round: does everything run?
//! ```

mod alone;
mod contenders;
mod cores;
mod echo;

use alone::Alone;
use contenders::{
    BareFlag, BareSwap, Contender, Overwrite, Queue, RingChannel, TripleBuffer, check,
};
use cores::Pair;
use echo::Echo;
use std::{
    env,
    time::{Duration, Instant},
};

/// Of a measurement; its median counts, so that one that was interrupted does not.
const BATCHES: usize = 7;
/// Where somebody else uses our cores, a measurement ends after this time with fewer.
const ENOUGH: Duration = Duration::from_millis(20);
/// Sends in a batch on one thread: some 20 µs.
const SENDS: u32 = 2_000;
/// Round trips in a batch: some 20 µs too.
const TRIPS: u32 = 100;

/// Nanoseconds an operation takes.
type Measure = Box<dyn Fn() -> f64>;

fn measure(count: u32, mut batch: impl FnMut(u64) -> Duration) -> f64 {
    let mut nanos = || batch(count.into()).as_secs_f64() * 1e9 / f64::from(count);
    let start = Instant::now();
    let mut times = vec![nanos()];
    times[0] = nanos(); // the one before warmed up
    while times.len() < BATCHES && start.elapsed() < ENOUGH {
        times.push(nanos());
    }
    quartiles(&mut times)[1]
}

fn send<C: Contender>() -> Measure {
    check::<C>();
    Box::new(|| {
        let mut alone = Alone::<C>::new();
        measure(SENDS, |count| alone.sends(count))
    })
}

fn send_and_receive<C: Contender>() -> Measure {
    check::<C>();
    Box::new(|| {
        let mut alone = Alone::<C>::new();
        measure(SENDS, |count| alone.sends_and_receives(count))
    })
}

fn round_trip<C: Contender>(pair: Pair) -> Measure {
    check::<C>();
    Box::new(move || {
        let mut echo = Echo::<C>::start(pair);
        measure(TRIPS, |count| echo.round_trips(count))
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
    goal: &'static str,
    floor: Measure,
    rows: Vec<Row>,
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
        println!("\n{}; goal: {}", self.title, self.goal);
        println!("  {:<22}{:>9}{:>10}{:>17}", "", "ns", "ratio", "quartiles");
        for row in &mut self.rows {
            let [_, nanos, _] = quartiles(&mut row.nanos);
            let [low, ratio, high] = quartiles(&mut row.ratios);
            println!("  {:<22}{nanos:>9.1}{ratio:>10.2}{low:>10.2} –{high:>5.2}", row.name);
        }
    }
}

/// A quarter of the values is below the first, half of them below the second.
fn quartiles(values: &mut [f64]) -> [f64; 3] {
    values.sort_by(f64::total_cmp);
    [1, 2, 3].map(|quarter| values[values.len() * quarter / 4])
}

fn tables(pair: Option<Pair>) -> Vec<Table> {
    let mut tables = vec![
        Table {
            title: "send, one thread, to a bare swap",
            goal: "at most 1.2",
            floor: send::<BareSwap>(),
            rows: vec![
                Row::new::<BareSwap>(send::<BareSwap>()),
                Row::new::<Overwrite>(send::<Overwrite>()),
                Row::new::<TripleBuffer>(send::<TripleBuffer>()),
                Row::new::<RingChannel>(send::<RingChannel>()),
                Row::new::<Queue>(send::<Queue>()),
            ],
        },
        Table {
            title: "send + try_recv, one thread, to two bare swaps",
            goal: "at most 1.2",
            floor: send_and_receive::<BareSwap>(),
            rows: vec![
                Row::new::<BareSwap>(send_and_receive::<BareSwap>()),
                Row::new::<Overwrite>(send_and_receive::<Overwrite>()),
                Row::new::<TripleBuffer>(send_and_receive::<TripleBuffer>()),
                Row::new::<RingChannel>(send_and_receive::<RingChannel>()),
                Row::new::<Queue>(send_and_receive::<Queue>()),
            ],
        },
    ];
    if let Some(pair) = pair {
        tables.push(Table {
            title: "round trip between two polling threads, to a bare flag ping-pong",
            goal: "at most 1.25, and below the peers",
            floor: round_trip::<BareFlag>(pair),
            rows: vec![
                Row::new::<BareFlag>(round_trip::<BareFlag>(pair)),
                Row::new::<Overwrite>(round_trip::<Overwrite>(pair)),
                Row::new::<TripleBuffer>(round_trip::<TripleBuffer>(pair)),
                Row::new::<RingChannel>(round_trip::<RingChannel>(pair)),
                Row::new::<Queue>(round_trip::<Queue>(pair)),
            ],
        });
    }
    tables
}

fn main() {
    let has = |option: &str| env::args().any(|arg| arg == option);
    // Without `--bench` it is `cargo test` that runs this. Options of criterion's are no concern.
    let time = if has("--test") || !has("--bench") {
        Duration::ZERO
    } else if has("--quick") {
        Duration::from_secs(5)
    } else {
        Duration::from_secs(30)
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
