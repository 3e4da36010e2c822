//! What a person reads.

#![forbid(unsafe_code)]

use crate::{
    child::Death,
    policies::Policy,
    report::Report,
    setting::{Order, Setting},
};
use std::io::{self, Write};

/// One row: a policy in one of the plays.
pub(crate) struct Row {
    pub(crate) policy: Policy,
    pub(crate) order: Order,
    pub(crate) played: Result<Report, Death>,
}

pub(crate) fn introduce(out: &mut impl Write, setting: &Setting<'_>, rows: &str) -> io::Result<()> {
    let Setting { max_retries, attempts, timeout, seed, .. } = setting;
    let stall = match setting.faults.stall {
        0 => String::new(),
        1 => String::from("the worker stalls until attempt 1 has timed out; after that "),
        last => format!("the worker stalls until attempts 1 to {last} have timed out; after that "),
    };
    let faults = format!("faults: {stall}each sentinel is sent before the migrator looks for it");
    writeln!(
        out,
        "gh-ost's cut-over, with each channel that people have put between worker and migrator.

An attempt locks the table and writes a challenge to the log. Once the worker has applied all events
before the challenge, it sends it back: the sentinel. An attempt that does not receive exactly its
own sentinel in time unlocks, and the next attempt starts. A timeout is false if it had been sent.

seed {seed}; at most {attempts} attempts of {timeout:?} (--max-retries {max_retries})
{}
rows: {rows}",
        wrapped(&faults),
    )
}

pub(crate) fn head(out: &mut impl Write, order: Order, setting: &Setting<'_>) -> io::Result<()> {
    let title = match order {
        Order::InOrder => String::from("1. Sentinels arrive in order"),
        Order::Overtaken => {
            let first = setting.faults.stall + 1;
            let held: Vec<String> = setting.faults.held_back.iter().map(u32::to_string).collect();
            let that = if held.len() == 1 { "that" } else { "those" };
            let held = listed(&held);
            format!(
                "2. Sentinels overtake: that of attempt {first} arrives, and then {that} of {held}"
            )
        }
    };
    writeln!(
        out,
        "\n{title}\n
                           attempts    false   stale    worker   peak
channel                        used timeouts skipped   blocked  bytes  outcome"
    )
}

impl Row {
    pub(crate) fn print(&self, out: &mut impl Write) -> io::Result<()> {
        let label = self.label();
        match &self.played {
            Ok(report) => {
                let Report { attempts, false_timeouts, skipped, peak_bytes, .. } = report;
                let blocked = if report.blocked_for_ever {
                    String::from("for ever")
                } else {
                    format!("{:.1?}", report.blocked)
                };
                let outcome = outcome(report);
                writeln!(
                    out,
                    "{label:26} {attempts:>8} {false_timeouts:>8} {skipped:>7} {blocked:>9} \
                     {peak_bytes:>6}  {outcome}"
                )?;
            }
            Err(Death { cause, .. }) => {
                writeln!(out, "{label:26} {0:>8} {0:>8} {0:>7} {0:>9} {0:>6}  {cause}", "-")?;
            }
        }
        out.flush()
    }

    fn label(&self) -> String {
        let places = match self.policy {
            Policy::Rendezvous => " (0 places)",
            Policy::Bounded => " (max-retries)",
            Policy::DropNewest | Policy::DrainThenSend => " (1 place)",
            Policy::Send | Policy::SendNewest => "",
        };
        format!("{}{places}", name(self.policy))
    }

    /// What wants more than a word.
    fn note(&self) -> Option<String> {
        let why = match &self.played {
            Err(Death { details, .. }) => details.clone(),
            Ok(report) if report.blocked_for_ever && report.cut_over => String::from(
                "the migrator never receives the older sentinel, so the worker never leaves its \
                 send",
            ),
            Ok(report) if report.blocked_for_ever => String::from(
                "after a timeout the migrator does not receive, so the worker never leaves its \
                 send. The events queue fills up, the streamer waits for room, and while the log is \
                 not read, no attempt starts",
            ),
            Ok(report) => String::from(self.lost(report)?),
        };
        Some(format!("{}: {why}.", name(self.policy)))
    }

    /// Where the sentinel of an attempt that timed out falsely has gone.
    fn lost(&self, report: &Report) -> Option<&'static str> {
        let Report { false_timeouts, overtaken, .. } = report;
        Some(match self.policy {
            _ if *false_timeouts == 0 => return None,
            Policy::DropNewest => {
                "an older sentinel lay in the buffer, so the right sentinel was dropped"
            }
            Policy::DrainThenSend if overtaken == false_timeouts => {
                "the latest to arrive stays, so an older sentinel took the place of the right \
                 sentinel"
            }
            Policy::DrainThenSend => {
                "the right sentinel was lost between the three steps of a send"
            }
            Policy::Send if overtaken == false_timeouts => {
                "the latest to arrive stays, as promised, so an older sentinel took the place of \
                 the right sentinel; send_newest is for that"
            }
            _ => "the right sentinel was lost, which must never happen",
        })
    }
}

fn name(policy: Policy) -> &'static str {
    match policy {
        Policy::Rendezvous => "rendezvous",
        Policy::Bounded => "bounded",
        Policy::DropNewest => "drop-newest",
        Policy::DrainThenSend => "drain-then-send",
        Policy::Send => "overwrite send",
        Policy::SendNewest => "overwrite send_newest",
    }
}

fn outcome(report: &Report) -> String {
    match report {
        Report { cut_over: true, blocked_for_ever: true, .. } => "cut over, worker stuck".into(),
        Report { blocked_for_ever: true, .. } => "worker blocked for ever".into(),
        Report { gave_up: true, .. } => "given up, machine too slow".into(),
        Report { cut_over: false, .. } => "not cut over".into(),
        Report { false_timeouts: 0, .. } => "cut over at the first chance".into(),
        Report { false_timeouts: 1, .. } => "cut over 1 attempt late".into(),
        Report { false_timeouts, .. } => format!("cut over {false_timeouts} attempts late"),
    }
}

/// Explains each mishap once.
pub(crate) fn notes(out: &mut impl Write, rows: &[Row]) -> io::Result<()> {
    let mut told: Vec<String> = Vec::new();
    for note in rows.iter().filter_map(Row::note) {
        if !told.contains(&note) {
            let paragraph = if told.is_empty() { "\n" } else { "" };
            writeln!(out, "{paragraph}{}", wrapped(&note))?;
            told.push(note);
        }
    }
    Ok(())
}

/// One sentence, of what really happened.
pub(crate) fn conclude(
    out: &mut impl Write,
    setting: &Setting<'_>,
    rows: &[Row],
) -> io::Result<()> {
    if setting.attempts <= setting.faults.stall {
        return writeln!(
            out,
            "\nWhat this run shows: nothing, for the worker stalled through every attempt."
        );
    }
    let (mut always, mut in_order, mut others) = (Vec::new(), Vec::new(), Vec::new());
    let mut both = "";
    for Row { policy, .. } in rows.iter().filter(|row| row.order == Order::InOrder) {
        let plays = rows.iter().filter(|row| row.policy == *policy);
        let on_time: Vec<bool> =
            plays.map(|row| row.played.as_ref().is_ok_and(Report::on_time)).collect();
        let group = match on_time[..] {
            [true] | [true, true] => &mut always,
            [true, false] => &mut in_order,
            _ => &mut others,
        };
        group.push(name(*policy).to_owned());
        both = if on_time.len() > 1 { " in both plays" } else { "" };
    }
    let mut parts = Vec::new();
    if !always.is_empty() {
        let only = if in_order.is_empty() && others.is_empty() { "" } else { "only " };
        let always = listed(&always);
        parts
            .push(format!("{only}{always} cut over on the first attempt that could succeed{both}"));
    }
    if !in_order.is_empty() {
        parts.push(format!("{} did while sentinels arrived in order", listed(&in_order)));
    }
    if !others.is_empty() {
        parts.push(format!("{} failed or came late", listed(&others)));
    }
    writeln!(out, "\n{}", wrapped(&format!("What this run shows: {}.", parts.join("; "))))
}

fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// In lines of at most 100 characters, if no word is longer.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut width = 0;
    for word in text.split(' ') {
        if width > 0 && width + 1 + word.len() > 100 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines.push_str(word);
        width += word.len();
    }
    lines
}
