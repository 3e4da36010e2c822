//! Payloads whose fate is counted: what became of each, and that each was dropped exactly once.

use std::sync::{
    Arc,
    atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
};

/// Hands payloads out, and sees each of them dropped.
#[derive(Clone)]
pub(crate) struct Tally(Arc<Entries>);

struct Entries {
    issued: AtomicUsize,
    received: Vec<AtomicU8>,
    displaced: Vec<AtomicU8>,
    handed_back: Vec<AtomicU8>,
    dropped: Vec<AtomicU8>,
}

pub(crate) struct Payload {
    id: usize,
    /// A torn or stale copy cannot pass for the payload.
    check: usize,
    tally: Tally,
}

/// How many payloads met which fate.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) issued: usize,
    pub(crate) received: usize,
    pub(crate) displaced: usize,
    pub(crate) handed_back: usize,
    /// Dropped, and nobody had it in hand.
    pub(crate) with_channel: usize,
}

impl Tally {
    /// A tally for at most `room` payloads.
    pub(crate) fn new(room: usize) -> Self {
        let none = || (0..room).map(|_| AtomicU8::new(0)).collect();
        Self(Arc::new(Entries {
            issued: AtomicUsize::new(0),
            received: none(),
            displaced: none(),
            handed_back: none(),
            dropped: none(),
        }))
    }

    /// The next payload, or none if there is no room for another.
    pub(crate) fn issue(&self) -> Option<Payload> {
        let room = self.0.dropped.len();
        let next = |id: usize| (id < room).then_some(id + 1);
        let id = self.0.issued.fetch_update(Relaxed, Relaxed, next).ok()?;
        Some(Payload { id, check: !id, tally: self.clone() })
    }

    /// At the end, when nobody holds a payload any more.
    pub(crate) fn settle(&self) -> Totals {
        let entries = &self.0;
        let mut totals = Totals { issued: entries.issued.load(Relaxed), ..Totals::default() };
        for id in 0..totals.issued {
            let times = |fate: &[AtomicU8]| usize::from(fate[id].load(Relaxed));
            assert_eq!(times(&entries.dropped), 1, "payload {id}: how often dropped");
            let fates =
                [&entries.received, &entries.displaced, &entries.handed_back].map(|f| times(f));
            let sum = fates.iter().sum::<usize>();
            assert!(sum <= 1, "payload {id}: {fates:?} times received, displaced, handed back");
            totals.received += fates[0];
            totals.displaced += fates[1];
            totals.handed_back += fates[2];
            totals.with_channel += 1 - sum;
        }
        totals
    }
}

impl Payload {
    fn meets(self, fate: impl FnOnce(&Entries) -> &[AtomicU8]) {
        assert_eq!(self.check, !self.id, "a payload that nobody issued");
        fate(&self.tally.0)[self.id].fetch_add(1, Relaxed);
    }

    pub(crate) fn received(self) {
        self.meets(|entries| &entries.received);
    }

    pub(crate) fn displaced(self) {
        self.meets(|entries| &entries.displaced);
    }

    pub(crate) fn handed_back(self) {
        self.meets(|entries| &entries.handed_back);
    }
}

impl Drop for Payload {
    fn drop(&mut self) {
        // No assertion here: a second panic while the first unwinds would hide both.
        self.tally.0.dropped[self.id].fetch_add(1, Relaxed);
    }
}
