//! Everything measured, one after the other, and written down.

mod ahead;
mod machine;
mod original;
mod page;
mod pictures;
mod who;

use crate::{
    allocations,
    cores::Pair,
    fresh::{self, policy},
    latency, memory, peers, ratios,
    table::{self, Figure, Table, has_option, value_of},
    waits::{self, Runtimes},
    watch,
};
use indicatif::{ProgressBar, ProgressStyle};
use machine::Machine;
use original::Original;
use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

/// Attempts in each course of `policy`.
pub(crate) const ATTEMPTS: u32 = 1_000;
/// In the page's folder.
const PICTURES: &str = "benchmarks";

/// How long it may take.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    Whole,
    Quick,
    /// One round of everything.
    Test,
}

impl Effort {
    pub(crate) fn asked_for() -> Self {
        // Without `--bench` it is `cargo test` that runs this.
        if has_option("--test") || !has_option("--bench") {
            Self::Test
        } else if has_option("--quick") {
            Self::Quick
        } else {
            Self::Whole
        }
    }

    /// Where the page goes, made before it is measured for; none if it is printed.
    pub(crate) fn folder(self) -> io::Result<Option<PathBuf>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a folder in the project");
        let folder = if has_option("--out") {
            let folder = value_of("--out").filter(|folder| !folder.starts_with('-'));
            root.join(folder.ok_or(io::Error::other("--out needs a folder"))?)
        } else {
            match self {
                Self::Whole => root.join("docs"),
                Self::Quick => return Ok(None),
                Self::Test => Path::new(env!("CARGO_TARGET_TMPDIR")).join("report"),
            }
        };
        match fs::create_dir_all(folder.join(PICTURES)) {
            Ok(()) => Ok(Some(folder)),
            Err(error) => Err(io::Error::other(format!("{}: {error}", folder.display()))),
        }
    }

    fn pick<T>(self, whole: T, quick: T, test: T) -> T {
        match self {
            Self::Whole => whole,
            Self::Quick => quick,
            Self::Test => test,
        }
    }

    /// For each of the tables of ratios.
    fn each(self) -> Duration {
        Duration::from_millis(self.pick(6_000, 1_000, 0))
    }
}

/// A table of ratios, measured.
pub(crate) struct Ratios {
    pub(crate) title: String,
    pub(crate) figures: Vec<Figure>,
}

/// Tables whose contenders took turns.
pub(crate) struct Group {
    pub(crate) rounds: u32,
    pub(crate) tables: Vec<Ratios>,
}

pub(crate) struct Report {
    pub(crate) effort: Effort,
    pub(crate) machine: Machine,
    pub(crate) pair: Option<Pair>,
    pub(crate) timer: latency::Timer,
    pub(crate) memory: Vec<memory::Row>,
    pub(crate) fresh: Vec<fresh::Row>,
    pub(crate) losses: Vec<policy::Loss>,
    pub(crate) latency: Vec<latency::Table>,
    pub(crate) costs: Group,
    pub(crate) waits: Group,
    pub(crate) watch: Group,
    pub(crate) allocations: allocations::Counts,
    /// Or why there is none.
    pub(crate) original: Result<Original, String>,
}

impl Report {
    /// # Panics
    ///
    /// If a contender does not do what it is for.
    pub(crate) fn measured(effort: Effort) -> Self {
        // Before this thread is pinned: their threads would be, too.
        let runtimes = Runtimes::start();
        let machine = Machine::here();
        let bar = Bar::new(effort);
        let original = bar.step("the Go original", |_| Original::measured(effort != Effort::Whole));
        let capacities = &memory::CAPACITIES;
        let memory = bar.step("memory against MaxRetries", |bar| {
            memory::measure(effort.pick(15, 5, 1), capacities, &mut |done, all| bar.part(done, all))
        });
        let pair = Pair::pinned();
        peers::check_all();
        let allocations = bar.step("allocations", |_| allocations::count());
        let fresh = bar.step("time to the fresh value", |bar| {
            let time = Duration::from_secs(effort.pick(25, 5, 0));
            fresh::measure(time, &fresh::STALE, pair, &mut |over| bar.time(over, time))
        });
        let latency = bar.step("latency", |bar| {
            let time = Duration::from_secs(effort.pick(60, 9, 0));
            latency::measure(time, pair, &runtimes, &mut |over| bar.time(over, time))
        });
        let of = |name, tables| bar.step(name, |bar| rounds(tables, effort.each(), bar));
        let costs = of("what an operation costs", ratios::tables(pair));
        let waits = of("hand-overs to who waits", waits::tables(pair, &runtimes));
        let watch = of("watch", watch::tables(pair, &runtimes));
        bar.0.finish_and_clear();
        Self {
            effort,
            machine,
            pair,
            timer: latency::timer(),
            memory,
            fresh,
            losses: policy::losses(ATTEMPTS),
            latency,
            costs,
            waits,
            watch,
            allocations,
            original,
        }
    }

    /// The page and its pictures.
    pub(crate) fn write(&self, folder: &Path) -> io::Result<()> {
        for (name, svg) in self.pictures() {
            fs::write(folder.join(PICTURES).join(name), svg)?;
        }
        fs::write(folder.join("benchmarks.md"), self.page())
    }
}

fn rounds(mut tables: Vec<Table>, each: Duration, bar: &Bar) -> Group {
    let time = each * u32::try_from(tables.len()).expect("a few tables");
    let rounds = table::rounds(&mut tables, time, &mut |over| bar.time(over, time));
    let ratios = |mut table: Table| {
        let figures = table.figures();
        Ratios { title: table.title, figures }
    };
    Group { rounds, tables: tables.into_iter().map(ratios).collect() }
}

/// How far it is.
struct Bar(ProgressBar);

/// Of a step.
const PARTS: u64 = 1_000;
const STEPS: u64 = 8;

impl Bar {
    fn new(effort: Effort) -> Self {
        let bar = ProgressBar::new(STEPS * PARTS);
        let style = "{bar:30} {percent:>3} % {elapsed} {msg}";
        bar.set_style(ProgressStyle::with_template(style).expect("a good template"));
        bar.set_message(effort.pick("some six minutes", "a minute", "one round"));
        Self(bar)
    }

    fn step<T>(&self, name: &'static str, work: impl FnOnce(&Self) -> T) -> T {
        self.0.set_message(name);
        let begun = self.0.position();
        let result = work(self);
        self.0.set_position(begun / PARTS * PARTS + PARTS);
        result
    }

    fn part(&self, done: usize, all: usize) {
        let part = PARTS * done as u64 / all.max(1) as u64;
        self.0.set_position(self.0.position() / PARTS * PARTS + part.min(PARTS - 1));
    }

    fn time(&self, over: Duration, all: Duration) {
        let millis = |time: Duration| usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
        self.part(millis(over), millis(all));
    }
}
