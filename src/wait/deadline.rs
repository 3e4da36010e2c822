//! When a blocking call gives up.

#![forbid(unsafe_code)]

use crate::sync::{expired, park_until};
use std::time::{Duration, Instant};

/// A call looks first, and asks for the deadline only after a look that found nothing. So a call that finds something at
/// once reads no clock. A call gives up only after a look that began when the deadline had passed.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Deadline {
    Never,
    At(Instant),
    /// Becomes `At` when the call first asks, or `Never` if that instant cannot be expressed.
    After(Duration),
}

impl Deadline {
    /// Returns `true` if the deadline has passed. Then the call looks once more, and gives up.
    pub(crate) fn has_passed(&mut self) -> bool {
        expired(self.instant())
    }

    /// Parks until unparked, spuriously woken, or the deadline; returns `true` if the deadline has passed.
    pub(crate) fn park(&mut self) -> bool {
        park_until(self.instant())
    }

    fn instant(&mut self) -> Option<Instant> {
        if let Self::After(timeout) = *self {
            *self = Instant::now().checked_add(timeout).map_or(Self::Never, Self::At);
        }
        match *self {
            Self::At(deadline) => Some(deadline),
            Self::Never | Self::After(_) => None,
        }
    }
}
