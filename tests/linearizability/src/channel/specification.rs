//! The channel as one place for one value, used by one call at a time.

use crate::{
    history::{Call, Event, Left, Model, Step},
    world::TryRecvError,
};

/// What a send returned: the value that it displaced, or, if no receiver was left, its own.
type Sent = Result<Option<u32>, u32>;

/// What a call did, and what it returned. `End` is the last of every history, with what the channel has dropped itself.
/// `Receive` is any call that receives: `Empty` if there was no value, or none in time.
#[derive(Debug, Clone)]
#[expect(dead_code, reason = "`how` a call receives is only printed")]
pub(crate) enum Operation {
    Send { value: u32, sent: Sent },
    SendNewest { value: u32, sent: Sent },
    Receive { how: &'static str, received: Result<u32, TryRecvError> },
    IsEmpty(bool),
    SendersGone(bool),
    ReceiversGone(bool),
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
pub(crate) struct Place(Option<u32>);

impl Model for Place {
    type Operation = Operation;
    type Hand = Hand;

    /// All take effect at one moment, but for `send_newest`: its first exchange may displace something newer, which goes
    /// in by another exchange; and so on, at most once for each newer value.
    fn steps(operation: &Operation, calls: &[Call<Operation>]) -> usize {
        let &Operation::SendNewest { value: mine, sent: Ok(_) } = operation else { return 1 };
        let is_newer = |call: &&Call<Operation>| match call.event {
            Event::Call(Operation::Send { value, .. } | Operation::SendNewest { value, .. }) => {
                value > mine
            }
            _ => false,
        };
        1 + calls.iter().filter(is_newer).count()
    }

    fn step(
        &mut self,
        operation: &Operation,
        step: &Step<Operation>,
        left: Left,
        hand: &mut Hand,
    ) -> Option<bool> {
        Some(match operation {
            &Operation::Send { value, sent: Ok(displaced) } => {
                left.receivers > 0 && self.0.replace(value) == displaced
            }
            &Operation::SendNewest { value, sent: Ok(displaced) } => {
                *hand = match *hand {
                    Hand::Begins if left.receivers == 0 => return None,
                    Hand::Begins => self.put_newest(value),
                    Hand::Owes(newer) => self.put_newest(newer),
                    done @ Hand::Done(_) => done,
                };
                !step.is_last || *hand == Hand::Done(displaced)
            }
            Operation::Send { value, sent: Err(back) }
            | Operation::SendNewest { value, sent: Err(back) } => {
                left.receivers == 0 && back == value
            }
            Operation::Receive { received, .. } => {
                *received
                    == self.0.take().ok_or(match left.senders {
                        0 => TryRecvError::Disconnected,
                        _ => TryRecvError::Empty,
                    })
            }
            Operation::IsEmpty(said) => self.0.is_none() == *said,
            Operation::SendersGone(said) => (left.senders == 0) == *said,
            Operation::ReceiversGone(said) => (left.receivers == 0) == *said,
            Operation::End(values) => left == Left::default() && self.0.as_slice() == values,
        })
    }
}

impl Place {
    /// Makes one exchange of a `send_newest`.
    fn put_newest(&mut self, value: u32) -> Hand {
        match self.0.replace(value) {
            Some(newer) if newer > value => Hand::Owes(newer),
            displaced => Hand::Done(displaced),
        }
    }
}
