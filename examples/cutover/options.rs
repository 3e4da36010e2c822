//! The command line.

#![forbid(unsafe_code)]

use crate::{child, policies::Policy};
use clap::{Parser, ValueEnum, error::ErrorKind};
use std::{
    ffi::OsString, fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration,
};

/// Plays gh-ost's cut-over with each channel that people have put between its worker and its
/// migrator.
///
/// Each actor is a thread. A streamer feeds an events queue of 1,000 entries with row events and
/// sentinels. A worker takes them in order, applies the rows, and sends the sentinels through the
/// channel in question. A migrator writes a challenge for each attempt, and waits until its
/// deadline for exactly the sentinel with that challenge.
///
/// Exit status: 0 only if the overwrite channel was played, and each of its policies that was
/// played cut over on the first attempt that could succeed; 1 if not; 2 for bad input. An attempt
/// can succeed if its sentinel is sent before its deadline. For `send`, which keeps the latest to
/// arrive, no older sentinel may have been sent after it: that is what `send-newest` is for.
#[derive(Parser)]
#[command(name = "cutover", verbatim_doc_comment)]
pub(crate) struct Options {
    /// How many attempts a migration may make, and the room of the `bounded` channel.
    #[arg(long, value_name = "NUMBER", default_value_t = 9_999_999_999_999)]
    #[arg(value_parser = whole::<u64>(1..=u64::MAX))]
    pub(crate) max_retries: u64,

    /// Maximum number of attempts to play.
    #[arg(long, value_name = "NUMBER", default_value_t = 6, value_parser = whole::<u32>(1..=1_000))]
    pub(crate) attempts: u32,

    /// How many attempts time out because the worker stalls.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = whole::<u32>(0..=1_000))]
    pub(crate) stall: u32,

    /// How long an attempt waits, from 1ms to 60s, such as 250ms or 1.5s.
    #[arg(long, value_name = "DURATION", default_value = "250ms", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// Decides what rows are generated, how many come before each attempt, and which sentinels are
    /// overtaken.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, verbatim_doc_comment)]
    #[arg(value_parser = whole::<u64>(0..=u64::MAX))]
    pub(crate) seed: u64,

    /// Plays only this policy; may be given several times.
    #[arg(long = "policy", value_name = "POLICY")]
    pub(crate) policies: Vec<Policy>,

    /// Writes what happened to this file, one line an event: elapsed time, actor, what. Rows that
    /// were applied in one go are one event.
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub(crate) trace: Option<PathBuf>,

    /// Replays row events from this file instead of generated ones, and again from its beginning
    /// when it ends. Its lines are `timestamp,table,op`: whole Unix seconds, a name, and one of
    /// insert, update and delete.
    #[arg(long, value_name = "FILE", verbatim_doc_comment)]
    pub(crate) events: Option<PathBuf>,

    #[arg(long = child::OPTION, hide = true)]
    pub(crate) in_child: bool,
}

impl Options {
    /// The options, or the text to print and the status to exit with.
    pub(crate) fn parse_from_args(args: impl Iterator<Item = OsString>) -> Result<Self, Refusal> {
        Self::try_parse_from(args).map_err(|error| {
            let text = error.render().to_string();
            match error.kind() {
                ErrorKind::DisplayHelp => Refusal::Help(text),
                _ => Refusal::Wrong(one_line(&text)),
            }
        })
    }

    pub(crate) fn policies(&self) -> impl Iterator<Item = Policy> {
        let all = Policy::value_variants().iter().copied();
        all.filter(|name| self.policies.is_empty() || self.policies.contains(name))
    }
}

pub(crate) enum Refusal {
    Help(String),
    Wrong(String),
}

/// clap says what is wrong, what it would take, and then how everything is used.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim);
    let rest = |line: &str| ["Usage:", "tip:", "For more"].iter().any(|tag| line.starts_with(tag));
    let said = lines.take_while(|line| !rest(line)).filter(|line| !line.is_empty());
    let said = said.collect::<Vec<_>>().join(" ").trim_start_matches("error: ").to_owned();
    if [": expected", "possible values:"].iter().any(|tag| said.contains(tag)) {
        return said;
    }
    said + "; expected what --help says"
}

fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("expected a whole number from {} to {}", range.start(), range.end())),
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let seconds = match text.strip_suffix("ms") {
        Some(number) => number.parse::<f64>().map(|number| number / 1_000.0),
        None => text.strip_suffix('s').unwrap_or_default().parse::<f64>(),
    };
    seconds
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|duration| (Duration::from_millis(1)..=Duration::from_secs(60)).contains(duration))
        .ok_or_else(|| String::from("expected a duration from 1ms to 60s, such as 250ms or 1.5s"))
}
