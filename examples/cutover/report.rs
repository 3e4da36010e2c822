//! What is printed, and the file of `--trace`.

use crate::{
    channels::Policy,
    events::Events,
    options::Options,
    play::{Halt, Played, Record},
};
use clap::ValueEnum;
use std::{
    fs::{self, File},
    io::{self, Write},
    time::Duration,
};

/// Returns the name of a policy, and its number of places.
fn label(policy: Policy) -> [&'static str; 2] {
    match policy {
        Policy::Rendezvous => ["rendezvous", " (0 places)"],
        Policy::Bounded => ["bounded", " (max-retries)"],
        Policy::DropNewest => ["drop-newest", " (1 place)"],
        Policy::DrainThenSend => ["drain-then-send", " (1 place)"],
        Policy::Send => ["overwrite send", ""],
        Policy::SendNewest => ["overwrite send_newest", ""],
    }
}

pub(crate) fn introduction(options: &Options, events: &Events) -> String {
    let Options { max_retries, attempts, timeout, seed, .. } = options;
    let stall = match options.stall {
        0 => String::new(),
        1 => String::from("the worker stalls until attempt 1 has timed out; after that "),
        last => format!("the worker stalls until attempts 1 to {last} have timed out; after that "),
    };
    let faults = format!("faults: {stall}each sentinel is sent before the migrator looks for it");
    let faults = wrapped(&faults);
    let source = match &options.events {
        Some(path) => format!("recorded over {} s, from {}", events.seconds, path.display()),
        None => String::from("generated"),
    };
    let (rows, tables) = (events.rows.len(), events.tables);
    format!(
        "gh-ost's cut-over, with each channel that people have put between worker and migrator.

An attempt locks the table and writes a challenge to the log. Once the worker has applied all events
before the challenge, it sends it back: the sentinel. An attempt that does not receive exactly its
own sentinel in time unlocks, and the next attempt starts. A timeout is false if it had been sent.

seed {seed}; at most {attempts} attempts of {timeout:?} (--max-retries {max_retries})
{faults}
rows: {rows} in {tables} tables, {source}"
    )
}

pub(crate) fn head(late_order: &[usize]) -> String {
    let title = match late_order {
        [] => String::from("1. Sentinels arrive in order"),
        [first, held @ ..] => format!(
            "2. Sentinels overtake: that of attempt {first} arrives, and then {} of {}",
            if held.len() == 1 { "that" } else { "those" },
            listed(held)
        ),
    };
    format!(
        "\n{title}\n
                           attempts    false   stale    worker   peak
channel                        used timeouts skipped   blocked  bytes  outcome"
    )
}

pub(crate) fn row((policy, record): &Played) -> String {
    let [attempts, timeouts, skipped, blocked, bytes] = match record.death {
        Some(_) => ["-"; 5].map(String::from),
        None => [
            record.deadlines.len().to_string(),
            record.false_timeouts().len().to_string(),
            record.skipped.to_string(),
            match record.blocked {
                _ if record.blocked_for_ever() => "for ever".into(),
                time => format!("{time:.1?}"),
            },
            record.peak_bytes.to_string(),
        ],
    };
    let (label, outcome) = (label(*policy).concat(), verdict(*policy, record).0);
    format!(
        "{label:26} {attempts:>8} {timeouts:>8} {skipped:>7} {blocked:>9} {bytes:>6}  {outcome}"
    )
}

/// Explains each mishap once.
pub(crate) fn notes(results: &[Played]) -> String {
    let mut notes = Vec::new();
    for (policy, record) in results {
        let why = verdict(*policy, record).1;
        let note = why.map(|why| wrapped(&format!("{}: {why}.", label(*policy)[0])));
        notes.extend(note.filter(|note| !notes.contains(note)));
    }
    notes.join("\n")
}

/// Returns the outcome of a play, and how it came to a mishap.
fn verdict(policy: Policy, record: &Record) -> (String, Option<&str>) {
    let false_timeouts = record.false_timeouts();
    let all_overtaken = !false_timeouts.contains(&false);
    let outcome = match (&record.death, false_timeouts.len()) {
        (Some(death), _) => return (death.cause.clone(), Some(&death.details)),
        _ if record.blocked_for_ever() && record.cut_over() => {
            let why = "the migrator never receives the older sentinel, so the worker never leaves \
                       its send";
            return ("cut over, worker stuck".into(), Some(why));
        }
        _ if record.blocked_for_ever() => {
            let why = "after a timeout the migrator does not receive, so the worker never leaves \
                       its send. The events queue fills up, the streamer waits for room, and while \
                       the log is not read, no attempt starts";
            return ("worker blocked for ever".into(), Some(why));
        }
        _ if record.halt == Some(Halt::TooSlow) => "given up, machine too slow".into(),
        _ if !record.cut_over() => "not cut over".into(),
        (None, 0) => "cut over at the first chance".into(),
        (None, 1) => "cut over 1 attempt late".into(),
        (None, late) => format!("cut over {late} attempts late"),
    };
    let why = match policy {
        _ if false_timeouts.is_empty() => return (outcome, None),
        Policy::DropNewest => {
            "an older sentinel lay in the buffer, so the right sentinel was dropped"
        }
        Policy::DrainThenSend if all_overtaken => {
            "the latest to arrive stays, so an older sentinel took the place of the right sentinel"
        }
        Policy::DrainThenSend => "the right sentinel was lost between the three steps of a send",
        Policy::Send if all_overtaken => {
            "the latest to arrive stays, as promised, so an older sentinel took the place of the \
             right sentinel; send_newest is for that"
        }
        _ => "the right sentinel was lost, which must never happen",
    };
    (outcome, Some(why))
}

/// Says in one sentence what happened.
pub(crate) fn conclusion(options: &Options, results: &[Played]) -> String {
    if options.attempts <= options.stall {
        return "What this run shows: nothing, for the worker stalled through every attempt."
            .into();
    }
    let mut groups = [const { Vec::new() }; 3];
    for policy in options.policies() {
        let plays = results.iter().filter(|(played, _)| *played == policy);
        let on_time = plays.map(|(_, record)| record.on_time());
        let group = match on_time.collect::<Vec<_>>()[..] {
            [true] | [true, true] => 0,
            [true, false] => 1,
            _ => 2,
        };
        groups[group].push(label(policy)[0]);
    }
    let only = if groups[0].is_empty() || groups[1..].concat().is_empty() { "" } else { "only " };
    let both = if options.stall == 0 { "" } else { " in both plays" };
    let always = format!("cut over on the first attempt that could succeed{both}");
    let shown = [&always, "did while sentinels arrived in order", "failed or came late"];
    let shown = groups.iter().zip(shown).filter(|(group, _)| !group.is_empty());
    let shown: Vec<_> = shown.map(|(group, did)| format!("{} {did}", listed(group))).collect();
    wrapped(&format!("What this run shows: {only}{}.", shown.join("; ")))
}

fn listed(items: &[impl ToString]) -> String {
    let items: Vec<_> = items.iter().map(ToString::to_string).collect();
    match &items[..] {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        _ => items.concat(),
    }
}

/// Breaks into lines of at most 100 characters, if no word is longer.
fn wrapped(text: &str) -> String {
    text.split(' ').fold(String::new(), |lines, word| {
        match lines.rsplit('\n').next().map_or(0, str::len) {
            0 => lines + word,
            width if width + word.len() < 100 => lines + " " + word,
            _ => lines + "\n" + word,
        }
    })
}

/// Creates the file of `--trace`, if it was asked for; refuses the file of `--events`.
pub(crate) fn create_trace(options: &Options) -> Result<Option<File>, String> {
    let Some(path) = &options.trace else { return Ok(None) };
    let refuse = |why: String| format!("--trace {}: expected {why}", path.display());
    let events = options.events.as_ref().and_then(|events| fs::canonicalize(events).ok());
    if events.is_some() && events == fs::canonicalize(path).ok() {
        return Err(refuse("another file than that of --events".into()));
    }
    let created = File::create(path);
    created.map(Some).map_err(|error| refuse(format!("a file that can be written: {error}")))
}

/// Appends a play to the trace: elapsed time, actor, what.
pub(crate) fn trace(file: &mut File, order: &str, (policy, record): &Played) -> io::Result<()> {
    let mut notes = record.notes.clone();
    notes.sort_by_key(|(elapsed, ..)| *elapsed);
    let policy = policy.to_possible_value().unwrap();
    notes.insert(0, (Duration::ZERO, "play", format!("{}, {order}", policy.get_name())));
    notes.iter().try_for_each(|(elapsed, actor, what)| {
        writeln!(file, "{:>12.3} ms  {actor:8}  {what}", elapsed.as_secs_f64() * 1_000.0)
    })
}
