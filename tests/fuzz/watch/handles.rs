//! What the model knows of a receiver, and what borrows from the handles.

use super::{Ref, Setting};
use overwrite_channel::watch::{ChangedFuture, WaitForFuture};

/// What a receiver has seen.
#[derive(Clone, Copy)]
pub(crate) struct Known {
    seen: u64,
    pub(super) is_marked: bool,
    pub(super) skipped: u64,
    /// The version at which a poller was answered `Pending`.
    pub(super) asleep_at: u64,
}

impl Known {
    pub(super) fn at(seen: u64) -> Self {
        Self { seen, is_marked: false, skipped: 0, asleep_at: 0 }
    }

    pub(super) fn is_new(&self, version: u64) -> bool {
        self.is_marked || version > self.seen
    }

    pub(super) fn see(&mut self, version: u64) {
        self.is_marked = false;
        self.skipped += version.saturating_sub(self.seen + 1);
        self.seen = version;
    }
}

pub(crate) enum Waiting {
    Changed(ChangedFuture<'static, Setting>),
    /// And `true` if it has looked.
    For(WaitForFuture<'static, Setting, fn(&Setting) -> bool>, bool),
}

/// A `Ref` that is kept, and what it showed at first.
pub(crate) struct Look {
    pub(super) shows: Ref<'static, Setting>,
    pub(super) id: usize,
    was_new: bool,
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
