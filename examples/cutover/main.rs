//! The outage this crate comes from, and its cures, played with threads.
//!
//! gh-ost migrates a table by copying it and applying the changes that meanwhile come in over the
//! binary log. To cut over, its migrator locks the table, writes a challenge to the log, and waits
//! for the worker to send it back: then all events up to the lock are applied. What happens when
//! the worker is late depends on the channel between the two.
//!
//! ```console
//! cargo run --release --example cutover
//! cargo run --release --example cutover -- --help
//! ```

mod chance;
mod child;
mod events;
mod memory;
mod migrator;
mod options;
mod play;
mod policies;
mod report;
mod sentinel;
mod setting;
mod stage;
mod streamer;
mod table;
mod trace;
mod worker;

use child::Death;
use events::Events;
use options::{Options, Refusal};
use play::play;
use policies::Policy;
use report::Report;
use setting::{Faults, Order, Setting};
use std::{
    env,
    fs::{self, File},
    io::{self, Write},
    process::ExitCode,
};
use table::Row;
use trace::Line;

fn main() -> ExitCode {
    let options = match Options::parse_from_args(env::args_os()) {
        Ok(options) => options,
        Err(Refusal::Help(text)) => {
            let _closed = write!(io::stdout(), "{text}");
            return ExitCode::SUCCESS;
        }
        Err(Refusal::Wrong(what)) => return bad_input(&what),
    };
    if options.in_child {
        child::build(options.max_retries);
        return ExitCode::SUCCESS;
    }
    // Nothing is played or printed before all that was asked for is known to be possible.
    let events = match read_events(&options) {
        Ok(events) => events,
        Err(what) => return bad_input(&what),
    };
    let mut trace = match open_trace(&options) {
        Ok(trace) => trace,
        Err(what) => return bad_input(&what),
    };
    match run(&options, &events, trace.as_mut(), &mut io::stdout().lock()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            // It was possible at the start: the reader is gone, or the disk is full.
            let _closed = writeln!(io::stderr(), "cutover: the results cannot be written: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bad_input(what: &str) -> ExitCode {
    // One line, even if a name that it repeats holds several.
    let what = what.lines().collect::<Vec<_>>().join(" ");
    let _closed = writeln!(io::stderr(), "cutover: {what}");
    ExitCode::from(2)
}

fn read_events(options: &Options) -> Result<Events, String> {
    let Some(path) = &options.events else {
        return Ok(Events::generated(options.seed));
    };
    Events::read(path).map_err(|wrong| format!("--events {}: {wrong}", path.display()))
}

fn open_trace(options: &Options) -> Result<Option<File>, String> {
    let Some(path) = &options.trace else {
        return Ok(None);
    };
    let same_file = |events: &_| fs::canonicalize(events).ok() == fs::canonicalize(path).ok();
    if path.exists() && options.events.as_ref().is_some_and(same_file) {
        return Err(format!(
            "--trace {}: expected another file than that of --events",
            path.display()
        ));
    }
    let opened = File::create(path);
    opened.map(Some).map_err(|error| {
        format!("--trace {}: expected a file that can be written: {error}", path.display())
    })
}

fn setting<'a>(options: &Options, events: &'a Events, order: Order) -> Setting<'a> {
    let retries = u32::try_from(options.max_retries).unwrap_or(u32::MAX);
    Setting {
        events,
        max_retries: options.max_retries,
        attempts: options.attempts.min(retries),
        timeout: options.timeout,
        faults: Faults::new(order, options.stall, options.seed),
        seed: options.seed,
    }
}

/// Plays everything; did the overwrite channel do what it promises?
fn run(
    options: &Options,
    events: &Events,
    mut trace: Option<&mut File>,
    out: &mut impl Write,
) -> io::Result<bool> {
    let (count, tables) = (events.rows.len(), events.tables.len());
    let source = match &options.events {
        Some(path) => format!("recorded over {} s, from {}", events.seconds(), path.display()),
        None => String::from("generated"),
    };
    let source = format!("{count} in {tables} tables, {source}");
    // Without an attempt that timed out, there is no older sentinel that could be overtaken.
    let orders = if options.stall == 0 { &Order::BOTH[..1] } else { &Order::BOTH };
    let settings = orders.iter().map(|order| (*order, setting(options, events, *order)));
    let settings: Vec<_> = settings.collect();
    table::introduce(out, &settings[0].1, &source)?;
    let mut rows = Vec::new();
    for (order, setting) in &settings {
        let order = *order;
        table::head(out, order, setting)?;
        for policy in options.policies() {
            let played = play_one(policy, setting, trace.is_some());
            if let Some(file) = &mut trace {
                trace::write(file, policy, order, &played)?;
            }
            let played = played.map(|(report, _)| report);
            let row = Row { policy, order, played };
            row.print(out)?;
            rows.push(row);
        }
    }
    table::notes(out, &rows)?;
    table::conclude(out, &settings[0].1, &rows)?;
    let ours: Vec<bool> = rows.iter().filter_map(keeps_its_promise).collect();
    if ours.is_empty() {
        writeln!(out, "The overwrite channel was not played, so the exit status is 1.")?;
    }
    Ok(!ours.is_empty() && ours.iter().all(|kept| *kept))
}

fn play_one(
    policy: Policy,
    setting: &Setting<'_>,
    traced: bool,
) -> Result<(Report, Vec<Line>), Death> {
    if policy == Policy::Bounded {
        child::try_build(setting.max_retries)?;
    }
    Ok(play(policy, setting, traced))
}

/// For the overwrite channel: was the first attempt that could succeed the one that did?
fn keeps_its_promise(row: &Row) -> Option<bool> {
    let report = row.played.as_ref().ok()?;
    match row.policy {
        // It promises to keep the latest to arrive, and that can be an older sentinel.
        Policy::Send => Some(report.on_time_but_for_overtaking()),
        Policy::SendNewest => Some(report.on_time()),
        _ => None,
    }
}
