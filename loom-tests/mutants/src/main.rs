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
use arena::{Arena, Test};
use checks::Check;
use clap::Parser;
use faults::Fault;
use sites::Mutant;
use std::{
    path::Path,
    process::ExitCode,
    sync::{Mutex, PoisonError, mpsc},
    thread,
};
use table::{Entry, Table};

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

fn main() -> ExitCode {
    match run(&Options::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Something to break the crate by.
enum Breakage<'a> {
    Mutant(&'a Mutant, &'a Entry),
    Fault(&'a Fault),
}

impl Breakage<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Mutant(_, entry) => &entry.mutant,
            Self::Fault(fault) => &fault.name,
        }
    }

    fn apply(&self, src: &Path) -> Result<()> {
        match self {
            Self::Mutant(mutant, _) => mutant.apply(src),
            Self::Fault(fault) => fault.apply(src),
        }
    }

    /// The test that found it the last time.
    fn last(&self, check: &Check) -> Option<&String> {
        match self {
            Self::Mutant(_, entry) => entry.caught_by.as_ref(),
            Self::Fault(fault) => fault.found_by.get(check.name),
        }
    }

    fn must_be_found(&self, check: &Check) -> bool {
        match self {
            Self::Mutant(_, entry) => entry.unseen.is_none(),
            Self::Fault(_) => check.is_models() || self.last(check).is_some(),
        }
    }

    /// Returns the test that fails, if one does. The one that failed the last time is tried first, then the shortest.
    fn found_by(&self, arena: &Arena, check: &Check, tests: &[Test]) -> Result<Option<String>> {
        arena.mend()?;
        self.apply(&arena.src())?;
        let executable = arena.build(check)?;
        let mut tests: Vec<_> = tests.iter().collect();
        tests.sort_by_key(|test| Some(&test.name) != self.last(check));
        let attempts = if check.is_models() || !self.must_be_found(check) { 1 } else { ATTEMPTS };
        for test in tests.iter().cycle().take(attempts * tests.len()) {
            if arena.fails(check, &executable, test)? {
                return Ok(Some(test.name.clone()));
            }
        }
        Ok(None)
    }
}

/// Runs what is asked for. Returns `false` if something survived that has to be found, or could not be tried.
fn run(options: &Options) -> Result<bool> {
    let check = options.by;
    // Edits of the source meanwhile are not in the way.
    let arenas = Path::new(ROOT).join("target/ordering-mutants");
    let original = Arena::new(arenas.join("original"), Path::new(ROOT))?;
    let arena = |job: usize| Arena::new(arenas.join(job.to_string()), original.root());
    let mut faults = faults::read()?;
    check_faults(&faults, &arena(0)?)?;
    let mutants = sites::mutants(&original.src())?;
    let mut table = Table::read(&mutants)?;

    let weakened = mutants.iter().zip(&table.ordering).filter(|_| check.is_models());
    let weakened = weakened.map(|(mutant, entry)| Breakage::Mutant(mutant, entry));
    let mut work: Vec<_> = weakened.chain(faults.iter().map(Breakage::Fault)).collect();
    work.retain(|breakage| breakage.name().contains(&options.only));
    ensure!(!work.is_empty(), "nothing has {:?} in its name", options.only);

    let jobs = (0..options.jobs.clamp(1, work.len())).map(arena).collect::<Result<Vec<_>>>()?;
    println!("{} of the crate as it is", check.name);
    let tests = jobs[0].tests(check)?;
    let Outcome { found, survivors } = break_each(&work, jobs, check, &tests);
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
    if options.record {
        faults::record(&faults)?;
    }
    if check.is_models() {
        table.write(&mutants)?;
    }
    Ok(survivors == 0)
}

/// What has come of all.
struct Outcome {
    /// For each that could be tried, the test that found it.
    found: Vec<(String, Option<String>)>,
    /// How many have to be found and were not, or could not be tried.
    survivors: usize,
}

/// Lets the check look for each, in several arenas at once, and prints what finds it.
fn break_each(work: &[Breakage], jobs: Vec<Arena>, check: &Check, tests: &[Test]) -> Outcome {
    let next = Mutex::new(work.iter());
    let take = || next.lock().unwrap_or_else(PoisonError::into_inner).next();
    let (done, outcomes) = mpsc::channel();
    let mut all = Outcome { found: Vec::new(), survivors: 0 };
    thread::scope(|scope| {
        for arena in jobs {
            let done = done.clone();
            scope.spawn(move || {
                while let Some(breakage) = take() {
                    let outcome = breakage.found_by(&arena, check, tests);
                    done.send((breakage, outcome)).expect("they are received until all are done");
                }
            });
        }
        drop(done);
        for (number, (breakage, outcome)) in (1..).zip(outcomes) {
            let (name, must) = (breakage.name(), breakage.must_be_found(check));
            let outcome_text = match &outcome {
                Ok(Some(test)) if must => test,
                Ok(Some(test)) => &format!("{test} (not recorded)"),
                Ok(None) if must => "SURVIVED",
                Ok(None) => "not found",
                Err(error) => &format!("NOT TRIED: {error:#}"),
            };
            println!("{number:>3}/{} {name:<84} {outcome_text}", work.len());
            all.survivors +=
                usize::from(outcome.as_ref().map_or(true, |test| must && test.is_none()));
            all.found.extend(outcome.ok().map(|test| (name.to_owned(), test)));
        }
    });
    let found = all.found.iter().filter(|(_, test)| test.is_some()).count();
    println!("{found} of {} found by {}; {} survived", work.len(), check.name, all.survivors);
    all
}

/// Is what each fault replaces there, and each check that has to find it?
fn check_faults(faults: &[Fault], arena: &Arena) -> Result<()> {
    for fault in faults {
        arena.mend()?;
        fault.apply(&arena.src())?;
        for check in fault.found_by.keys() {
            Check::named(check).map_err(anyhow::Error::msg).with_context(|| fault.name.clone())?;
        }
    }
    Ok(())
}

/// The faults are those of the source.
#[test]
fn faults_are_current() {
    let copy = tempfile::tempdir().unwrap();
    let arena = Arena::new(copy.path().to_owned(), Path::new(ROOT)).unwrap();
    check_faults(&faults::read().unwrap(), &arena).unwrap();
}
