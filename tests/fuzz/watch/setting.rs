//! The values that are sent, whose clones are values of their own.

use super::{Sender, strike};
use crate::mishaps::{Ledger, Value};
use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// Of all values.
#[derive(Default)]
pub(super) struct Notes {
    /// How often one was cloned, or was to be.
    pub(super) clones: AtomicUsize,
    /// How often a predicate looked at one.
    pub(super) looks: AtomicUsize,
    /// Those that were sent in the middle of something else, in the order in which they were stored.
    meddled: Mutex<Vec<usize>>,
}

#[derive(Clone, Default)]
pub(super) struct Source {
    pub(super) ledger: Ledger,
    pub(super) notes: Arc<Notes>,
}

impl Source {
    pub(super) fn issue(&self, rank: usize, is_brittle: bool) -> Setting {
        Setting { value: self.ledger.issue(rank, false), is_brittle, source: self.clone() }
    }

    /// Sends in the middle of something else.
    pub(super) fn meddle(&self, tx: &Sender<Setting>) {
        let setting = self.issue(0, false);
        // Before it is sent: what it wakes may send, too.
        self.with_meddled(|meddled| meddled.push(setting.id()));
        if tx.send(setting).is_err() {
            self.with_meddled(Vec::pop);
        }
    }

    /// How many were, and are not in the model yet.
    pub(super) fn count_meddled(&self) -> usize {
        self.with_meddled(|meddled| meddled.len())
    }

    pub(super) fn take_meddled(&self) -> Vec<usize> {
        self.with_meddled(mem::take)
    }

    fn with_meddled<R>(&self, body: impl FnOnce(&mut Vec<usize>) -> R) -> R {
        body(&mut self.notes.meddled.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

pub(super) struct Setting {
    pub(super) value: Value,
    /// Panics when it is cloned.
    is_brittle: bool,
    pub(super) source: Source,
}

impl Setting {
    pub(super) fn id(&self) -> usize {
        self.value.id()
    }
}

impl Clone for Setting {
    fn clone(&self) -> Self {
        self.source.notes.clones.fetch_add(1, SeqCst);
        if self.is_brittle {
            strike();
        }
        self.source.issue(self.value.rank, false)
    }
}
