//! How a play went.

#![forbid(unsafe_code)]

use crate::{migrator::Course, worker::Work};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) attempts: u64,
    /// The last attempt cut over.
    pub(crate) cut_over: bool,
    /// Attempts that timed out although their sentinels had been sent before the deadline.
    pub(crate) false_timeouts: u64,
    /// Those of them in which, before the deadline, an older sentinel was sent after the right one.
    pub(crate) overtaken: u64,
    pub(crate) skipped: u64,
    pub(crate) blocked: Duration,
    pub(crate) blocked_for_ever: bool,
    /// Something other than the channel held the play up for too long.
    pub(crate) gave_up: bool,
    pub(crate) peak_bytes: u64,
}

impl Report {
    pub(crate) fn new(course: &Course, work: &Work, peak_bytes: u64) -> Self {
        let timed_out = course.deadlines.len() - usize::from(course.cut_over);
        let mut false_timeouts = 0;
        let mut overtaken = 0;
        for (attempt, deadline) in (1..).zip(&course.deadlines[..timed_out]) {
            let mut in_time = work.sends.iter().filter(|(_, returned)| returned <= deadline);
            if in_time.any(|(sent, _)| *sent == attempt) {
                false_timeouts += 1;
                overtaken += u64::from(in_time.any(|(sent, _)| *sent < attempt));
            }
        }
        Self {
            attempts: course.deadlines.len() as u64,
            cut_over: course.cut_over,
            false_timeouts,
            overtaken,
            skipped: course.skipped,
            blocked: work.blocked,
            blocked_for_ever: course.worker_is_stuck && work.never_returned,
            gave_up: course.gave_up,
            peak_bytes,
        }
    }

    /// Did it cut over on the first attempt that could succeed, and leave nobody behind?
    pub(crate) fn on_time(&self) -> bool {
        self.cut_over && self.false_timeouts == 0 && !self.blocked_for_ever
    }

    /// The same, of a channel that keeps the latest to arrive: an attempt that was overtaken is not
    /// one that could succeed.
    pub(crate) fn on_time_but_for_overtaking(&self) -> bool {
        self.cut_over && self.false_timeouts == self.overtaken && !self.blocked_for_ever
    }
}
