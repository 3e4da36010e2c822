//! The channel as one place for one value, used by one call at a time.

use crate::{
    history::{Call, Model, Step},
    world::TryRecvError,
};

/// What a send returned: the value that it displaced, or, if no receiver was left, its own.
type Sent = Result<Option<u32>, u32>;

/// What a call did, and what it returned. `Begin` is the first of every history. `End` is the last, with what the channel
/// has dropped itself. `Receive` is any call that receives: `Empty` if there was no value, or none in time.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "`how` a call receives is only printed")]
pub(crate) enum Operation {
    Begin { senders: usize, receivers: usize },
    Send { value: u32, sent: Sent },
    SendNewest { value: u32, sent: Sent },
    Receive { how: &'static str, received: Result<u32, TryRecvError> },
    IsEmpty(bool),
    SendersGone(bool),
    ReceiversGone(bool),
    DropSender,
    DropReceiver,
    End(Vec<u32>),
}

/// How far a `send_newest` is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) enum Hand {
    #[default]
    Begins,
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
}

impl Model for Place {
    type Operation = Operation;
    type Hand = Hand;

    /// All take effect at one moment, but for `send_newest`: its first exchange may displace something newer, which goes
    /// in by another exchange; and so on, at most once for each newer value.
    fn steps(operation: &Operation, calls: &[Call<Operation>]) -> usize {
        let &Operation::SendNewest { value: mine, sent: Ok(_) } = operation else { return 1 };
        let is_newer = |call: &&Call<Operation>| match call.operation {
            Operation::Send { value, .. } | Operation::SendNewest { value, .. } => value > mine,
            _ => false,
        };
        1 + calls.iter().filter(is_newer).count()
    }

    fn step(&mut self, step: &Step<Operation>, hand: &mut Hand) -> Option<bool> {
        Some(match &step.operation {
            &Operation::Begin { senders, receivers } => {
                (self.senders, self.receivers) = (senders, receivers);
                true
            }
            &Operation::Send { value, sent: Ok(displaced) } => {
                self.receivers > 0 && self.value.replace(value) == displaced
            }
            &Operation::SendNewest { value, sent: Ok(displaced) } => {
                *hand = match *hand {
                    Hand::Begins if self.receivers == 0 => return None,
                    Hand::Begins => self.put_newest(value),
                    Hand::Owes(newer) => self.put_newest(newer),
                    done @ Hand::Done(_) => done,
                };
                !step.is_last || *hand == Hand::Done(displaced)
            }
            Operation::Send { value, sent: Err(back) }
            | Operation::SendNewest { value, sent: Err(back) } => {
                self.receivers == 0 && back == value
            }
            Operation::Receive { received, .. } => {
                *received
                    == self.value.take().ok_or(match self.senders {
                        0 => TryRecvError::Disconnected,
                        _ => TryRecvError::Empty,
                    })
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
            Operation::End(left) => {
                (self.senders, self.receivers) == (0, 0) && self.value.as_slice() == left
            }
        })
    }
}

impl Place {
    /// Makes one exchange of a `send_newest`.
    fn put_newest(&mut self, value: u32) -> Hand {
        match self.value.replace(value) {
            Some(newer) if newer > value => Hand::Owes(newer),
            displaced => Hand::Done(displaced),
        }
    }
}
