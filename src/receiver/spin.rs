//! Spinning before a wait parks: pausing, for a sender on another core; yielding, for one that needs
//! this core.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::sync::{Backoff, one_core, yield_now};

/// As often as crossbeam's `Backoff` thinks that it can pay: 127 pauses in all, then three yields.
const DEFAULT_LIMIT: u32 = 10;

/// So many looks come after pauses, each twice as long as the one before.
const PAUSES: u32 = 7;

/// What a receiver knows of spinning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Spin {
    /// How many more looks a wait may have.
    pub(super) limit: u32,
    /// When spinning last paid, it was by a yield. Then the sender shares this core, or did, and waits
    /// for it: the next wait yields first.
    pub(super) yields_first: bool,
}

impl Default for Spin {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, yields_first: false }
    }
}

/// The looks of one wait.
pub(super) struct Looks {
    backoff: Backoff,
    spin: Spin,
    done: u32,
}

impl Looks {
    pub(super) fn new(mut spin: Spin) -> Self {
        if spin.limit > 0 && one_core() {
            spin.limit = 0;
        }
        Self { backoff: Backoff::new(), spin, done: 0 }
    }

    /// Pauses or yields, for another look; false if it is time to park.
    pub(super) fn again(&mut self) -> bool {
        if self.done >= self.spin.limit {
            return false;
        }
        self.done += 1;
        if self.done == 1 && self.spin.yields_first {
            yield_now();
        } else {
            self.backoff.snooze();
        }
        true
    }

    /// What the look that found something has shown, if it was one of these.
    pub(super) fn paid(&self) -> Option<Spin> {
        let first = u32::from(self.spin.yields_first);
        let yielded = self.done <= first || self.done - first > PAUSES;
        (1..=self.spin.limit)
            .contains(&self.done)
            .then_some(Spin { yields_first: yielded, ..self.spin })
    }
}

impl<T> Receiver<T> {
    /// Sets how many times a blocking call that finds nothing looks again before it parks the thread.
    ///
    /// Before the first seven of these looks the core is paused, each time twice as long; before later
    /// ones it is yielded. If a yield was what helped the last time, the next call begins with one. A
    /// value that comes meanwhile costs its sender nothing more, and the receiver is there at once;
    /// parking and waking cost both a system call. 0 parks at once; so does a machine with one core.
    ///
    /// The default is 10, a few microseconds. A clone starts with the limit of its original.
    ///
    /// # Examples
    ///
    /// ```
    /// let (_tx, mut rx) = overwrite_channel::channel::<u8>();
    /// rx.set_spin_limit(0);
    /// ```
    pub fn set_spin_limit(&mut self, looks: u32) {
        self.spin.limit = looks;
    }
}
