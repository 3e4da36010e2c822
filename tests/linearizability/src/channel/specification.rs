//! The channel as one place for one value, used by one call at a time.

use crate::{
    history::{Left, Model, Progress},
    world::TryRecvError,
};

/// What a send returned: the value that it displaced, or, if no receiver was left, its own.
type Sent = Result<Option<u32>, u32>;

/// What a call did, and what it returned. `End` is the last of every history, with what the channel has dropped itself.
/// `Receive` is any call that receives: `Empty` if there was no value, or none in time.
#[derive(Debug)]
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

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place(Option<u32>);

impl Model for Place {
    type Operation = Operation;
    /// What a send still has to put in, if that is not its own value.
    type Hand = Option<u32>;

    /// All take effect at one moment, but for `send_newest`: its first exchange may displace something newer, which goes
    /// in by another exchange; and so on, at most once for each newer value.
    fn step(
        &mut self,
        operation: &Operation,
        _: usize,
        left: Left,
        hand: &Option<u32>,
    ) -> Option<Progress<Option<u32>>> {
        let is_so = match operation {
            Operation::Send { sent: Ok(_), .. } | Operation::SendNewest { sent: Ok(_), .. }
                if hand.is_none() && left.receivers == 0 =>
            {
                false
            }
            &Operation::Send { value, sent: Ok(displaced) } => self.0.replace(value) == displaced,
            &Operation::SendNewest { value, sent: Ok(displaced) } => {
                let value = hand.unwrap_or(value);
                let before = self.0.replace(value);
                if before > Some(value) {
                    return Some(Progress::More(before));
                }
                before == displaced
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
        };
        is_so.then_some(Progress::Done)
    }
}
