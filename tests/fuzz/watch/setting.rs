//! The values that are sent, whose clones are values of their own.

use super::Sender;
use crate::shared::{POISON, Value, is_wanted};
use std::{
    mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};
use support::{ledger::Ledger, panics::strike};

/// Of all values.
pub(super) struct Notes {
    pub(super) ledger: Ledger,
    /// How often one was cloned, or was to be.
    clones: AtomicUsize,
    /// How often a predicate looked at one.
    looks: AtomicUsize,
    /// Those that were sent in the middle of a call, in the order in which they were stored.
    meddled: Mutex<Vec<usize>>,
}

impl Notes {
    pub(super) fn new(ledger: Ledger) -> Arc<Self> {
        let (clones, looks, meddled) = Default::default();
        Arc::new(Self { ledger, clones, looks, meddled })
    }

    pub(super) fn issue(self: &Arc<Self>, rank: usize) -> Setting {
        Setting { value: Value::new(&self.ledger, rank), notes: Arc::clone(self) }
    }

    /// Sends in the middle of a call.
    pub(super) fn meddle(self: &Arc<Self>, tx: &Sender<Setting>) {
        let setting = self.issue(0);
        // Before it is sent: what it wakes may send, too.
        self.with_meddled(|meddled| meddled.push(setting.value.id()));
        if tx.send(setting).is_err() {
            self.with_meddled(Vec::pop);
        }
    }

    pub(super) fn with_meddled<R>(&self, body: impl FnOnce(&mut Vec<usize>) -> R) -> R {
        body(&mut self.meddled.lock().unwrap())
    }

    /// Returns the numbers of clones and of looks since the last call.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.clones.swap(0, SeqCst), self.looks.swap(0, SeqCst))
    }

    pub(super) fn take_meddled(&self) -> Vec<usize> {
        self.with_meddled(mem::take)
    }
}

pub(crate) struct Setting {
    pub(super) value: Value,
    notes: Arc<Notes>,
}

impl Clone for Setting {
    fn clone(&self) -> Self {
        self.notes.clones.fetch_add(1, SeqCst);
        Self { value: self.value.clone(), notes: Arc::clone(&self.notes) }
    }
}

/// The predicate of all waits.
pub(super) fn wanted(setting: &Setting) -> bool {
    setting.notes.looks.fetch_add(1, SeqCst);
    if setting.value.rank == POISON {
        strike();
    }
    is_wanted(setting.value.rank)
}
