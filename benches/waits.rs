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
mod tasks;
mod threads;

use cores::Pair;
use std::sync::Arc;
use table::{Row, Table};
use tasks::{AsyncChannel, BareNotify, Mpsc, Overwrite, OverwriteStream, Task, Watch};
use threads::{BarePark, CrossbeamChannel, Parked, Spinning, SyncChannel, Thread};
use tokio::runtime::{Builder, Runtime};

fn tasks(title: &str, runtime: Runtime) -> Table {
    let runtime = Arc::new(runtime);
    macro_rules! rows {
        ($($task:ident),+) => {
            vec![$(Row::new($task::NAME, tasks::round_trip::<$task>(runtime.clone()))),+]
        };
    }
    Table {
        title: title.into(),
        floor: tasks::round_trip::<BareNotify>(runtime.clone()),
        rows: rows![BareNotify, Overwrite, OverwriteStream, Watch, Mpsc, AsyncChannel],
    }
}

fn threads(title: &str, pair: Option<Pair>) -> Table {
    macro_rules! rows {
        ($($thread:ident),+) => {
            vec![$(Row::new($thread::NAME, threads::round_trip::<$thread>(pair))),+]
        };
    }
    Table {
        title: title.into(),
        floor: threads::round_trip::<BarePark>(pair),
        rows: rows![BarePark, Parked, Spinning, SyncChannel, CrossbeamChannel],
    }
}

fn main() {
    // Before this thread is pinned: its workers would be, too.
    let one = Builder::new_current_thread().build().expect("a runtime");
    let two = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
    let mut tables = vec![
        tasks("two tasks on one thread of tokio's; goal: below the peers", one),
        tasks("two tasks on two threads of tokio's; goal: below the peers", two),
    ];
    let pair = Pair::pinned();
    if pair.is_some() {
        tables
            .push(threads("two threads on two cores; goal of the parked one: at most 1.05", pair));
    }
    if let Some(Pair::Pinned { .. }) = pair {
        // This thread is pinned, and the one it starts stays where it is.
        tables.push(threads("two threads on one core; goal: at most 1.05", None));
    }
    let note = match pair {
        Some(pair) => format!("threads {pair}, tokio's not"),
        None => "without threads: there is one core only".into(),
    };
    table::run(tables, &note);
}
