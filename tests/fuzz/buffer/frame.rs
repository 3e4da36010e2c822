//! The values that handles keep, and change in place.

use crate::shared::Value;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use support::{ledger::Ledger, panics::strike};

/// What the rank of each value was set to.
type Ranks = Arc<Mutex<BTreeMap<usize, usize>>>;

pub(crate) struct Frame {
    value: Value,
    ranks: Ranks,
    /// Panics when it is dropped.
    pub(super) burns: bool,
}

impl Frame {
    pub(super) fn new(ledger: &Ledger) -> Self {
        Self::with(Value::new(ledger, 0), Arc::default())
    }

    /// Returns another one of the same channel.
    pub(super) fn another(&self, ledger: &Ledger, rank: usize) -> Self {
        Self::with(Value::new(ledger, rank), Arc::clone(&self.ranks))
    }

    fn with(value: Value, ranks: Ranks) -> Self {
        ranks.lock().unwrap().insert(value.id(), value.rank);
        Self { value, ranks, burns: false }
    }

    /// Changes it in place.
    pub(super) fn set(&mut self, rank: usize) {
        self.value.rank = rank;
        self.ranks.lock().unwrap().insert(self.id(), rank);
    }

    pub(super) fn id(&self) -> usize {
        self.value.id()
    }

    /// Returns its rank, which is what it was set to last.
    pub(super) fn rank(&self) -> usize {
        let rank = self.ranks.lock().unwrap().get(&self.id()).copied();
        assert_eq!(rank, Some(self.value.rank), "another content");
        self.value.rank
    }
}

impl Clone for Frame {
    fn clone(&self) -> Self {
        Self::with(self.value.clone(), Arc::clone(&self.ranks))
    }
}

impl Drop for Frame {
    fn drop(&mut self) {
        if self.burns {
            strike();
        }
    }
}
