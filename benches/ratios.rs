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
mod table;

use contenders::{
    BareFlag, BareSlot, BareSwap, Contender, Overwrite, Queue, RingChannel, TripleBuffer, check,
};
use cores::Pair;
use echo::Echo;
use std::hint::black_box;
use table::{Measure, Row, Table, has_option, measure};

/// Operations in a batch on one thread: some 5 µs.
const SENDS: u32 = 1_000;
/// Round trips in a batch: some 10 µs.
const TRIPS: u32 = 30;

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

/// `"title": how(with)[floor; contenders]`
macro_rules! table {
    ($title:literal: $measure:ident($arg:expr)[$floor:ident; $($row:ident),+]) => {
        Table {
            title: $title.into(),
            floor: $measure::<$floor>($arg),
            rows: vec![$(Row::new($row::NAME, $measure::<$row>($arg))),+],
        }
    };
}

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
    let pair = if has_option("--unpinned") { Pair::floating() } else { Pair::pinned() };
    let note = match pair {
        Some(pair) => format!("threads {pair}"),
        None => "without the round trip: there is one core only".into(),
    };
    table::run(tables(pair), &note);
}
