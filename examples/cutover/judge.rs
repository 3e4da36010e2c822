//! Judges how a play went.

#![forbid(unsafe_code)]

use crate::{
    child::Death,
    play::{Halt, Record},
    policies::Policy,
};

/// What came of a policy in one of the plays.
pub(crate) type Played = (Policy, Result<Record, Death>);

impl Record {
    /// Finds the attempts that timed out although their sentinels had been sent in time. Each is
    /// `true` if its sentinel was overtaken: an older sentinel was sent after it, and in time too.
    pub(crate) fn false_timeouts(&self) -> Vec<bool> {
        let timed_out = (1..=self.timed_out).zip(&self.deadlines);
        let overtaken = timed_out.filter_map(|(attempt, deadline)| {
            let mut in_time = self.sends.iter().filter(|(_, returned)| returned <= deadline);
            in_time.find(|(sent, _)| *sent == attempt)?;
            Some(in_time.any(|(sent, _)| *sent < attempt))
        });
        overtaken.collect()
    }

    /// The worker was in a send until the migrator was gone.
    pub(crate) fn blocked_for_ever(&self) -> bool {
        self.halt == Some(Halt::WorkerStuck) && self.sending
    }

    /// The last attempt received its sentinel.
    pub(crate) fn cut_over(&self) -> bool {
        self.deadlines.len() > self.timed_out
    }

    /// The first attempt that could succeed cut over, and the worker is free.
    pub(crate) fn on_time(&self) -> bool {
        self.cut_over() && self.false_timeouts().is_empty() && !self.blocked_for_ever()
    }
}

/// Returns whether this crate's channel kept its promise, if it was played.
pub(crate) fn kept_promise((policy, played): &Played) -> Option<bool> {
    let record = played.as_ref().ok()?;
    match policy {
        // The latest to arrive stays, so an attempt that was overtaken could not succeed.
        Policy::Send if record.false_timeouts().contains(&false) => Some(false),
        Policy::Send => Some(record.cut_over() && !record.blocked_for_ever()),
        Policy::SendNewest => Some(record.on_time()),
        _ => None,
    }
}
