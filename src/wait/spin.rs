//! Spinning before a wait parks: yielding, for a sender that needs this core; pausing, for one on another core.
//!
//! Where the sender needs this core, as it does if the machine has no other, a pause only keeps it from running.
//! Nothing says where it runs: the number of cores is in a file, and this thread may be pinned to one of many. So a
//! wait yields first, unless a pause has helped the receiver the last time:
//!
//! | waits in a row that no pause has helped | the looks of the next one come after        |
//! |------------------------------------------|---------------------------------------------|
//! | 0                                        | pauses, then yields                         |
//! | 1 to 31                                  | one yield, then pauses, then yields         |
//! | 32                                       | as 0, and the count begins anew             |
//!
//! If the sender needs this core, it has run by the first yield. Pauses that follow cost a few microseconds, and
//! only if it did not send. If it is on another core and so fast that the first yield always helps, only the wait
//! after 32 of them finds out that a pause would help sooner.

#![forbid(unsafe_code)]

use super::Deadline;
use crate::sync::{SPINS, spin_loop, yield_now};
use core::mem;

/// Maximum number of looks by default: 127 pauses in all, and three yields.
pub(crate) const DEFAULT_LIMIT: u32 = 10;

/// So many looks come after pauses, each twice as long as the one before.
const PAUSES: u32 = 7;

/// Number of waits in a row that have spun without being helped by a pause.
pub(crate) type Unpaused = u8;

/// Nothing is known: the sender may need this core.
pub(crate) const UNKNOWN: Unpaused = 1;
/// After so many waits pauses come first again.
const TRIES_AGAIN: Unpaused = 32;

/// The step before a look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Before {
    Pause,
    Yield,
}

/// The spinning of one wait.
pub(crate) struct SpinWait {
    unpaused: Unpaused,
    left: u32,
    yields_first: bool,
    pauses: u32,
    /// Of the last look; none if the wait has not spun.
    last: Option<Before>,
}

/// The outcome of spinning.
pub(crate) enum Spun<R> {
    /// A look found what was waited for.
    Found(R),
    /// The last look found nothing, and had begun past the deadline.
    Late,
    /// It is time to park.
    Park,
}

impl SpinWait {
    pub(crate) fn new(limit: u32, unpaused: Unpaused) -> Self {
        let left = if SPINS { limit } else { 0 };
        Self { unpaused, left, yields_first: unpaused > 0, pauses: 0, last: None }
    }

    /// Looks for a moment. Gives up only after a look that began past the deadline: what was sent in time is found, however late
    /// this thread runs.
    pub(crate) fn run<R>(
        &mut self,
        deadline: &mut Deadline,
        mut look: impl FnMut() -> Option<R>,
    ) -> Spun<R> {
        loop {
            let late = deadline.has_passed();
            if !late && !self.spin() {
                return Spun::Park;
            }
            match look() {
                Some(found) => return Spun::Found(found),
                None if late => return Spun::Late,
                None => {}
            }
        }
    }

    /// Pauses or yields, for another look. Returns `false` if it is time to park.
    fn spin(&mut self) -> bool {
        if self.left == 0 {
            return false;
        }
        self.left -= 1;
        if mem::take(&mut self.yields_first) || self.pauses == PAUSES {
            yield_now();
            self.last = Some(Before::Yield);
        } else {
            (0..1 << self.pauses).for_each(|_| spin_loop());
            self.pauses += 1;
            self.last = Some(Before::Pause);
        }
        true
    }

    /// Returns what the receiver has learned, if the wait has spun. `found` says that the last look ended the wait.
    pub(crate) fn learned(self, found: bool) -> Option<Unpaused> {
        Some(match self.last? {
            Before::Pause if found => 0,
            _ => (self.unpaused + 1) % TRIES_AGAIN,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{
        Before::{self, Pause, Yield},
        DEFAULT_LIMIT, SpinWait, UNKNOWN, Unpaused,
    };
    use std::{iter, vec::Vec};

    /// Returns the step before each look.
    fn looks(limit: u32, unpaused: Unpaused) -> Vec<Before> {
        let mut wait = SpinWait::new(limit, unpaused);
        let mut before = Vec::new();
        while wait.spin() {
            before.extend(wait.last);
        }
        before
    }

    /// Spins until a look helps, and returns what was learned.
    fn learned(unpaused: Unpaused, helps: impl Fn(Before) -> bool) -> Unpaused {
        let mut wait = SpinWait::new(DEFAULT_LIMIT, unpaused);
        let helped = iter::from_fn(|| wait.spin().then_some(wait.last)).flatten().any(helps);
        wait.learned(helped).unwrap()
    }

    #[test]
    fn a_yield_comes_first_until_a_pause_has_helped() {
        assert_eq!(looks(10, 0), [[Pause; 7].as_slice(), &[Yield; 3]].concat());
        for unpaused in UNKNOWN..32 {
            let before = [[Yield].as_slice(), &[Pause; 7], &[Yield; 2]].concat();
            assert_eq!(looks(10, unpaused), before);
            assert_eq!(looks(2, unpaused), [Yield, Pause]);
        }
        assert_eq!(looks(0, UNKNOWN), []);
    }

    #[test]
    fn where_only_yields_help_pauses_come_first_seldom() {
        let mut unpaused = UNKNOWN;
        for wait in 1..100 {
            assert_eq!(looks(1, unpaused) == [Pause], wait % 32 == 0, "wait {wait}");
            unpaused = learned(unpaused, |before| before == Yield);
        }
    }

    #[test]
    fn where_pauses_help_yields_come_last() {
        for unpaused in [0, UNKNOWN, 31] {
            assert_eq!(learned(unpaused, |before| before == Pause), 0);
        }
        // Also if the first yield always helps.
        let mut unpaused = UNKNOWN;
        for _ in 0..32 {
            unpaused = learned(unpaused, |_| true);
        }
        assert_eq!(unpaused, 0);
    }

    #[test]
    fn a_wait_in_vain_teaches_something_and_one_that_has_not_spun_does_not() {
        assert_eq!(learned(0, |_| false), 1);
        assert_eq!(learned(5, |_| false), 6);
        assert_eq!(learned(31, |_| false), 0);
        let mut pauses = SpinWait::new(1, 0);
        assert!(pauses.spin());
        assert_eq!(pauses.learned(false), Some(1));
        assert_eq!(SpinWait::new(10, 7).learned(true), None);
        assert_eq!(SpinWait::new(0, 7).learned(false), None);
    }
}
