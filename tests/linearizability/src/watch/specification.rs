//! The channel as a register whose values are numbered, used by one call at a time.

use crate::history::{self, Call, Step};
use std::{collections::BTreeMap, fmt};
use todc_utils::Specification;

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// The first of every history. The value is 0, and everybody has seen it.
    Begin {
        senders: usize,
        receivers: Vec<usize>,
    },
    Send {
        value: u32,
        stored: bool,
    },
    SendReplace {
        value: u32,
        old: u32,
    },
    /// `send_modify`, which adds this.
    Add(u32),
    SenderBorrow(u32),
    Borrow {
        receiver: usize,
        value: u32,
        has_changed: bool,
    },
    BorrowAndUpdate {
        receiver: usize,
        value: u32,
        has_changed: bool,
        skipped: u64,
    },
    HasChanged {
        receiver: usize,
        said: Option<bool>,
    },
    Changed {
        receiver: usize,
        how: &'static str,
        changed: Changed,
    },
    DropSender,
    DropReceiver,
}

/// What a call said that waits for a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Changed {
    /// There was one. How many the receiver has skipped so far tells which one it has marked as seen.
    Yes { skipped: u64 },
    /// There was none, or none in time.
    No,
    /// There was none, and no sender is left.
    Closed,
}

/// One step of a call that sends.
enum Part {
    /// Is there a receiver? It may go before the value is stored.
    Look,
    /// The value takes effect.
    Store,
    /// From here on whoever waits is told of it.
    Announce,
}

impl Operation {
    fn parts(&self) -> &'static [Part] {
        match self {
            Self::Send { stored: true, .. } => &[Part::Look, Part::Store, Part::Announce],
            Self::SendReplace { .. } | Self::Add(_) => &[Part::Store, Part::Announce],
            _ => &[],
        }
    }
}

impl history::Operation for Operation {
    type Specification = Numbered;

    fn steps(&self, _: &[Call<Self>]) -> usize {
        self.parts().len().max(1)
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
struct Seen {
    version: u64,
    skipped: u64,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Numbered {
    value: u32,
    version: u64,
    /// The newest version that was announced.
    announced: u64,
    senders: usize,
    receivers: usize,
    seen: BTreeMap<usize, Seen>,
    /// By its call, the steps that a send has done, and the version of what it stored.
    under_way: BTreeMap<usize, (usize, u64)>,
}

impl Specification for Numbered {
    type State = Self;
    type Operation = Step<Operation>;

    fn init() -> Self {
        Self::default()
    }

    fn apply(step: &Step<Operation>, state: &Self) -> (bool, Self) {
        let mut after = state.clone();
        let is_valid = after.step(step).is_some();
        (is_valid, if is_valid { after } else { state.clone() })
    }
}

impl Numbered {
    /// `None` if what the operation returned cannot be so now.
    fn step(&mut self, step: &Step<Operation>) -> Option<()> {
        if let Some(part) = step.operation.parts().get(step.number) {
            return self.send(step, part);
        }
        let holds = match &step.operation {
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
                let version = self.version;
                let seen = self.seen.get_mut(receiver)?;
                seen.see(version);
                *value == self.value && *has_changed == was_new && *skipped == seen.skipped
            }
            Operation::HasChanged { receiver, said } => {
                let is_new = self.is_new_to(*receiver)?;
                *said == (self.senders > 0).then_some(is_new)
            }
            Operation::Changed { receiver, changed: Changed::Yes { skipped }, .. } => {
                let seen = self.seen.get_mut(receiver)?;
                let version = seen.version + 1 + skipped.checked_sub(seen.skipped)?;
                seen.see(version);
                // A value that is stored and not yet announced may be reported, or left for the next time.
                (self.announced..=self.version).contains(&version)
            }
            Operation::Changed { receiver, changed, .. } => {
                let is_closed = self.senders == 0;
                !self.is_new_to(*receiver)? && is_closed == (*changed == Changed::Closed)
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
        };
        holds.then_some(())
    }

    fn is_new_to(&self, receiver: usize) -> Option<bool> {
        Some(self.version > self.seen.get(&receiver)?.version)
    }

    fn send(&mut self, step: &Step<Operation>, part: &Part) -> Option<()> {
        let (done, mut version) = self.under_way.remove(&step.call).unwrap_or_default();
        let holds = match part {
            Part::Look => self.receivers > 0,
            Part::Store => {
                self.version += 1;
                version = self.version;
                match step.operation {
                    Operation::SendReplace { value, old } => {
                        std::mem::replace(&mut self.value, value) == old
                    }
                    Operation::Send { value, .. } => {
                        self.value = value;
                        true
                    }
                    Operation::Add(more) => {
                        self.value += more;
                        true
                    }
                    _ => false,
                }
            }
            Part::Announce => {
                self.announced = self.announced.max(version);
                true
            }
        };
        if !step.is_last {
            self.under_way.insert(step.call, (done + 1, version));
        }
        (holds && done == step.number).then_some(())
    }
}

impl Seen {
    fn see(&mut self, version: u64) {
        if version > self.version {
            self.skipped += version - self.version - 1;
            self.version = version;
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { senders, receivers } => {
                let receivers = receivers.len();
                write!(f, "the channel is made, with 0: {senders} senders, {receivers} receivers")
            }
            Self::Send { value, stored: true } => write!(f, "send({value}) -> stored"),
            Self::Send { value, stored: false } => write!(f, "send({value}) -> no receiver"),
            Self::SendReplace { value, old } => write!(f, "send_replace({value}) -> {old}"),
            Self::Add(more) => write!(f, "send_modify(+{more})"),
            Self::SenderBorrow(value) => write!(f, "sender's borrow -> {value}"),
            Self::Borrow { value, has_changed, .. } => {
                write!(f, "borrow -> {value}, {}", Newness(*has_changed))
            }
            Self::BorrowAndUpdate { value, has_changed, skipped, .. } => {
                write!(f, "borrow_and_update -> {value}, {}", Newness(*has_changed))?;
                write!(f, ", {skipped} skipped so far")
            }
            Self::HasChanged { said: Some(said), .. } => write!(f, "has_changed -> {said}"),
            Self::HasChanged { said: None, .. } => f.write_str("has_changed -> closed"),
            Self::Changed { how, changed, .. } => match changed {
                Changed::Yes { skipped } => write!(f, "{how} -> changed, {skipped} skipped so far"),
                Changed::No => write!(f, "{how} -> not changed"),
                Changed::Closed => write!(f, "{how} -> closed"),
            },
            Self::DropSender => f.write_str("a sender is dropped"),
            Self::DropReceiver => f.write_str("a receiver is dropped"),
        }
    }
}

struct Newness(bool);

impl fmt::Display for Newness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "new" } else { "not new" })
    }
}
