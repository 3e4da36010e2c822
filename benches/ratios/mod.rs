//! The tables of a send, a receive, a round trip between two threads that poll, and of several senders.
//!
//! A program that uses this module has `cores.rs`, `crowd.rs`, `echo.rs`, `peers/` and `table.rs` as modules of its
//! root.

use crate::{
    cores::Pair,
    crowd::wall_times,
    echo::Echo,
    peers::{
        BareFlag, BareSlot, BareSwap, FlagAndValue, Payload, Peer, Visit, VisitSenders, Words,
        each, each_copy, each_with_senders, each_word,
    },
    table::{BATCHES, ENOUGH, Measure, Row, Table, measure, median},
};
use std::hint::black_box;

/// Operations in a batch on one thread: some 5 µs.
const SENDS: u32 = 1_000;
/// Larger values in a batch.
const LARGE: u32 = 200;
/// Round trips in a batch: some 10 µs.
const TRIPS: u32 = 30;
/// Sends of each of several senders in a batch.
const EACH: u32 = 2_000;

/// A way to measure a contender.
trait Cost<T: Payload> {
    fn of<P: Peer<T>>(&self) -> Measure;

    fn row<P: Peer<T>>(&self) -> Row {
        Row::new(P::NAME, self.of::<P>())
    }
}

/// The same, for those whose senders can be cloned.
trait CostOfSenders {
    fn of<P: Peer<u64, Tx: Clone>>(&self) -> Measure;

    fn row<P: Peer<u64, Tx: Clone>>(&self) -> Row {
        Row::new(P::NAME, self.of::<P>())
    }
}

/// The rows so far, and how the next is measured.
struct Rows<C>(Vec<Row>, C);

impl<T: Payload, C: Cost<T>> Visit<T> for Rows<C> {
    fn visit<P: Peer<T>>(&mut self) {
        self.0.push(self.1.row::<P>());
    }
}

impl<C: CostOfSenders> VisitSenders<u64> for Rows<C> {
    fn visit<P: Peer<u64, Tx: Clone>>(&mut self) {
        self.0.push(self.1.row::<P>());
    }
}

/// What became of the results so far, and the next one: it stays in a register.
fn add(sum: u64, result: u64) -> u64 {
    sum.wrapping_add(result)
}

/// The next one is written to memory.
fn write(_: u64, result: u64) -> u64 {
    black_box(result)
}

struct Send<S>(S);

impl<S: Fn(u64, u64) -> u64 + Copy + 'static> Cost<u64> for Send<S> {
    fn of<P: Peer<u64>>(&self) -> Measure {
        let sink = self.0;
        Box::new(move || {
            let (mut tx, _rx) = P::open();
            measure(SENDS, || {
                let mut kept = 0;
                for value in 0..u64::from(SENDS) {
                    kept = sink(kept, P::send(&mut tx, value + 1).unwrap_or_default());
                }
                black_box(kept);
            })
        })
    }
}

struct SendAndReceive<S>(S);

impl<S: Fn(u64, u64) -> u64 + Copy + 'static> Cost<u64> for SendAndReceive<S> {
    fn of<P: Peer<u64>>(&self) -> Measure {
        let sink = self.0;
        Box::new(move || {
            let (mut tx, mut rx) = P::open();
            measure(SENDS, || {
                let mut kept = 0;
                for value in 0..u64::from(SENDS) {
                    kept = sink(kept, P::send(&mut tx, value + 1).unwrap_or_default());
                    kept = sink(kept, P::try_recv(&mut rx).unwrap_or_default());
                }
                black_box(kept);
            })
        })
    }
}

/// Looking at what is empty.
struct Look;

impl Cost<u64> for Look {
    fn of<P: Peer<u64>>(&self) -> Measure {
        Box::new(|| {
            let (_tx, mut rx) = P::open();
            measure(SENDS, || {
                for _ in 0..SENDS {
                    let received = P::try_recv(&mut rx);
                    assert_eq!(received, None, "{} is empty", P::NAME);
                }
            })
        })
    }
}

/// A value that is sent, received, and sent again.
struct Round;

impl<T: Payload> Cost<T> for Round {
    fn of<P: Peer<T>>(&self) -> Measure {
        Box::new(|| {
            let (mut tx, mut rx) = P::open();
            let mut value = T::new(1);
            measure(LARGE, || {
                for _ in 0..LARGE {
                    P::send(&mut tx, value.take());
                    value = P::try_recv(&mut rx).expect("what was sent");
                    black_box(&mut value);
                }
            })
        })
    }
}

struct RoundTrip(Pair);

impl<T: Payload> Cost<T> for RoundTrip {
    fn of<P: Peer<T>>(&self) -> Measure {
        let pair = self.0;
        Box::new(move || {
            let mut echo = Echo::<T, P>::start(pair);
            measure(TRIPS, || echo.round_trips(TRIPS.into()))
        })
    }
}

struct Crowd {
    senders: u32,
    pair: Option<Pair>,
}

impl CostOfSenders for Crowd {
    fn of<P: Peer<u64, Tx: Clone>>(&self) -> Measure {
        let Self { senders, pair } = *self;
        let sends = f64::from(senders * EACH);
        Box::new(move || {
            let times = wall_times::<P>(pair, senders, EACH.into(), BATCHES, ENOUGH);
            let nanos = times.iter().map(|time| time.as_secs_f64() * 1e9 / sends);
            median(&mut nanos.collect::<Vec<_>>())
        })
    }
}

/// On one thread, with a number.
fn numbers<C: Cost<u64>>(title: &str, cost: C) -> Table {
    let floor = cost.of::<BareSwap>();
    let first = vec![cost.row::<BareSwap>(), cost.row::<BareSlot>()];
    let mut rows = Rows(first, cost);
    each_word(&mut rows);
    Table { title: title.into(), floor, rows: rows.0 }
}

fn looks() -> Table {
    let mut rows = Rows(vec![Look.row::<BareSlot>()], Look);
    each_word(&mut rows);
    let title = "try_recv of nothing".into();
    Table { title, floor: Look.of::<BareSlot>(), rows: rows.0 }
}

fn rounds<T: Payload>(each: fn(&mut Rows<Round>)) -> Table {
    let floor = Cost::<T>::of::<BareSlot>(&Round);
    let mut rows = Rows(vec![Cost::<T>::row::<BareSlot>(&Round)], Round);
    each(&mut rows);
    Table { title: format!("send + try_recv, {}", T::NAME), floor, rows: rows.0 }
}

fn trips<T: Payload>(pair: Pair, each: fn(&mut Rows<RoundTrip>)) -> Table {
    let cost = RoundTrip(pair);
    let floor = Cost::<u64>::of::<BareFlag>(&cost);
    let mut rows = Rows(vec![Cost::<u64>::row::<BareFlag>(&cost)], cost);
    each(&mut rows);
    Table { title: format!("round trip, {}", T::NAME), floor, rows: rows.0 }
}

/// With the least that a value beside the flag costs.
fn large_trips<T: Payload + Copy>(pair: Pair) -> Table {
    trips::<T>(pair, |rows| {
        Visit::<T>::visit::<FlagAndValue>(rows);
        each_copy::<T>(rows);
    })
}

fn crowd(senders: u32, pair: Option<Pair>) -> Table {
    let cost = Crowd { senders, pair };
    let floor = cost.of::<BareSwap>();
    let mut rows = Rows(vec![cost.row::<BareSwap>()], cost);
    each_with_senders(&mut rows);
    Table { title: format!("{senders} senders"), floor, rows: rows.0 }
}

pub(crate) fn tables(pair: Option<Pair>) -> Vec<Table> {
    let mut tables = vec![
        numbers("send, results written", Send(write)),
        numbers("send, back to back", Send(add)),
        numbers("send + try_recv, results written", SendAndReceive(write)),
        numbers("send + try_recv, back to back", SendAndReceive(add)),
        looks(),
        rounds::<Words<8>>(each_copy::<Words<8>>),
        rounds::<Words<128>>(each_copy::<Words<128>>),
        rounds::<String>(each::<String>),
    ];
    if let Some(pair) = pair {
        tables.extend([
            trips::<u64>(pair, each_word),
            large_trips::<Words<8>>(pair),
            large_trips::<Words<128>>(pair),
        ]);
    }
    tables.extend([crowd(2, pair), crowd(4, pair)]);
    tables
}
