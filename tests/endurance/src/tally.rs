//! What has happened in all worlds so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Count {
    Worlds,
    Sent,
    // The fates of a value.
    Received,
    Displaced,
    HandedBack,
    Withdrawn,
    Unwanted,
    Lost,
    Left,
    Published,
    // The fates of a value of `buffer`.
    Taken,
    Replaced,
    LeftInBuffer,
    Changes,
    Reported,
    Skipped,
    Reopened,
    /// Waits that ended by a timeout, or whose future was dropped or forgotten.
    GivenUp,
    Panics,
}

/// The lines of the report, by `Count`.
const LINES: [&str; Count::Panics as usize + 1] = [
    "worlds",
    "channel: values sent",
    "  = received",
    "  + displaced",
    "  + handed back by a channel without receivers",
    "  + taken back by a sender",
    "  + not wanted by a predicate",
    "  + lost to a panic",
    "  + left, and dropped with the channel",
    "buffer: values published",
    "  = taken",
    "  + replaced",
    "  + left, and dropped with the buffer",
    "watch: changes",
    "  reported, of all receivers",
    "  skipped, of all receivers",
    "  channels opened again",
    "waits given up",
    "panics caught",
];

static COUNTS: [AtomicU64; LINES.len()] = [const { AtomicU64::new(0) }; LINES.len()];

impl Count {
    /// Adds to the count, and returns what it was before.
    pub(crate) fn add(self, number: u64) -> u64 {
        COUNTS[self as usize].fetch_add(number, Relaxed)
    }

    pub(crate) fn get(self) -> u64 {
        COUNTS[self as usize].load(Relaxed)
    }
}

/// Adds to several counts.
pub(crate) fn add(counts: &[(Count, usize)]) {
    for (count, number) in counts {
        count.add(*number as u64);
    }
}

/// Prints all counts.
pub(crate) fn report() {
    for (line, count) in LINES.into_iter().zip(&COUNTS) {
        println!("{line:<48}{:>14}", count.load(Relaxed));
    }
}
