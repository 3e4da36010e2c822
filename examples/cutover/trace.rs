//! What happened when, kept in memory until a play is over.

#![forbid(unsafe_code)]

use crate::{child::Death, policies::Policy, report::Report, setting::Order};
use clap::{ValueEnum, builder::PossibleValue};
use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

pub(crate) struct Line {
    pub(crate) elapsed: Duration,
    pub(crate) actor: &'static str,
    pub(crate) what: String,
}

/// The notes of one play; made without `--trace`, it costs nothing and keeps nothing.
pub(crate) struct Trace {
    started: Instant,
    lines: Option<Mutex<Vec<Line>>>,
}

impl Trace {
    pub(crate) fn new(wanted: bool) -> Self {
        Self { started: Instant::now(), lines: wanted.then(Mutex::default) }
    }

    pub(crate) fn note(&self, actor: &'static str, what: impl FnOnce() -> String) {
        self.note_at(Instant::now(), actor, what);
    }

    pub(crate) fn note_at(
        &self,
        when: Instant,
        actor: &'static str,
        what: impl FnOnce() -> String,
    ) {
        if let Some(lines) = &self.lines {
            let elapsed = when.saturating_duration_since(self.started);
            let line = Line { elapsed, actor, what: what() };
            lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
    }

    /// The notes in the order of time.
    pub(crate) fn into_lines(self) -> Vec<Line> {
        let lines = self.lines.map(Mutex::into_inner).transpose();
        let mut lines = lines.unwrap_or_else(|poisoned| Some(poisoned.into_inner()));
        let lines = lines.get_or_insert_default();
        lines.sort_by_key(|line| line.elapsed);
        std::mem::take(lines)
    }
}

/// Appends a play to the file: elapsed time, actor, what.
pub(crate) fn write(
    file: &mut impl Write,
    policy: Policy,
    order: Order,
    played: &Result<(Report, Vec<Line>), Death>,
) -> io::Result<()> {
    let name = |value: Option<PossibleValue>| value.map_or(String::new(), |v| v.get_name().into());
    let (policy, order) = (name(policy.to_possible_value()), name(order.to_possible_value()));
    let mut put = |elapsed: Duration, actor: &str, what: &str| {
        let millis = elapsed.as_secs_f64() * 1_000.0;
        writeln!(file, "{millis:>12.3} ms  {actor:8}  {what}")
    };
    put(Duration::ZERO, "play", &format!("{policy}, {order}"))?;
    match played {
        Ok((_, lines)) => {
            lines.iter().try_for_each(|line| put(line.elapsed, line.actor, &line.what))
        }
        Err(death) => put(Duration::ZERO, "child", &death.details),
    }
}
