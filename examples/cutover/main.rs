//! The outage this crate comes from, and its cures, played with threads.
//!
//! gh-ost migrates a table by copying it and applying the changes that meanwhile come in over the binary log. To cut
//! over, its migrator locks the table, writes a challenge to the log, and waits for the worker to send it back: then all
//! events up to the lock are applied. What happens when the worker is late depends on the channel between the two.
//!
//! ```console
//! cargo run --release --example cutover
//! cargo run --release --example cutover -- --help
//! ```
//!
//! `gh_ost.rs` is the model of gh-ost, fed by `events.rs`. `channels.rs` holds the channels, and `child.rs` contains the
//! one that is too large. `play.rs` plays and judges, and `report.rs` says what came of it.

#![forbid(unsafe_code)]

mod channels;
mod child;
mod events;
mod gh_ost;
mod options;
mod play;
mod report;

use clap::Parser;
use events::Events;
use options::Options;
use play::{Play, late_order};
use std::{
    fs::File,
    io::{self, Write},
    process::ExitCode,
};

fn main() -> ExitCode {
    let (status, what) = match run() {
        Ok(kept) => return ExitCode::from(u8::from(!kept)),
        Err(failure) => failure,
    };
    // One line, even if a name that it repeats holds several.
    let what = what.lines().collect::<Vec<_>>().join(" ");
    let _closed = writeln!(io::stderr(), "cutover: {what}");
    ExitCode::from(status)
}

/// Fails with an exit status and its reason.
fn run() -> Result<bool, (u8, String)> {
    let mut options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if error.use_stderr() => return Err((2, options::complaint(&error))),
        Err(help) => {
            let _closed = write!(io::stdout(), "{help}");
            return Ok(true);
        }
    };
    if options.in_child {
        child::build(options.max_retries);
        return Ok(true);
    }
    options.attempts = options.attempts.min(options.max_retries.try_into().unwrap_or(usize::MAX));
    // Nothing is played or printed before all that was asked for is known to be possible.
    let events = Events::new(&options).map_err(|what| (2, what))?;
    let trace = report::create_trace(&options).map_err(|what| (2, what))?;
    // The reader may be gone, or the disk full.
    play_all(&options, &events, trace)
        .map_err(|error| (1, format!("the results cannot be written: {error}")))
}

/// Returns `true` if the overwrite channel was played and kept every promise.
fn play_all(options: &Options, events: &Events, mut trace: Option<File>) -> io::Result<bool> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", report::introduction(options, events))?;
    let mut orders = vec![("in-order", Vec::new())];
    // Without an attempt that timed out, there is no older sentinel that could be overtaken.
    if options.stall > 0 {
        orders.push(("overtaken", late_order(options.stall, options.seed)));
    }
    let (mut results, mut kept) = (Vec::new(), Vec::new());
    for (order, late_order) in &orders {
        writeln!(out, "{}", report::head(late_order))?;
        for policy in options.policies() {
            let played = (policy, Play::run(policy, options, events, late_order));
            if let Some(file) = &mut trace {
                report::trace(file, order, &played)?;
            }
            writeln!(out, "{}", report::row(&played))?;
            kept.extend(played.1.kept_promise(policy));
            results.push(played);
        }
    }
    let summary = [report::notes(&results), report::conclusion(options, &results)].join("\n\n");
    writeln!(out, "\n{}", summary.trim_start())?;
    if kept.is_empty() {
        writeln!(out, "The overwrite channel was not played, so the exit status is 1.")?;
    }
    Ok(!kept.is_empty() && !kept.contains(&false))
}
