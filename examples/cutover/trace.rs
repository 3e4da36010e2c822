//! The file of `--trace`.

#![forbid(unsafe_code)]

use crate::{judge::Played, options::Options};
use clap::ValueEnum;
use std::{
    fs::{self, File},
    io::{self, Write},
    time::Duration,
};

/// Creates the file, if it was asked for; refuses the file of `--events`.
pub(crate) fn create(options: &Options) -> Result<Option<File>, String> {
    let Some(path) = &options.trace else { return Ok(None) };
    let refuse = |why: String| format!("--trace {}: expected {why}", path.display());
    let events = options.events.as_ref().and_then(|events| fs::canonicalize(events).ok());
    if events.is_some() && events == fs::canonicalize(path).ok() {
        return Err(refuse("another file than that of --events".into()));
    }
    let created = File::create(path);
    created.map(Some).map_err(|error| refuse(format!("a file that can be written: {error}")))
}

/// Appends a play: elapsed time, actor, what.
pub(crate) fn write(file: &mut File, order: &str, (policy, played): &Played) -> io::Result<()> {
    let mut notes = match played {
        Ok(record) => record.notes.clone(),
        Err(death) => vec![(Duration::ZERO, "child", death.details.clone())],
    };
    notes.sort_by_key(|(elapsed, ..)| *elapsed);
    let policy = policy.to_possible_value().unwrap();
    notes.insert(0, (Duration::ZERO, "play", format!("{}, {order}", policy.get_name())));
    notes.iter().try_for_each(|(elapsed, actor, what)| {
        writeln!(file, "{:>12.3} ms  {actor:8}  {what}", elapsed.as_secs_f64() * 1_000.0)
    })
}
