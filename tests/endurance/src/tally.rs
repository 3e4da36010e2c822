//! What has happened in all worlds so far.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// What is counted.
#[derive(Clone, Copy)]
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

static COUNTS: [AtomicU64; Count::Panics as usize + 1] =
    [const { AtomicU64::new(0) }; Count::Panics as usize + 1];

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
        ("worlds", Some(Count::Worlds), ""),
        ("channel", None, ""),
        ("  sent", Some(Count::Sent), ""),
        ("  = received", Some(Count::Received), ""),
        ("  + displaced", Some(Count::Displaced), ""),
        ("  + handed back", Some(Count::HandedBack), "  (no receiver was left)"),
        ("  + not wanted", Some(Count::Unwanted), "  (by a predicate)"),
        ("  + lost to a panic", Some(Count::Lost), "  (at most one to each)"),
        ("  + left", Some(Count::Left), "  (dropped with their channel)"),
        ("watch", None, ""),
        ("  changes", Some(Count::Changes), ""),
        ("  reported", Some(Count::Reported), "  (of all receivers)"),
        ("  skipped", Some(Count::Skipped), ""),
        ("  opened again", Some(Count::Reopened), ""),
        ("waits given up", Some(Count::GivenUp), ""),
        ("panics caught", Some(Count::Panics), ""),
    ] {
        match count {
            Some(count) => println!("{name:<20}{:>14}{remark}", count.get()),
            None => println!("{name}"),
        }
    }
}
