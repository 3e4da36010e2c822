//! Where everybody stands, and waiting for each other.
//!
//! Rows do not pass through here; a sentinel does a few times.

#![forbid(unsafe_code)]

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

#[derive(Default)]
pub(crate) struct Stage {
    moment: Mutex<Moment>,
    changed: Condvar,
}

#[derive(Default)]
pub(crate) struct Moment {
    /// The last heartbeat that the streamer read from the log.
    pub(crate) heartbeat: u32,
    /// The streamer waits for room in the events queue.
    pub(crate) queue_is_full: bool,
    /// The attempts whose sentinels went into the events queue, in that order.
    pub(crate) queued: Vec<u32>,
    /// The worker is in a send.
    pub(crate) sending: bool,
    /// How many sends have returned.
    pub(crate) sent: usize,
    /// How many row events were applied when the last send began.
    pub(crate) applied: u64,
    /// The last attempt that timed out.
    pub(crate) timed_out: u32,
    /// Everybody goes home.
    pub(crate) over: bool,
}

impl Stage {
    pub(crate) fn update(&self, change: impl FnOnce(&mut Moment)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    pub(crate) fn look<R>(&self, at: impl FnOnce(&Moment) -> R) -> R {
        at(&self.lock())
    }

    /// Did it happen within that time?
    pub(crate) fn wait(&self, timeout: Duration, until: impl Fn(&Moment) -> bool) -> bool {
        let (moment, _) = self
            .changed
            .wait_timeout_while(self.lock(), timeout, |moment| !until(moment))
            .unwrap_or_else(PoisonError::into_inner);
        until(&moment)
    }

    /// Did it happen before the play was over? The migrator, whose waits all end, sees to that.
    pub(crate) fn wait_unless_over(&self, until: impl Fn(&Moment) -> bool) -> bool {
        let moment = self
            .changed
            .wait_while(self.lock(), |moment| !until(moment) && !moment.over)
            .unwrap_or_else(PoisonError::into_inner);
        until(&moment)
    }

    /// Ends the play when the migrator leaves, by a panic too.
    pub(crate) fn over_at_the_end(&self) -> Curtain<'_> {
        Curtain(self)
    }

    fn lock(&self) -> MutexGuard<'_, Moment> {
        self.moment.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

pub(crate) struct Curtain<'a>(&'a Stage);

impl Drop for Curtain<'_> {
    fn drop(&mut self) {
        self.0.update(|moment| moment.over = true);
    }
}
