//! The command line.

use crate::{channels::Policy, child};
use clap::{Parser, ValueEnum};
use std::{fmt::Display, ops::RangeInclusive, path::PathBuf, str::FromStr, time::Duration};
use support::arguments::duration;

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
    #[arg(value_parser = whole(1..=u64::MAX))]
    pub(crate) max_retries: u64,

    /// Maximum number of attempts to play.
    #[arg(long, value_name = "NUMBER", default_value_t = 6, value_parser = whole(1..=1_000_usize))]
    pub(crate) attempts: usize,

    /// How many attempts time out because the worker stalls.
    #[arg(long, value_name = "NUMBER", default_value_t = 3, value_parser = whole(0..=1_000_usize))]
    pub(crate) stall: usize,

    /// How long an attempt waits, from 1ms to 60s, such as 250ms or 1.5s.
    #[arg(long, value_name = "DURATION", default_value = "250ms", value_parser = duration)]
    pub(crate) timeout: Duration,

    /// Decides what rows are generated, how many come before each attempt, and which sentinels are
    /// overtaken.
    #[arg(long, value_name = "NUMBER", default_value_t = 1, verbatim_doc_comment)]
    #[arg(value_parser = whole(0..=u64::MAX))]
    pub(crate) seed: u64,

    /// Plays only this policy; may be given several times.
    #[arg(long = "policy", value_name = "POLICY")]
    policies: Vec<Policy>,

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
    pub(crate) fn policies(&self) -> impl Iterator<Item = Policy> {
        let all = Policy::value_variants().iter().copied();
        all.filter(|policy| self.policies.is_empty() || self.policies.contains(policy))
    }
}

/// Shortens clap's message, of which the first paragraph says what is wrong.
pub(crate) fn complaint(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.trim_start_matches("error: ").lines().map(str::trim);
    let said = lines.take_while(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
    let complete = [": expected", "possible values:"].iter().any(|hint| said.contains(hint));
    if complete { said } else { said + "; expected what --help says" }
}

fn whole<N>(range: RangeInclusive<N>) -> impl Fn(&str) -> Result<N, String> + Clone
where
    N: FromStr + PartialOrd + Display + Clone,
{
    move |text| {
        let number = text.parse().ok().filter(|number| range.contains(number));
        number.ok_or(format!("expected a whole number from {} to {}", range.start(), range.end()))
    }
}
