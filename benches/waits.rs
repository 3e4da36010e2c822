//! What a hand-over costs when each side waits for the other: two tasks, and two parked threads.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its
//! time is divided by theirs. The floors do the waking and nothing else: `Notify` for tasks, `park` and
//! `unpark` for threads. The tables show the medians over the rounds, and the quartiles.
//!
//! ```text
//! cargo bench --bench waits             # half a minute
//! cargo bench --bench waits -- --quick  # a few seconds
//! cargo bench --bench waits -- --test   # one round: does everything run?
//! ```

mod cores;
mod table;
#[allow(dead_code, reason = "what only other benches use")]
mod tasks;
mod threads;
#[path = "waits/mod.rs"]
mod waits;

use cores::Pair;
use waits::Runtimes;

fn main() {
    // Before this thread is pinned: their workers would be, too.
    let runtimes = Runtimes::start();
    let pair = Pair::pinned();
    let note = match pair {
        Some(pair) => format!("threads {pair}, tokio's not"),
        None => "without threads: there is one core only".into(),
    };
    table::run(waits::tables(pair, &runtimes), &note);
}
