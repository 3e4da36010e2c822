//! A model of gh-ost's cut-over: one module for each actor, and the events of the log.
//!
//! The migrator writes to the server's log. The streamer reads the log and feeds the events queue.
//! The worker applies the row events in the queue and sends each sentinel back to the migrator.

#![forbid(unsafe_code)]

pub(crate) mod events;
pub(crate) mod migrator;
pub(crate) mod streamer;
pub(crate) mod worker;

use std::fmt;

/// An entry of the server's log.
pub(crate) enum LogEntry {
    /// That many row events.
    Rows(usize),
    /// Precedes each attempt: once it is read, the streamer is up to date.
    Heartbeat(usize),
    /// The challenge of that attempt.
    Challenge(usize, Challenge),
}

/// An entry of the events queue.
pub(crate) enum QueueEntry {
    Row(events::Row),
    /// The sentinel of that attempt.
    Sentinel(usize, Sentinel),
}

/// Identifies an attempt by the nanosecond at which it started.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Challenge(u64);

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllEventsUpToLockProcessed:{}", self.0)
    }
}

/// Means "all events up to the lock are applied". A later challenge makes a newer sentinel.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sentinel {
    challenge: Challenge,
    /// The number of row events before the challenge in the log.
    coordinates: u64,
}
