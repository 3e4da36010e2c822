//! What has happened in all worlds so far.

use Count::*;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Count {
    Worlds,
    Sent,
    Received,
    Displaced,
    HandedBack,
    Unwanted,
    Lost,
    Left,
    Changes,
    Reported,
    Skipped,
    Reopened,
    /// Waits that ended by a timeout, or whose future was dropped or forgotten.
    GivenUp,
    Panics,
}

static COUNTS: [AtomicU64; Panics as usize + 1] =
    [const { AtomicU64::new(0) }; Panics as usize + 1];

impl Count {
    /// Adds to the count, and returns what it was before.
    pub(crate) fn add(self, number: u64) -> u64 {
        COUNTS[self as usize].fetch_add(number, Relaxed)
    }

    pub(crate) fn get(self) -> u64 {
        COUNTS[self as usize].load(Relaxed)
    }
}

/// Prints all counts.
pub(crate) fn report() {
    for (name, count, remark) in [
        ("worlds", Some(Worlds), ""),
        ("channel", None, ""),
        ("  sent", Some(Sent), ""),
        ("  = received", Some(Received), ""),
        ("  + displaced", Some(Displaced), ""),
        ("  + handed back", Some(HandedBack), "  (no receiver was left)"),
        ("  + not wanted", Some(Unwanted), "  (by a predicate)"),
        ("  + lost to a panic", Some(Lost), "  (at most one to each)"),
        ("  + left", Some(Left), "  (dropped with their channel)"),
        ("watch", None, ""),
        ("  changes", Some(Changes), ""),
        ("  reported", Some(Reported), "  (of all receivers)"),
        ("  skipped", Some(Skipped), ""),
        ("  opened again", Some(Reopened), ""),
        ("waits given up", Some(GivenUp), ""),
        ("panics caught", Some(Panics), ""),
    ] {
        match count {
            Some(count) => println!("{name:<20}{:>14}{remark}", count.get()),
            None => println!("{name}"),
        }
    }
}
