//! Weakens every atomic ordering of the crate by one step, one at a time, and shows which loom model fails; and
//! does the same with known faults of the protocol. What survives is a missing model, or an ordering that is
//! stronger than it need be.
//!
//! ```text
//! cargo run -p ordering-mutants                  # all, and write the table
//! cargo run -p ordering-mutants -- --only slot   # those whose name contains it
//! cargo run -p ordering-mutants -- --check       # is the table that of the source? A moment
//! ```

mod arena;
mod faults;
mod sites;
mod table;

use anyhow::{Context, Result, ensure};
use arena::{Arena, Model};
use clap::Parser;
use indicatif::{ProgressBar, ProgressStyle};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::{Mutex, PoisonError},
    thread,
};
use table::Table;

/// Weakens every atomic ordering of the crate, and brings known faults back: which model fails?
#[derive(Parser)]
#[command(name = "ordering-mutants")]
struct Options {
    /// Only what has this in its name.
    #[arg(long, default_value = "")]
    only: String,
    /// Run nothing; fail if the table is not that of the source.
    #[arg(long)]
    check: bool,
    /// How many run at once.
    #[arg(long, default_value_t = thread::available_parallelism().map_or(1, usize::from))]
    jobs: usize,
}

/// Where everything is.
struct Paths {
    root: PathBuf,
    table: PathBuf,
    faults: PathBuf,
    page: PathBuf,
}

impl Paths {
    fn new() -> Self {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let root = here.ancestors().nth(2).expect("this package is two folders deep").to_owned();
        Self {
            table: here.join("orderings.toml"),
            faults: here.join("faults.toml"),
            page: root.join("docs/memory-ordering.md"),
            root,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let paths = Paths::new();
    let result = if options.check { check(&paths).map(|()| true) } else { run(&options, &paths) };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Is the table that of the source, and the page that of the table?
fn check(paths: &Paths) -> Result<()> {
    let mutants = sites::mutants(&paths.root.join("src"))?;
    ensure!(!mutants.is_empty(), "no ordering was found");
    let table = Table::read(&paths.table)?;
    table.check(&mutants)?;
    let page = fs::read_to_string(&paths.page)?;
    ensure!(
        table.renewed(&mutants).written_into(&page, &mutants)? == page,
        "docs/memory-ordering.md is not what the table says: run `cargo run -p ordering-mutants`"
    );
    check_faults(paths)
}

/// Is what each fault replaces there?
fn check_faults(paths: &Paths) -> Result<()> {
    let src = tempfile::tempdir()?;
    for fault in faults::read(&paths.faults)? {
        let arena = Arena::new(src.path().to_owned(), &paths.root)?;
        fault.apply(&arena.src())?;
    }
    Ok(())
}

/// Something to break the crate by.
enum Breakage {
    Mutant(usize),
    Fault(faults::Fault),
}

/// What has become of one.
enum Outcome {
    Caught(String),
    Survived,
    /// By the table's own reason.
    Unseen,
    /// It does not compile, for instance.
    Untried(anyhow::Error),
}

impl Outcome {
    fn tell(&self, name: &str) {
        let told = match self {
            Self::Caught(model) => model.as_str(),
            Self::Unseen => "no model: see the table",
            Self::Survived => "SURVIVED",
            Self::Untried(_) => "NOT TRIED",
        };
        println!("{name:<84} {told}");
        if let Self::Untried(error) = self {
            println!("{error:#}");
        }
    }
}

/// Runs what is asked for. False if something survived, or could not be tried.
fn run(options: &Options, paths: &Paths) -> Result<bool> {
    check_faults(paths)?;
    // Whoever edits the source meanwhile is not in the way.
    let arenas = paths.root.join("target/ordering-mutants");
    let original = arenas.join("original");
    let mutants = sites::mutants(&Arena::new(original.clone(), &paths.root)?.src())?;
    let mut table = Table::read(&paths.table).unwrap_or_default().renewed(&mutants);
    let mut work = Vec::new();
    for (index, mutant) in mutants.iter().enumerate() {
        work.push((mutant.name(), Breakage::Mutant(index)));
    }
    for fault in faults::read(&paths.faults)? {
        work.push((fault.name.clone(), Breakage::Fault(fault)));
    }
    work.retain(|(name, _)| name.contains(&options.only));
    ensure!(!work.is_empty(), "nothing has {:?} in its name", options.only);

    let bar = ProgressBar::new(work.len() as u64);
    bar.set_style(ProgressStyle::with_template("{bar:30} {pos}/{len} {elapsed} {wide_msg}")?);
    let arena = |job: usize| Arena::new(arenas.join(job.to_string()), &original);
    bar.set_message("the models of the crate as it is");
    let models = arena(0)?.build()?.models(|name| bar.set_message(name.to_owned()))?;

    let outcomes = Mutex::new(work.iter().map(|_| None).collect::<Vec<_>>());
    let next = Mutex::new(work.iter().enumerate());
    thread::scope(|scope| {
        let jobs = (0..options.jobs.clamp(1, work.len())).map(|job| {
            let (next, outcomes, bar, models, table, mutants) =
                (&next, &outcomes, &bar, &models, &table, &mutants);
            scope.spawn(move || -> Result<()> {
                let arena = arena(job)?;
                loop {
                    let taken = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                    let Some((index, (name, breakage))) = taken else { return Ok(()) };
                    bar.set_message(name.clone());
                    arena.mend()?;
                    let (entry, applied) = match breakage {
                        Breakage::Mutant(at) => {
                            (Some(&table.ordering[*at]), mutants[*at].apply(&arena.src()))
                        }
                        Breakage::Fault(fault) => (None, fault.apply(&arena.src())),
                    };
                    applied.with_context(|| name.clone())?;
                    let likely = entry.and_then(|entry| entry.caught_by.as_deref());
                    let outcome = match first_failure(&arena, models, likely) {
                        Ok(Some(model)) => Outcome::Caught(model),
                        Ok(None) if entry.is_some_and(|entry| entry.unseen.is_some()) => {
                            Outcome::Unseen
                        }
                        Ok(None) => Outcome::Survived,
                        Err(error) => Outcome::Untried(error),
                    };
                    bar.suspend(|| outcome.tell(name));
                    outcomes.lock().unwrap_or_else(PoisonError::into_inner)[index] = Some(outcome);
                    bar.inc(1);
                }
            })
        });
        let jobs = jobs.collect::<Vec<_>>();
        jobs.into_iter().try_for_each(|job| job.join().expect("a job does not panic"))
    })?;
    bar.finish_and_clear();

    let outcomes = outcomes.into_inner().unwrap_or_else(PoisonError::into_inner);
    let mut survivors = 0;
    for ((name, breakage), outcome) in work.iter().zip(outcomes) {
        let outcome = outcome.context("a job ended early")?;
        survivors += usize::from(matches!(outcome, Outcome::Survived | Outcome::Untried(_)));
        if let Breakage::Mutant(at) = breakage {
            let entry = &mut table.ordering[*at];
            match outcome {
                Outcome::Caught(model) => {
                    if entry.unseen.take().is_some() {
                        println!("{name:<84} (a model does see it: the reason is taken out)");
                    }
                    entry.caught_by = Some(model);
                }
                Outcome::Survived | Outcome::Unseen => entry.caught_by = None,
                Outcome::Untried(_) => {}
            }
        }
    }
    println!("{} broken, {survivors} survived.", work.len());
    table.write(&paths.table)?;
    let page = fs::read_to_string(&paths.page)?;
    fs::write(&paths.page, table.written_into(&page, &mutants)?)?;
    Ok(survivors == 0)
}

/// The name of a model that fails; the one that failed the last time is tried first, then the shortest.
fn first_failure(arena: &Arena, models: &[Model], likely: Option<&str>) -> Result<Option<String>> {
    let is_likely = |model: &&Model| likely == Some(model.name.as_str());
    let others = models.iter().filter(|model| !is_likely(model));
    let models = models.iter().filter(is_likely).chain(others);
    Ok(arena.build()?.first_failure(models)?.map(|model| model.name.clone()))
}

/// The table that is kept is that of the source.
#[test]
fn table_is_current() {
    check(&Paths::new()).unwrap();
}
