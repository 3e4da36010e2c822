//! The channel as a register whose values are numbered, used by one call at a time.

use crate::{
    history::{Left, Model, Progress},
    world::RecvError,
};
use std::collections::BTreeMap;

/// What a call did, and what it returned. `Add` is `send_modify`, which adds this. `Changed` is any call that waits for a
/// change.
#[derive(Debug)]
#[expect(dead_code, reason = "`how` a call waits is only printed")]
pub(crate) enum Operation {
    Send { value: u32, is_stored: bool },
    SendReplace { value: u32, old: u32 },
    Add(u32),
    SenderBorrow(u32),
    Borrow { value: u32, has_changed: bool },
    BorrowAndUpdate { value: u32, has_changed: bool, skipped: u64 },
    HasChanged(Option<bool>),
    Changed { how: &'static str, changed: Changed },
}

/// If there was a change, or no sender is left: how many changes the receiver has skipped so far, from which follows
/// which one it has marked as seen. `None`: there was no change, or none in time.
pub(crate) type Changed = Option<Result<u64, RecvError>>;

/// How far a call that sends is.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub(crate) enum Sending {
    /// It looks for a receiver, which may go before the value is stored.
    #[default]
    Looks,
    /// It stores its value and announces it, which takes effect.
    Stores,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Seen {
    version: u64,
    skipped: u64,
}

impl Seen {
    fn mark_seen(&mut self, version: u64) {
        if version > self.version {
            self.skipped += version - self.version - 1;
            self.version = version;
        }
    }
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Numbered {
    value: u32,
    version: u64,
    /// What each thread's receiver has seen: at first the value 0, which is there.
    seen: BTreeMap<usize, Seen>,
}

impl Model for Numbered {
    type Operation = Operation;
    type Hand = Sending;

    fn step(
        &mut self,
        operation: &Operation,
        thread: usize,
        left: Left,
        hand: &Sending,
    ) -> Option<Progress<Sending>> {
        let seen = self.seen.entry(thread).or_default();
        let is_new = self.version > seen.version;
        let is_so = match *operation {
            Operation::Send { is_stored: false, .. } => left.receivers == 0,
            Operation::Send { .. } if *hand == Sending::Looks => {
                return (left.receivers > 0).then_some(Progress::More(Sending::Stores));
            }
            Operation::Send { value, .. } => return Some(self.store(value)),
            Operation::SendReplace { value, old } => {
                return (self.value == old).then(|| self.store(value));
            }
            Operation::Add(more) => return Some(self.store(self.value + more)),
            Operation::SenderBorrow(value) => value == self.value,
            Operation::Borrow { value, has_changed } => {
                value == self.value && has_changed == is_new
            }
            Operation::BorrowAndUpdate { value, has_changed, skipped } => {
                seen.mark_seen(self.version);
                value == self.value && has_changed == is_new && skipped == seen.skipped
            }
            Operation::HasChanged(said) => said == (left.senders > 0).then_some(is_new),
            Operation::Changed { changed: Some(Ok(skipped)), .. } => {
                let version = seen.version + 1 + skipped.checked_sub(seen.skipped)?;
                seen.mark_seen(version);
                version == self.version
            }
            Operation::Changed { changed, .. } => {
                !is_new && (left.senders == 0) == changed.is_some()
            }
        };
        is_so.then_some(Progress::Done)
    }
}

impl Numbered {
    fn store(&mut self, value: u32) -> Progress<Sending> {
        self.version += 1;
        self.value = value;
        Progress::Done
    }
}
