//! How the slot compares with its floors and its peers, on a machine that does not hold still.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its
//! time is divided by theirs. The tables show the medians over the rounds, and the quartiles. Before
//! that, each contender is checked: it keeps the newest value, and none is torn, lost or doubled.
//!
//! *On one thread* there are two readings. Back to back, nothing is written to memory between one
//! operation and the next; that favours a bare swap over all that keep a value outside the word,
//! because an exchange waits until earlier writes have reached the cache. Where each result is
//! written to memory, as in criterion's `iter`, the swap waits too.
//!
//! *Larger values* go round: what is received is sent next. So no time is spent on making a value, and a
//! `String` is allocated by none but those that clone it for the receiver, `watch` and `broadcast`.
//!
//! *A round trip* is a value sent to a thread on another core that sends it back; both poll. The floor
//! is a flag that carries a number, whatever the size of the value.
//!
//! *Several senders* each send a fixed number of values into one slot; the time is from the first one's
//! start to the last one's end, divided by the number of all sends.
//!
//! ```text
//! cargo bench --bench ratios                     # under two minutes
//! cargo bench --bench ratios -- --quick          # under half a minute
//! cargo bench --bench ratios -- --only "1 KiB"   # those tables with this in their titles
//! cargo bench --bench ratios -- --unpinned       # the system places the threads
//! cargo bench --bench ratios -- --test           # one round: does everything run?
//! ```

mod cores;
mod crowd;
mod echo;
mod peers;
#[path = "ratios/mod.rs"]
mod ratios;
mod table;

use cores::Pair;
use table::has_option;

fn main() {
    let pair = if has_option("--unpinned") { Pair::floating() } else { Pair::pinned() };
    let note = match pair {
        Some(pair) => format!("threads {pair}"),
        None => "without the round trips: there is one core only".into(),
    };
    peers::check_all();
    table::run(ratios::tables(pair), &note);
}
