//! The channel as a register whose values are numbered, used by one call at a time.

use crate::{
    history::{Call, Left, Model, Step},
    world::RecvError,
};
use std::{collections::BTreeMap, mem};

/// What a call did, and what it returned. `Add` is `send_modify`, which adds this. `Changed` is any call that waits for a
/// change.
#[derive(Debug, Clone)]
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

/// One step of a call that sends.
enum Part {
    /// Looks for a receiver, which may go before the value is stored.
    Look,
    /// Stores the value, which takes effect.
    Store,
    /// Announces the value: from here on waiting receivers are notified of it.
    Announce,
}

impl Operation {
    fn parts(&self) -> &'static [Part] {
        match self {
            Self::Send { is_stored: true, .. } => &[Part::Look, Part::Store, Part::Announce],
            Self::SendReplace { .. } | Self::Add(_) => &[Part::Store, Part::Announce],
            _ => &[],
        }
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Seen {
    version: u64,
    skipped: u64,
}

impl Seen {
    fn see(&mut self, version: u64) {
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
    /// The newest version that was announced.
    announced: u64,
    /// What each thread's receiver has seen: at first the value 0, which is there.
    seen: BTreeMap<usize, Seen>,
}

impl Model for Numbered {
    type Operation = Operation;
    /// The version of what a send has stored.
    type Hand = u64;

    fn steps(operation: &Operation, _: &[Call<Operation>]) -> usize {
        operation.parts().len().max(1)
    }

    fn step(
        &mut self,
        operation: &Operation,
        step: &Step<Operation>,
        left: Left,
        stored: &mut u64,
    ) -> Option<bool> {
        if let Some(part) = operation.parts().get(step.number) {
            return Some(self.send(operation, part, left, stored));
        }
        let seen = self.seen.entry(step.thread).or_default();
        let is_new = self.version > seen.version;
        Some(match *operation {
            Operation::Send { .. } => left.receivers == 0,
            Operation::SenderBorrow(value) => value == self.value,
            Operation::Borrow { value, has_changed } => {
                value == self.value && has_changed == is_new
            }
            Operation::BorrowAndUpdate { value, has_changed, skipped } => {
                seen.see(self.version);
                value == self.value && has_changed == is_new && skipped == seen.skipped
            }
            Operation::HasChanged(said) => said == (left.senders > 0).then_some(is_new),
            Operation::Changed { changed: Some(Ok(skipped)), .. } => {
                let version = seen.version + 1 + skipped.checked_sub(seen.skipped)?;
                seen.see(version);
                // A value that is stored and not yet announced may be reported, or left for the next time.
                (self.announced..=self.version).contains(&version)
            }
            Operation::Changed { changed, .. } => {
                !is_new && (left.senders == 0) == changed.is_some()
            }
            Operation::SendReplace { .. } | Operation::Add(_) => unreachable!("these have parts"),
        })
    }
}

impl Numbered {
    fn send(&mut self, operation: &Operation, part: &Part, left: Left, stored: &mut u64) -> bool {
        match part {
            Part::Look => return left.receivers > 0,
            Part::Announce => self.announced = self.announced.max(*stored),
            Part::Store => {
                self.version += 1;
                *stored = self.version;
                match *operation {
                    Operation::Send { value, .. } => self.value = value,
                    Operation::Add(more) => self.value += more,
                    Operation::SendReplace { value, old } => {
                        return mem::replace(&mut self.value, value) == old;
                    }
                    _ => unreachable!("it sends nothing"),
                }
            }
        }
        true
    }
}
