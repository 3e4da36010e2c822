//! The suites, their options, and what they share.
//!
//! In each of many short rounds every contender is measured between two looks at the floor, and its time is divided by
//! theirs. Tables show the medians over the rounds, and the quartiles. Before that, each contender is checked for what
//! it is to do. A suite writes its tables in Markdown; the report puts them together as a page.

mod allocations;
mod buffer;
mod charts;
mod check;
mod child;
mod contender;
mod criterion;
mod crowds;
mod fresh;
mod latency;
mod measure;
mod memory;
mod original;
mod payload;
mod peers;
mod ratios;
mod report;
mod threads;
mod waits;
mod watch;

use prelude::*;
use std::{cell::OnceCell, env, process::ExitCode, sync::Arc};
use support::allocator::Counting;
use tokio::runtime::{Builder, Runtime};

/// What the suites have in common.
mod prelude {
    pub(super) use super::{
        Section, Setup, charts::*, contender::*, measure::*, payload::*, peers::*, threads::*,
    };
    pub(super) use std::{
        hint::black_box,
        rc::Rc,
        sync::Arc,
        time::{Duration, Instant},
    };
}

/// It counts only while a suite asks it to: otherwise it is one relaxed load more.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// What a suite found.
struct Section {
    /// In Markdown.
    text: String,
    standings: Vec<Standing>,
    chart: Option<Chart>,
}

impl Section {
    fn text(text: String) -> Self {
        Self { text, standings: Vec::new(), chart: None }
    }

    /// Measures the contests, and puts `head` above their tables.
    fn of_ratios(setup: &Setup, head: &str, contests: Vec<impl Into<Table>>) -> Self {
        let (text, tables) = ratio_tables(setup, contests);
        let standings = tables.iter().map(|table| table.standing(table.title.clone(), 0));
        Self { standings: standings.collect(), ..Self::text(format!("{head}\n\n{text}")) }
    }
}

type Suite = (&'static str, fn(&Setup) -> Section);

/// Those first that start processes or threads which must not be pinned as this thread is later on.
const SUITES: [Suite; 9] = [
    ("memory", memory::measured),
    ("crowds", crowds::measured),
    ("watch", watch::measured),
    ("fresh", fresh::measured),
    ("latency", latency::measured),
    ("ratios", ratios::measured),
    ("allocations", allocations::measured),
    ("waits", waits::measured),
    ("buffer", buffer::measured),
];

/// How long it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    Whole,
    Quick,
    /// One round of everything.
    Test,
}

/// What the options say, and what the suites share.
struct Setup {
    effort: Effort,
    /// The value of `--only`: a part of the titles of the tables to measure.
    only: Option<String>,
    /// The suites to run.
    names: Vec<String>,
    /// tokio's, with one thread and with two.
    runtimes: [Arc<Runtime>; 2],
    pair: OnceCell<Option<Pair>>,
}

impl Setup {
    fn new() -> Self {
        let has = |option: &str| env::args().any(|arg| arg == option);
        let effort = match has("--quick") {
            // Without `--bench` it is `cargo test` that runs this.
            _ if has("--test") || !has("--bench") => Effort::Test,
            true => Effort::Quick,
            false => Effort::Whole,
        };
        let (mut only, mut names) = (None, Vec::new());
        let mut args = env::args().skip(1);
        while let Some(arg) = args.next() {
            match arg.as_str() {
                "--only" => only = args.next(),
                // Other options may be for criterion.
                option if option.starts_with('-') => {}
                name => names.push(name.to_owned()),
            }
        }
        // Before this thread is pinned: their workers would be, too.
        let one = Builder::new_current_thread().build().expect("a runtime");
        let two = Builder::new_multi_thread().worker_threads(2).build().expect("a runtime");
        let runtimes = [one, two].map(Arc::new);
        Self { effort, only, names, runtimes, pair: OnceCell::new() }
    }

    fn pick(&self, whole: u64, quick: u64, test: u64) -> u64 {
        match self.effort {
            Effort::Whole => whole,
            Effort::Quick => quick,
            Effort::Test => test,
        }
    }

    fn is_test(&self) -> bool {
        self.effort == Effort::Test
    }

    /// Whether the options ask for a table or a part of that name.
    fn wants(&self, title: &str) -> bool {
        self.only.as_ref().is_none_or(|part| title.contains(part))
    }

    /// The two cores of two threads. Pins this thread to the first, from the first call on.
    fn pair(&self) -> Option<Pair> {
        *self.pair.get_or_init(Pair::pinned)
    }

    /// Runs a suite, and shows which.
    fn run(&self, (name, suite): Suite) -> Section {
        eprintln!("{name} …");
        suite(self)
    }
}

/// Runs the suites that the options name, or all.
fn suites(setup: &Setup) -> Result<(), String> {
    let known = SUITES.map(|(name, _)| name);
    if let Some(name) = setup.names.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("no suite is called {name:?}: there are {}", known.join(", ")));
    }
    for suite in SUITES {
        if setup.names.is_empty() || setup.names.iter().any(|name| name == suite.0) {
            let Section { text, .. } = setup.run(suite);
            println!("{text}");
        }
    }
    Ok(())
}

/// Does what the options say: the suites, or what the bench is for that has a name.
pub(crate) fn run(bench: Option<&str>) -> ExitCode {
    if memory::is_child() || watch::is_child() {
        return ExitCode::SUCCESS;
    }
    check::all();
    let done = match bench {
        Some("criterion") => {
            criterion::run();
            Ok(())
        }
        Some(_) => report::run(&Setup::new()),
        None if env::args().any(|arg| arg == "--help") => {
            // What stands at the head of the bench.
            let head =
                include_str!("../main.rs").lines().map_while(|line| line.strip_prefix("//!"));
            head.for_each(|line| println!("{}", line.trim_start()));
            Ok(())
        }
        None => suites(&Setup::new()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
