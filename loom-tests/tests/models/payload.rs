//! What the models share: a payload that loom can see, and the bound of the search.

use loom::{alloc::Track, cell::UnsafeCell, model::Builder};

/// A value whose every access and whose end loom checks: a race on it, a leak and a double drop are
/// all reported.
pub(crate) struct Tracked {
    number: UnsafeCell<u32>,
    _alive: Track<()>,
}

impl Tracked {
    pub(crate) fn new(number: u32) -> Self {
        Self { number: UnsafeCell::new(number), _alive: Track::new(()) }
    }

    /// Reads the value as its owner would: an exclusive access.
    pub(crate) fn number(&self) -> u32 {
        self.number.with_mut(|number| {
            // SAFETY: whoever has the value has it alone; if not, loom reports the race.
            unsafe { *number }
        })
    }

    /// Reads the value as one of many would who look at it: only writes are races.
    pub(crate) fn seen(&self) -> u32 {
        self.number.with(|number| {
            // SAFETY: nobody writes to a value that others can see; if somebody did, loom reports the race.
            unsafe { *number }
        })
    }
}

impl std::fmt::Debug for Tracked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.number().fmt(f)
    }
}

pub(crate) fn number<E>(received: Result<Tracked, E>) -> Option<u32> {
    received.ok().map(|value| value.number())
}

/// The number of the value that a send displaced.
pub(crate) fn displaced<E: std::fmt::Debug>(sent: Result<Option<Tracked>, E>) -> Option<u32> {
    sent.expect("a receiver is left").map(|value| value.number())
}

/// Explores every schedule with at most `preemptions` preemptions; `LOOM_MAX_PREEMPTIONS` overrides.
pub(crate) fn model(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(body);
}
