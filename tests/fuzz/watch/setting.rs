//! The values that are sent, whose clones are values of their own; and what shows them.

use super::{Ref, Sender};
use crate::shared::{POISON, Value, is_wanted};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering::SeqCst},
};
use support::{ledger::Ledger, panics::strike};

/// What is noted of all values of a channel.
pub(super) struct Notes {
    pub(super) ledger: Ledger,
    /// How often one was cloned, or was to be.
    clones: AtomicUsize,
    /// How often a predicate looked at one.
    looks: AtomicUsize,
    /// Those that were sent in the middle of a call, in the order in which they were stored.
    pub(super) meddled: Mutex<Vec<usize>>,
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
        self.meddled.lock().unwrap().push(setting.value.id());
        if tx.send(setting).is_err() {
            self.meddled.lock().unwrap().pop();
        }
    }

    /// Returns the numbers of clones and of looks since the last call.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.clones.swap(0, SeqCst), self.looks.swap(0, SeqCst))
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

/// Compares the ranks.
impl PartialEq for Setting {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
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

/// A `Ref` that is kept, and what it showed at first.
pub(crate) struct Look {
    pub(super) shows: Ref<'static, Setting>,
    pub(super) id: usize,
    pub(super) was_new: bool,
}

impl Look {
    /// Checks what it shows.
    pub(super) fn new(shows: Ref<'static, Setting>, id: usize, was_new: bool) -> Self {
        let look = Self { shows, id, was_new };
        look.check();
        look
    }

    pub(super) fn check(&self) {
        let shown = (self.shows.value.id(), self.shows.has_changed());
        assert_eq!(shown, (self.id, self.was_new), "it shows another value");
    }
}
