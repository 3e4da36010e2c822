//! What is played: the same for every policy.

#![forbid(unsafe_code)]

use crate::{chance::Chance, events::Events};
use clap::ValueEnum;
use std::time::Duration;

/// The two plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Order {
    /// Sentinels arrive in the order in which they were asked for.
    InOrder,
    /// Older ones arrive right after the first that is in time.
    Overtaken,
}

impl Order {
    pub(crate) const BOTH: [Self; 2] = [Self::InOrder, Self::Overtaken];
}

pub(crate) struct Setting<'a> {
    pub(crate) events: &'a Events,
    pub(crate) max_retries: u64,
    /// How many attempts are played at most.
    pub(crate) attempts: u32,
    pub(crate) timeout: Duration,
    pub(crate) faults: Faults,
    pub(crate) seed: u64,
}

impl Setting<'_> {
    /// How many rows are written before each attempt: more than the events queue holds, so that a
    /// worker that no longer takes any from it brings everything to a stop.
    pub(crate) fn rows_before_attempts(&self) -> impl Iterator<Item = usize> {
        let mut chance = Chance::new(self.seed);
        std::iter::repeat_with(move || {
            usize::try_from(chance.within(1_100..=1_500)).unwrap_or_default()
        })
    }
}

/// What goes wrong.
pub(crate) struct Faults {
    /// The worker comes to the sentinels of that many attempts only after they timed out.
    pub(crate) stall: u32,
    /// Attempts whose sentinels are held back until that of the first attempt in time has gone into
    /// the queue; then they follow it, in this order.
    pub(crate) held_back: Vec<u32>,
}

impl Faults {
    pub(crate) fn new(order: Order, stall: u32, seed: u64) -> Self {
        let held_back = match order {
            Order::InOrder => Vec::new(),
            // The last one that timed out is not among them, if it is not the only one: it lies in
            // the channel when the first one in time arrives.
            Order::Overtaken => some_of(stall.saturating_sub(1).max(1), &mut Chance::new(seed)),
        };
        Self { stall, held_back }
    }

    /// Which attempt's sentinel must go first, if this one's is held back.
    pub(crate) fn follows(&self, attempt: u32) -> Option<u32> {
        let place = self.held_back.iter().position(|held| *held == attempt)?;
        Some(match place.checked_sub(1) {
            Some(before) => self.held_back[before],
            None => self.stall + 1,
        })
    }
}

/// At least one of the attempts up to `last`, each about as likely as not, in any order.
fn some_of(last: u32, chance: &mut Chance) -> Vec<u32> {
    let mut chosen: Vec<u32> = (1..=last).filter(|_| chance.within(0..=1) == 1).collect();
    if chosen.is_empty() {
        let any = chance.within(1..=u64::from(last));
        chosen.extend(u32::try_from(any));
    }
    for end in (1..chosen.len()).rev() {
        let place = usize::try_from(chance.within(0..=end as u64)).unwrap_or_default();
        chosen.swap(end, place);
    }
    chosen
}
