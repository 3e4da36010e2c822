//! Every way to wait for a change or for a value.

use futures::executor::block_on;
use overwrite_channel::{
    RecvTimeoutError,
    watch::{Receiver, Ref},
};
use std::time::{Duration, Instant};

/// How long a wait may take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Limit {
    Never,
    /// Never, in a future that the thread's executor polls.
    NeverAsTask,
    Timeout(Duration),
    /// A deadline so far from the call.
    Deadline(Duration),
}

/// Waits for a change.
pub(crate) fn change<T>(rx: &mut Receiver<T>, limit: Limit) -> Result<(), RecvTimeoutError> {
    match limit {
        Limit::Never => Ok(rx.blocking_changed()?),
        Limit::NeverAsTask => Ok(block_on(rx.changed())?),
        Limit::Timeout(time) => rx.blocking_changed_timeout(time),
        Limit::Deadline(time) => rx.blocking_changed_deadline(Instant::now() + time),
    }
}

/// Waits for a value.
pub(crate) fn search<T>(
    rx: &mut Receiver<T>,
    limit: Limit,
    wanted: impl FnMut(&T) -> bool,
) -> Result<Ref<'_, T>, RecvTimeoutError> {
    match limit {
        Limit::Never => Ok(rx.blocking_wait_for(wanted)?),
        Limit::NeverAsTask => Ok(block_on(rx.wait_for(wanted))?),
        Limit::Timeout(time) => rx.blocking_wait_for_timeout(time, wanted),
        Limit::Deadline(time) => rx.blocking_wait_for_deadline(Instant::now() + time, wanted),
    }
}

/// A wait for the next change, or for a certain value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    searches: bool,
    limit: Limit,
}

/// Returns each of the waits with each of the limits.
pub(crate) fn waits(limits: &[Limit]) -> impl Iterator<Item = Wait> {
    limits.iter().flat_map(|&limit| [false, true].map(|searches| Wait { searches, limit }))
}

impl Wait {
    /// Waits, and returns the newest value: the wanted one, if that is the next.
    pub(crate) fn run(self, rx: &mut Receiver<u32>, wanted: u32) -> Result<u32, RecvTimeoutError> {
        if self.searches {
            search(rx, self.limit, |value| *value == wanted).map(|value| *value)
        } else {
            change(rx, self.limit).map(|()| *rx.borrow())
        }
    }
}
