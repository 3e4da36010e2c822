//! What the worker tells the migrator.

#![forbid(unsafe_code)]

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

/// What the migrator writes to the log and waits to hear back: the nanosecond its attempt started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Challenge(u64);

impl Challenge {
    /// The one for now; newer than `last`, whatever the clock was set to.
    pub(crate) fn after(last: Option<Self>) -> Self {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let now = u64::try_from(since_epoch.as_nanos()).unwrap_or(u64::MAX);
        Self(last.map_or(now, |last| now.max(last.0.saturating_add(1))))
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AllEventsUpToLockProcessed:{}", self.0)
    }
}

/// "All events up to the lock are applied." A later challenge makes a newer sentinel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Sentinel {
    pub(crate) challenge: Challenge,
    /// Where in the log the challenge stands: after how many row events.
    pub(crate) coordinates: u64,
}
