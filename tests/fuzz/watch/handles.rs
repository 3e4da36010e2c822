//! The handles, who borrows from them, and what the model knows of them.

use super::{Look, Receiver, Sender, Setting};
use crate::mishaps::{Closing, InARow, Lender, Sleeper};
use overwrite_channel::watch::{ChangedFuture, ClosedFuture, WaitForFuture};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

pub(super) enum Wait {
    Changed(ChangedFuture<'static, Setting>),
    /// And has it looked?
    For(WaitForFuture<'static, Setting, fn(&Setting) -> bool>, bool),
}

/// A receiver.
pub(super) struct Seat {
    /// First, because what they borrow is dropped last.
    pub(super) wait: Option<Wait>,
    pub(super) kept: Option<Look>,
    pub(super) rx: Lender<Receiver<Setting>>,
    pub(super) seen: u64,
    pub(super) is_marked: bool,
    /// Its stream has returned `None`, and was not marked as changed since.
    pub(super) has_ended: bool,
    pub(super) in_a_row: InARow,
    pub(super) skipped: u64,
    /// Who was told `Pending`, and at which version.
    pub(super) sleeper: Option<(Sleeper, u64)>,
}

impl Seat {
    pub(super) fn new(rx: Receiver<Setting>, seen: u64) -> Self {
        let rx = Lender::new(rx);
        Self {
            wait: None,
            kept: None,
            rx,
            seen,
            is_marked: false,
            has_ended: false,
            in_a_row: InARow::default(),
            skipped: 0,
            sleeper: None,
        }
    }

    /// Nobody borrows from it any more.
    pub(super) fn idle(&mut self) -> &'static mut Receiver<Setting> {
        assert!(self.wait.is_none());
        self.kept = None;
        // SAFETY: nothing that was lent is left. What borrows from it now is used in the same step, or lies before it
        // in its seat.
        unsafe { self.rx.lend() }
    }

    /// Nobody waits in it.
    pub(super) fn rx(&self) -> Option<&'static Receiver<Setting>> {
        // SAFETY: as in `idle`; without a wait, nobody borrows it mutably.
        self.wait.is_none().then(|| unsafe { self.rx.share() })
    }

    pub(super) fn is_new(&self, version: u64) -> bool {
        self.is_marked || version > self.seen
    }

    pub(super) fn see(&mut self, version: u64) {
        self.is_marked = false;
        if version > self.seen {
            self.skipped += version - self.seen - 1;
            self.seen = version;
        }
    }
}

/// A sender.
pub(super) struct Desk {
    pub(super) kept: Vec<Look>,
    pub(super) closed: Option<(ClosedFuture<'static>, Option<Sleeper>)>,
    pub(super) in_a_row: InARow,

    pub(super) closing: Closing,
    tx: Lender<Sender<Setting>>,
}

impl Desk {
    pub(super) fn new(tx: Sender<Setting>) -> Self {
        let (kept, closed, in_a_row, closing) = Default::default();
        Self { kept, closed, in_a_row, closing, tx: Lender::new(tx) }
    }

    pub(super) fn tx(&self) -> &'static Sender<Setting> {
        // SAFETY: what borrows from it is used in the same step, or lies before it in its desk. Nobody
        // borrows it mutably.
        unsafe { self.tx.share() }
    }
}

/// A handle that a waker uses when it is woken, counted as long as it is there.
pub(super) struct Meddler<H> {
    pub(super) handle: H,
    alive: Arc<AtomicUsize>,
}

impl<H> Meddler<H> {
    pub(super) fn new(handle: H, alive: &Arc<AtomicUsize>) -> Self {
        alive.fetch_add(1, SeqCst);
        Self { handle, alive: Arc::clone(alive) }
    }
}

impl<H> Drop for Meddler<H> {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}
