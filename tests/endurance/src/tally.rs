//! What has happened in all worlds so far.

use std::{
    fmt,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) worlds: AtomicU64,
    pub(crate) sent: AtomicU64,
    pub(crate) received: AtomicU64,
    pub(crate) displaced: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) unwanted: AtomicU64,
    pub(crate) lost: AtomicU64,
    pub(crate) left: AtomicU64,
    pub(crate) changes: AtomicU64,
    pub(crate) reports: AtomicU64,
    pub(crate) skipped: AtomicU64,
    pub(crate) reopened: AtomicU64,
    pub(crate) cancelled: AtomicU64,
    pub(crate) panics: AtomicU64,
}

pub(crate) static TALLY: Tally = Tally {
    worlds: AtomicU64::new(0),
    sent: AtomicU64::new(0),
    received: AtomicU64::new(0),
    displaced: AtomicU64::new(0),
    refused: AtomicU64::new(0),
    unwanted: AtomicU64::new(0),
    lost: AtomicU64::new(0),
    left: AtomicU64::new(0),
    changes: AtomicU64::new(0),
    reports: AtomicU64::new(0),
    skipped: AtomicU64::new(0),
    reopened: AtomicU64::new(0),
    cancelled: AtomicU64::new(0),
    panics: AtomicU64::new(0),
};

pub(crate) fn add(to: &AtomicU64, number: u64) {
    to.fetch_add(number, Relaxed);
}

/// A wait was given up: a timeout, or a future that was dropped or forgotten.
pub(crate) fn cancelled() {
    add(&TALLY.cancelled, 1);
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |of: &AtomicU64| of.load(Relaxed);
        let sent = number(&self.sent);
        writeln!(f, "worlds              {:>14}", number(&self.worlds))?;
        writeln!(f, "channel")?;
        writeln!(f, "  sent              {sent:>14}")?;
        writeln!(f, "  = received        {:>14}", number(&self.received))?;
        writeln!(f, "  + displaced       {:>14}", number(&self.displaced))?;
        writeln!(f, "  + handed back     {:>14}  (no receiver was left)", number(&self.refused))?;
        writeln!(f, "  + not wanted      {:>14}  (by a predicate)", number(&self.unwanted))?;
        writeln!(f, "  + lost to a panic {:>14}  (at most one to each)", number(&self.lost))?;
        writeln!(
            f,
            "  + left            {:>14}  (dropped with their channel)",
            number(&self.left)
        )?;
        writeln!(f, "watch")?;
        writeln!(f, "  changes           {:>14}", number(&self.changes))?;
        writeln!(f, "  reported          {:>14}  (of all receivers)", number(&self.reports))?;
        writeln!(f, "  skipped           {:>14}", number(&self.skipped))?;
        writeln!(f, "  opened again      {:>14}", number(&self.reopened))?;
        writeln!(f, "waits given up      {:>14}", number(&self.cancelled))?;
        write!(f, "panics caught       {:>14}", number(&self.panics))
    }
}
