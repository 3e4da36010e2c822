//! Payloads whose fate is counted: each must be dropped exactly once.

use std::{
    iter::repeat_n,
    sync::atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
};

/// Hands payloads out, and sees each of them dropped.
pub(crate) struct Ledger {
    drops: Vec<AtomicU8>,
    issued: AtomicUsize,
}

impl Ledger {
    /// A ledger for at most `room` payloads.
    pub(crate) fn new(room: usize) -> Self {
        let drops = (0..room).map(|_| AtomicU8::new(0)).collect();
        Self { drops, issued: AtomicUsize::new(0) }
    }

    /// The next payload; they are numbered from 0.
    pub(crate) fn issue(&self) -> Tracked<'_> {
        let id = self.issued.fetch_add(1, Relaxed);
        assert!(id < self.drops.len(), "the ledger has no room for payload {id}");
        Tracked { id, check: !id, ledger: self }
    }

    /// Which payloads were dropped so far; one that was dropped twice is there twice.
    pub(crate) fn dropped(&self) -> Vec<usize> {
        let drops = self.drops.iter().map(|drops| drops.load(Relaxed));
        drops.enumerate().flat_map(|(id, drops)| repeat_n(id, drops.into())).collect()
    }

    /// At the end, when nobody holds a payload any more.
    pub(crate) fn assert_each_dropped_once(&self) {
        let dropped = self.dropped();
        for (id, found) in dropped.iter().enumerate() {
            assert!(*found <= id, "payload {id} was never dropped");
            assert!(*found >= id, "payload {found} was dropped twice");
        }
        let issued = self.issued.load(Relaxed);
        assert_eq!(dropped.len(), issued, "the last payloads were never dropped");
    }
}

/// A payload that a torn or stale copy cannot pass for.
pub(crate) struct Tracked<'a> {
    id: usize,
    check: usize,
    ledger: &'a Ledger,
}

impl Tracked<'_> {
    pub(crate) fn id(&self) -> usize {
        assert_eq!(self.check, !self.id, "a payload that nobody issued");
        self.id
    }
}

impl Drop for Tracked<'_> {
    fn drop(&mut self) {
        // No assertion here: a second panic while the first unwinds would hide both.
        self.ledger.drops[self.id].fetch_add(1, Relaxed);
    }
}
