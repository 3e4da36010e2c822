//! Values whose fate is counted: each must be dropped exactly once.

use crate::{panics::strike, waker::Event};
use std::{
    fmt,
    iter::repeat_n,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering::Relaxed},
    },
    thread,
};

/// Issues values and sees each of them dropped.
#[derive(Clone)]
pub struct Ledger(Arc<Entries>);

struct Entries {
    issued: AtomicUsize,
    /// The clones until one panics.
    fuse: AtomicUsize,
    dropped: Vec<AtomicU8>,
    /// By `Fate`.
    fates: [Vec<AtomicU8>; 6],
}

/// What became of a value that a handle gave away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// A receiver has it.
    Received,
    /// A send that displaced it has it.
    Displaced,
    /// The send that failed has it back.
    HandedBack,
    /// A sender has taken it back.
    Withdrawn,
    /// A predicate decided against it, so the call that received drops it.
    Unwanted,
    /// It was dropped while a panic unwound, before it met another fate.
    Lost,
}

/// How many values met which fate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// All values.
    pub issued: usize,
    /// Those that a receiver had.
    pub received: usize,
    /// Those that a send had displaced.
    pub displaced: usize,
    /// Those that a send could not send.
    pub handed_back: usize,
    /// Those that a sender took back.
    pub withdrawn: usize,
    /// Those that a predicate did not want.
    pub unwanted: usize,
    /// Those that a panic took with it.
    pub lost: usize,
    /// Those dropped without any of these fates.
    pub dropped_with_channel: usize,
}

impl Ledger {
    /// Makes a ledger for at most `room` values.
    pub fn new(room: usize) -> Self {
        let zeros = || (0..room).map(|_| AtomicU8::new(0)).collect();
        let fates = [(); 6].map(|()| zeros());
        let (issued, fuse) = Default::default();
        Self(Arc::new(Entries { issued, fuse, dropped: zeros(), fates }))
    }

    /// Issues the next value. Values are numbered from 0.
    #[track_caller]
    pub fn issue(&self) -> Tracked {
        self.try_issue().expect("the ledger has no room for another value")
    }

    /// Issues the next value, if there is room.
    pub fn try_issue(&self) -> Option<Tracked> {
        let next = |id: usize| (id < self.0.dropped.len()).then_some(id + 1);
        let id = self.0.issued.fetch_update(Relaxed, Relaxed, next).ok()?;
        Some(Tracked { id, check: !id, panics_in: None, ledger: self.clone() })
    }

    /// Makes one clone of its values panic: the first from now on, or the second, or a later one. 0 means none.
    pub fn panic_in_clone(&self, nth: usize) {
        self.0.fuse.store(nth, Relaxed);
    }

    /// Returns how many values were issued.
    pub fn issued(&self) -> usize {
        self.0.issued.load(Relaxed)
    }

    /// Returns the numbers of the values that were issued and not dropped, in their order.
    pub fn alive(&self) -> Vec<usize> {
        (0..self.issued()).filter(|&id| self.is_alive(id)).collect()
    }

    /// Returns `true` if the value was not dropped yet.
    pub fn is_alive(&self, id: usize) -> bool {
        self.0.dropped[id].load(Relaxed) == 0
    }

    /// Returns `true` if the value met this fate.
    pub fn has_met(&self, id: usize, fate: Fate) -> bool {
        self.0.fates[fate as usize][id].load(Relaxed) > 0
    }

    /// Returns the numbers of the values that were dropped. One that was dropped twice is there twice.
    pub fn dropped(&self) -> Vec<usize> {
        let dropped = self.0.dropped.iter().map(|times| times.load(Relaxed));
        dropped.enumerate().flat_map(|(id, times)| repeat_n(id, times.into())).collect()
    }

    /// Checks that each value was dropped once, at the end, when no value is left.
    #[track_caller]
    pub fn assert_each_dropped_once(&self) {
        for (id, times) in self.0.dropped[..self.issued()].iter().enumerate() {
            assert_eq!(times.load(Relaxed), 1, "value {id}: how often it was dropped");
        }
    }

    /// Checks that each value was dropped once and met one fate at most, and returns how many met which.
    #[track_caller]
    pub fn totals(&self) -> Totals {
        self.assert_each_dropped_once();
        let mut totals = Totals { issued: self.issued(), ..Totals::default() };
        for id in 0..totals.issued {
            let times = self.0.fates.each_ref().map(|fate| usize::from(fate[id].load(Relaxed)));
            let sum = times.iter().sum::<usize>();
            assert!(
                sum <= 1,
                "value {id}: {times:?} times received, displaced, handed back, withdrawn, unwanted, lost"
            );
            totals.received += times[0];
            totals.displaced += times[1];
            totals.handed_back += times[2];
            totals.withdrawn += times[3];
            totals.unwanted += times[4];
            totals.lost += times[5];
            totals.dropped_with_channel += 1 - sum;
        }
        totals
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ledger").field("issued", &self.issued()).finish_non_exhaustive()
    }
}

/// A value that a torn or stale copy cannot pass for. Its clone is another value of the ledger.
pub struct Tracked {
    id: usize,
    check: usize,
    panics_in: Option<Event>,
    ledger: Ledger,
}

impl Tracked {
    /// Returns its number.
    #[track_caller]
    pub fn id(&self) -> usize {
        assert_eq!(self.check, !self.id, "a value that no ledger issued");
        self.id
    }

    /// Makes its clone or its drop panic.
    #[must_use]
    pub fn panicking_in(mut self, event: Event) -> Self {
        self.panics_in = Some(event);
        self
    }

    /// Makes neither its clone nor its drop panic.
    #[must_use]
    pub fn harmless(mut self) -> Self {
        self.panics_in = None;
        self
    }

    /// Notes what became of the value, and drops it.
    pub fn meets(self, fate: Fate) {
        self.will_meet(fate);
    }

    /// Notes what becomes of the value, which is dropped next.
    pub fn will_meet(&self, fate: Fate) {
        self.ledger.0.fates[fate as usize][self.id()].fetch_add(1, Relaxed);
    }
}

impl Clone for Tracked {
    fn clone(&self) -> Self {
        if self.panics_in == Some(Event::Clone) || self.ledger.0.fuse.fetch_sub(1, Relaxed) == 1 {
            strike();
        }
        self.ledger.issue()
    }
}

impl Drop for Tracked {
    fn drop(&mut self) {
        // No assertion here: a second panic while the first unwinds would hide both.
        let fates = &self.ledger.0.fates;
        if thread::panicking() && fates.iter().all(|fate| fate[self.id].load(Relaxed) == 0) {
            fates[Fate::Lost as usize][self.id].fetch_add(1, Relaxed);
        }
        self.ledger.0.dropped[self.id].fetch_add(1, Relaxed);
        if self.panics_in == Some(Event::Drop) {
            strike();
        }
    }
}

impl PartialEq for Tracked {
    fn eq(&self, other: &Self) -> bool {
        self.id() == other.id()
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tracked").field(&self.id).finish()
    }
}
