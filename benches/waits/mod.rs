//! The tables of hand-overs whose receiver waits.
//!
//! A program that uses this module has `cores.rs`, `table.rs`, `tasks.rs` and `threads.rs` as modules of its root.

use crate::{
    cores::Pair,
    table::{Row, Table},
    tasks::{self, AsyncChannel, BareNotify, Mpsc, Overwrite, OverwriteStream, Task, Watch},
    threads::{self, BarePark, CrossbeamChannel, Parked, Spinning, SyncChannel, Thread},
};
use std::sync::Arc;
use tokio::runtime::{Builder, Runtime};

/// tokio's, with one thread and with two.
pub(crate) struct Runtimes {
    pub(crate) one: Arc<Runtime>,
    pub(crate) two: Arc<Runtime>,
}

impl Runtimes {
    pub(crate) fn start() -> Self {
        let one = Builder::new_current_thread().build().expect("a runtime");
        let two = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        Self { one: Arc::new(one), two: Arc::new(two) }
    }
}

fn tasks(title: &str, runtime: &Arc<Runtime>) -> Table {
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

/// Where `pair` is pinned, the calling thread is, too.
pub(crate) fn tables(pair: Option<Pair>, runtimes: &Runtimes) -> Vec<Table> {
    let mut tables = vec![
        tasks("two tasks on one thread of tokio's", &runtimes.one),
        tasks("two tasks on two threads of tokio's", &runtimes.two),
    ];
    if pair.is_some() {
        tables.push(threads("two threads on two cores", pair));
    }
    if let Some(Pair::Pinned { .. }) = pair {
        // This thread is pinned, and the one it starts stays where it is.
        tables.push(threads("two threads on one core", None));
    }
    tables
}
