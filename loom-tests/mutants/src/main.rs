//! Breaks the crate in one place at a time, and shows which check finds it. The loom models have to find every atomic
//! ordering that is one step weaker, and every known fault of the protocol: what survives is a missing model, or an
//! ordering that is stronger than it need be. The other checks have to find the faults that they have found before.
//!
//! ```text
//! cargo run -p ordering-mutants                              # all by the models, and writes the table
//! cargo run -p ordering-mutants -- --only slot               # those whose name contains it
//! cargo run -p ordering-mutants -- --by random               # the faults by another check
//! cargo run -p ordering-mutants -- --by endurance --record   # and writes down which it has found
//! ```
//!
//! `cargo test -p ordering-mutants` compares the tables with the source.

mod arena;
mod checks;
mod faults;
mod sites;
mod table;

use anyhow::{Context, Result, ensure};
use arena::{Arena, Edit, Test};
use checks::Check;
use clap::Parser;
use std::{
    fs,
    path::Path,
    process::ExitCode,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};
use table::Table;

/// How often a check that leaves something to chance looks for a fault that it has found before.
const ATTEMPTS: usize = 3;

/// Weakens every atomic ordering of the crate, and brings known faults back: which check fails?
#[derive(Parser)]
#[command(name = "ordering-mutants")]
struct Options {
    /// Only what has this in its name
    #[arg(long, default_value = "")]
    only: String,
    /// The check that has to find them
    #[arg(long, default_value = "models", value_parser = Check::named)]
    by: &'static Check,
    /// Write what it has found into `faults.toml`
    #[arg(long)]
    record: bool,
    /// How many run at once
    #[arg(long, default_value_t = thread::available_parallelism().map_or(1, usize::from))]
    jobs: usize,
}

/// The repository.
const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

fn read_file(file: &'static str) -> Result<String> {
    fs::read_to_string(Path::new(ROOT).join(file)).context(file)
}

fn write_file(file: &'static str, text: &str) -> Result<()> {
    fs::write(Path::new(ROOT).join(file), text).context(file)
}

/// Fails if something survived that has to be found, or could not be tried.
fn main() -> Result<ExitCode> {
    let Options { only, by: check, record, jobs } = Options::parse();
    // Edits of the source meanwhile are not in the way.
    let folder = Path::new(ROOT).join("target/ordering-mutants");
    let arena = |job: usize, from: &Path| Arena::new(folder.join(job.to_string()), from);
    let mut arenas = vec![arena(0, Path::new(ROOT))?];
    let src = arenas[0].src();
    let mut faults = faults::read()?;
    let mut table = Table::read(&src)?;
    let mut work: Vec<_> = table.breakages().filter(|_| check.is_models()).collect();
    for fault in &faults {
        work.push(fault.breakage(&src, check)?);
    }
    work.retain(|breakage| breakage.name.contains(&only));
    ensure!(!work.is_empty(), "nothing has {only:?} in its name");

    for job in 1..jobs.min(work.len()) {
        arenas.push(arena(job, &arenas[0].root)?);
    }
    println!("{} of the crate as it is", check.name);
    let tests = arenas[0].tests(check)?;
    let Outcome { found, survivors } = break_each(&work, arenas, check, &tests);
    for (name, test) in found {
        if let Some(entry) = table.ordering.iter_mut().find(|entry| entry.mutant == name) {
            // A reason why no model can fail is none if a model does.
            entry.unseen = entry.unseen.take().filter(|_| test.is_none());
            entry.caught_by = test;
        } else if let Some(fault) = faults.iter_mut().find(|fault| fault.name == name) {
            fault.found_by.remove(check.name);
            fault.found_by.extend(test.map(|test| (check.name.to_owned(), test)));
        }
    }
    if record {
        faults::record(&faults)?;
    }
    if check.is_models() {
        table.write()?;
    }
    Ok(ExitCode::from(u8::from(survivors > 0)))
}

/// A way to break the crate.
struct Breakage {
    name: String,
    edits: Vec<Edit>,
    /// The test that found it the last time.
    last: Option<String>,
    must_be_found: bool,
}

impl Breakage {
    /// Returns the test that fails, if one does. The test that failed the last time is tried first, then the shortest.
    fn found_by(&self, arena: &Arena, check: &Check, tests: &[Test]) -> Result<Option<String>> {
        let mut tests: Vec<_> = tests.iter().collect();
        tests.sort_by_key(|test| Some(&test.name) != self.last.as_ref());
        let attempts = if check.is_models() || !self.must_be_found { 1 } else { ATTEMPTS };
        arena.broken(&self.edits, || {
            let executable = arena.build(check)?;
            for test in tests.iter().cycle().take(attempts * tests.len()) {
                if arena.fails(check, &executable, test)? {
                    return Ok(Some(test.name.clone()));
                }
            }
            Ok(None)
        })
    }
}

/// What has come of all.
struct Outcome {
    /// For each that could be tried, the test that found it.
    found: Vec<(String, Option<String>)>,
    /// How many have to be found and were not, or could not be tried.
    survivors: usize,
}

/// Lets the check look for each, in several arenas at once, and prints what finds it.
fn break_each(work: &[Breakage], arenas: Vec<Arena>, check: &Check, tests: &[Test]) -> Outcome {
    let next = Mutex::new(work.iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (done, outcomes) = mpsc::channel();
    let mut all = Outcome { found: Vec::new(), survivors: 0 };
    thread::scope(|scope| {
        for arena in arenas {
            let done = done.clone();
            scope.spawn(move || {
                while let Some(breakage) = take() {
                    let outcome = breakage.found_by(&arena, check, tests);
                    done.send((breakage, outcome)).expect("they are received until all are done");
                }
            });
        }
        drop(done);
        for (number, (Breakage { name, must_be_found, .. }, outcome)) in (1..).zip(outcomes) {
            let (survives, text) = match &outcome {
                Ok(Some(test)) if *must_be_found => (false, test),
                Ok(Some(test)) => (false, &format!("{test} (not recorded)")),
                Ok(None) if *must_be_found => (true, &"SURVIVED".into()),
                Ok(None) => (false, &"not found".into()),
                Err(error) => (true, &format!("NOT TRIED: {error:#}")),
            };
            println!("{number:>3}/{} {name:<84} {text}", work.len());
            all.survivors += usize::from(survives);
            all.found.extend(outcome.ok().map(|test| (name.clone(), test)));
        }
    });
    let found = all.found.iter().filter(|(_, test)| test.is_some()).count();
    println!("{found} of {} found by {}; {} survived", work.len(), check.name, all.survivors);
    all
}
