//! The channel as one place for one value, used by one call at a time.

use crate::history::{self, Call, Step};
use std::{collections::BTreeMap, fmt};
use todc_utils::Specification;

/// What a send said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Sent {
    Displaced(Option<u32>),
    /// No receiver was left, and this value came back.
    Back(u32),
}

/// What a receive said, whichever way it waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Received {
    Value(u32),
    /// There was no value, or none in time.
    Nothing,
    Disconnected,
}

#[derive(Debug, Clone)]
pub(crate) enum Operation {
    /// The first of every history.
    Begin {
        senders: usize,
        receivers: usize,
    },
    Send {
        value: u32,
        sent: Sent,
    },
    SendNewest {
        value: u32,
        sent: Sent,
    },
    Receive {
        how: &'static str,
        received: Received,
    },
    IsEmpty(bool),
    SendersGone(bool),
    ReceiversGone(bool),
    DropSender,
    DropReceiver,
    /// The last of every history: what the channel has dropped itself.
    End {
        left: Vec<u32>,
    },
}

impl history::Operation for Operation {
    type Specification = Place;

    /// All take effect at one moment, but for `send_newest`: its first exchange may displace something newer,
    /// which goes in by another exchange; and so on, at most once for each newer value.
    fn steps(&self, calls: &[Call<Self>]) -> usize {
        let &Self::SendNewest { value: mine, sent: Sent::Displaced(_) } = self else { return 1 };
        let is_newer = |call: &&Call<Self>| match call.operation {
            Self::Send { value, .. } | Self::SendNewest { value, .. } => value > mine,
            _ => false,
        };
        1 + calls.iter().filter(is_newer).count()
    }
}

/// How far a `send_newest` is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Hand {
    /// It has displaced something newer than what it put in, and will put that back.
    Owes(u32),
    /// It has nothing more to do, and hands this back.
    Done(Option<u32>),
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    value: Option<u32>,
    senders: usize,
    receivers: usize,
    /// By its call, the steps that a `send_newest` has done, and its hand.
    under_way: BTreeMap<usize, (usize, Hand)>,
}

impl Specification for Place {
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

impl Place {
    /// `None` if what the operation returned cannot be so now.
    fn step(&mut self, step: &Step<Operation>) -> Option<()> {
        let holds = match &step.operation {
            &Operation::Begin { senders, receivers } => {
                (self.senders, self.receivers) = (senders, receivers);
                true
            }
            &Operation::Send { value, sent: Sent::Displaced(displaced) } => {
                self.receivers > 0 && self.value.replace(value) == displaced
            }
            &Operation::SendNewest { value, sent: Sent::Displaced(displaced) } => {
                let (done, hand) = match self.under_way.remove(&step.call) {
                    None => (0, (self.receivers > 0).then_some(Hand::Owes(value))?),
                    Some(under_way) => under_way,
                };
                let hand = match hand {
                    Hand::Owes(value) => self.put_newest(value),
                    done @ Hand::Done(_) => done,
                };
                if !step.is_last {
                    self.under_way.insert(step.call, (done + 1, hand));
                }
                done == step.number && (!step.is_last || hand == Hand::Done(displaced))
            }
            Operation::Send { value, sent: Sent::Back(back) }
            | Operation::SendNewest { value, sent: Sent::Back(back) } => {
                self.receivers == 0 && back == value
            }
            Operation::Receive { received, .. } => {
                let senders_gone = self.senders == 0;
                match (self.value.take(), received) {
                    (Some(value), Received::Value(received)) => value == *received,
                    (None, Received::Nothing) => !senders_gone,
                    (None, Received::Disconnected) => senders_gone,
                    _ => false,
                }
            }
            Operation::IsEmpty(said) => self.value.is_none() == *said,
            Operation::SendersGone(said) => (self.senders == 0) == *said,
            Operation::ReceiversGone(said) => (self.receivers == 0) == *said,
            Operation::DropSender => {
                self.senders = self.senders.checked_sub(1)?;
                true
            }
            Operation::DropReceiver => {
                self.receivers = self.receivers.checked_sub(1)?;
                true
            }
            Operation::End { left } => {
                (self.senders, self.receivers) == (0, 0) && self.value.as_slice() == left
            }
        };
        holds.then_some(())
    }

    /// One exchange of a `send_newest`.
    fn put_newest(&mut self, value: u32) -> Hand {
        match self.value.replace(value) {
            Some(newer) if newer > value => Hand::Owes(newer),
            displaced => Hand::Done(displaced),
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Begin { senders, receivers } => {
                write!(f, "the channel is made: {senders} senders, {receivers} receivers")
            }
            Self::Send { value, sent } => write!(f, "send({value}) -> {sent}"),
            Self::SendNewest { value, sent } => write!(f, "send_newest({value}) -> {sent}"),
            Self::Receive { how, received } => write!(f, "{how} -> {received}"),
            Self::IsEmpty(said) => write!(f, "is_empty -> {said}"),
            Self::SendersGone(said) => write!(f, "receiver's is_closed -> {said}"),
            Self::ReceiversGone(said) => write!(f, "sender's is_closed -> {said}"),
            Self::DropSender => f.write_str("a sender is dropped"),
            Self::DropReceiver => f.write_str("a receiver is dropped"),
            Self::End { left } => write!(f, "the channel is freed, and drops {left:?}"),
        }
    }
}

impl fmt::Display for Sent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Displaced(None) => f.write_str("nothing displaced"),
            Self::Displaced(Some(value)) => write!(f, "displaced {value}"),
            Self::Back(value) => write!(f, "no receiver, {value} is back"),
        }
    }
}

impl fmt::Display for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Value(value) => write!(f, "{value}"),
            Self::Nothing => f.write_str("nothing there"),
            Self::Disconnected => f.write_str("disconnected"),
        }
    }
}
