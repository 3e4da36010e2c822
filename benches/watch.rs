//! What `watch` costs, beside tokio's.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its time is divided
//! by theirs. The floor is the slot that the value lies in, an `ArcSwap` alone, where nobody can wait; where somebody
//! does, it is tokio's, or the bare wake. A send is `send_replace`, which does not ask for receivers.
//!
//! ```text
//! cargo bench --bench watch             # two minutes
//! cargo bench --bench watch -- --quick  # half a minute
//! cargo bench --bench watch -- --test   # one round: does everything run?
//! ```

mod cores;
mod table;
#[allow(dead_code, reason = "what only other benches use")]
mod tasks;
#[allow(dead_code, reason = "what only other benches use")]
mod threads;
#[allow(dead_code, reason = "what only other benches use")]
#[path = "waits/mod.rs"]
mod waits;
#[path = "watch/mod.rs"]
mod watch;

use cores::Pair;
use waits::Runtimes;

fn main() {
    // Before this thread is pinned: their workers would be, too.
    let runtimes = Runtimes::start();
    let pair = Pair::pinned();
    let note = match pair {
        Some(pair) => format!("threads {pair}, tokio's not"),
        None => "without those of two cores: there is one only".into(),
    };
    table::run(watch::tables(pair, &runtimes), &note);
}
