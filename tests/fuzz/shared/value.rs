//! The values that are sent, each with a number of its own.

use std::cmp::Ordering;
use support::{
    ledger::{Ledger, Tracked},
    waker::Event,
};

pub(crate) const RANKS: usize = 6;
/// Predicates panic when they see it. None of them wants it.
pub(crate) const POISON: usize = RANKS - 1;

pub(crate) fn is_wanted(rank: usize) -> bool {
    rank % 2 == 0
}

/// Compared by its rank, known by its number. A clone is another value.
#[derive(Clone)]
pub(crate) struct Value {
    pub(crate) rank: usize,
    tracked: Tracked,
}

impl Value {
    pub(crate) fn new(ledger: &Ledger, rank: usize) -> Self {
        Self { rank, tracked: ledger.issue() }
    }

    /// Makes its clone or its drop panic.
    pub(crate) fn panicking_in(self, event: Event) -> Self {
        Self { tracked: self.tracked.panicking_in(event), ..self }
    }

    pub(crate) fn id(&self) -> usize {
        self.tracked.id()
    }

    /// Ends here, without a panic: the caller has it in hand.
    pub(crate) fn taken(self) -> usize {
        self.tracked.harmless().id()
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Value {}
