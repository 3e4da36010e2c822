//! Spinning before a wait parks: pausing, for a sender on another core; yielding, for one that needs
//! this core.

#![forbid(unsafe_code)]

use crate::sync::{Backoff, one_core, yield_now};

/// As often as crossbeam's `Backoff` thinks that it can pay: 127 pauses in all, then three yields.
const DEFAULT_LIMIT: u32 = 10;

/// So many looks come after pauses, each twice as long as the one before.
const PAUSES: u32 = 7;

/// What a receiver knows of spinning.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Spin {
    /// How many more looks a wait may have.
    pub(crate) limit: u32,
    /// When spinning last paid, it was by a yield. Then the sender shares this core, or did, and waits
    /// for it: the next wait yields first.
    pub(crate) yields_first: bool,
}

impl Default for Spin {
    fn default() -> Self {
        Self { limit: DEFAULT_LIMIT, yields_first: false }
    }
}

/// The looks of one wait.
pub(crate) struct Looks {
    backoff: Backoff,
    spin: Spin,
    done: u32,
}

impl Looks {
    pub(crate) fn new(mut spin: Spin) -> Self {
        if spin.limit > 0 && one_core() {
            spin.limit = 0;
        }
        Self { backoff: Backoff::new(), spin, done: 0 }
    }

    /// Pauses or yields, for another look; false if it is time to park.
    pub(crate) fn again(&mut self) -> bool {
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
    pub(crate) fn paid(&self) -> Option<Spin> {
        let first = u32::from(self.spin.yields_first);
        let yielded = self.done <= first || self.done - first > PAUSES;
        (1..=self.spin.limit)
            .contains(&self.done)
            .then_some(Spin { yields_first: yielded, ..self.spin })
    }
}
