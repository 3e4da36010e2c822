//! The channel as a register whose values are numbered, used by one call at a time.

use crate::{
    history::{Call, Model, Step},
    world::RecvError,
};
use std::{collections::BTreeMap, mem};

/// What a call did, and what it returned. `Begin` is the first of every history: the value is 0, and every receiver has
/// seen it. `Add` is `send_modify`, which adds this. `Changed` is any call that waits for a change.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "`how` a call waits is only printed")]
pub(crate) enum Operation {
    Begin { senders: usize, receivers: Vec<usize> },
    Send { value: u32, is_stored: bool },
    SendReplace { value: u32, old: u32 },
    Add(u32),
    SenderBorrow(u32),
    Borrow { receiver: usize, value: u32, has_changed: bool },
    BorrowAndUpdate { receiver: usize, value: u32, has_changed: bool, skipped: u64 },
    HasChanged { receiver: usize, said: Option<bool> },
    Changed { receiver: usize, how: &'static str, changed: Changed },
    DropSender,
    DropReceiver,
}

/// If there was a change, or no sender is left: how many changes the receiver has skipped so far, from which follows
/// which one it has marked as seen. `None`: there was no change, or none in time.
pub(crate) type Changed = Option<Result<u64, RecvError>>;

/// One step of a call that sends.
enum Part {
    /// Looks for a receiver, which may go before the value is stored.
    Look,
    /// Stores the value and announces it, which takes effect.
    Store,
}

impl Operation {
    fn parts(&self) -> &'static [Part] {
        match self {
            Self::Send { is_stored: true, .. } => &[Part::Look, Part::Store],
            Self::SendReplace { .. } | Self::Add(_) => &[Part::Store],
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
    senders: usize,
    receivers: usize,
    seen: BTreeMap<usize, Seen>,
}

impl Model for Numbered {
    type Operation = Operation;
    type Hand = ();

    fn steps(operation: &Operation, _: &[Call<Operation>]) -> usize {
        operation.parts().len().max(1)
    }

    fn step(&mut self, step: &Step<Operation>, (): &mut ()) -> Option<bool> {
        if let Some(part) = step.operation.parts().get(step.number) {
            return Some(self.send(&step.operation, part));
        }
        Some(match &step.operation {
            Operation::Begin { senders, receivers } => {
                self.senders = *senders;
                self.receivers = receivers.len();
                self.seen = receivers.iter().map(|receiver| (*receiver, Seen::default())).collect();
                true
            }
            Operation::Send { .. } => self.receivers == 0,
            Operation::SenderBorrow(value) => *value == self.value,
            Operation::Borrow { receiver, value, has_changed } => {
                *value == self.value && *has_changed == self.is_new_to(*receiver)?
            }
            Operation::BorrowAndUpdate { receiver, value, has_changed, skipped } => {
                let was_new = self.is_new_to(*receiver)?;
                let seen = self.seen.get_mut(receiver)?;
                seen.see(self.version);
                *value == self.value && *has_changed == was_new && *skipped == seen.skipped
            }
            Operation::HasChanged { receiver, said } => {
                let is_new = self.is_new_to(*receiver)?;
                *said == (self.senders > 0).then_some(is_new)
            }
            Operation::Changed { receiver, changed: Some(Ok(skipped)), .. } => {
                let seen = self.seen.get_mut(receiver)?;
                let version = seen.version + 1 + skipped.checked_sub(seen.skipped)?;
                seen.see(version);
                version == self.version
            }
            Operation::Changed { receiver, changed, .. } => {
                let is_closed = self.senders == 0;
                !self.is_new_to(*receiver)? && is_closed == changed.is_some()
            }
            Operation::DropSender => {
                self.senders = self.senders.checked_sub(1)?;
                true
            }
            Operation::DropReceiver => {
                self.receivers = self.receivers.checked_sub(1)?;
                true
            }
            Operation::SendReplace { .. } | Operation::Add(_) => unreachable!("these have parts"),
        })
    }
}

impl Numbered {
    fn is_new_to(&self, receiver: usize) -> Option<bool> {
        Some(self.version > self.seen.get(&receiver)?.version)
    }

    fn send(&mut self, operation: &Operation, part: &Part) -> bool {
        if matches!(part, Part::Look) {
            return self.receivers > 0;
        }
        self.version += 1;
        match *operation {
            Operation::Send { value, .. } => self.value = value,
            Operation::Add(more) => self.value += more,
            Operation::SendReplace { value, old } => {
                return mem::replace(&mut self.value, value) == old;
            }
            _ => unreachable!("it sends nothing"),
        }
        true
    }
}
