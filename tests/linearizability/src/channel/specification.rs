//! The channel as one place for one value, used by one call at a time. That is what a `buffer` is, too.

use crate::{
    history::{Left, Model, Progress},
    world::TryRecvError,
};

/// What a send returned: the value that it displaced, or, if no receiver was left, its own.
type Sent = Result<Option<u32>, u32>;

/// What a call did, and what it returned. `End` is the last of every history, with what the channel has dropped itself.
/// `Receive` is any call that receives: `Empty` if there was no value, or none in time. `Take` does not tell that from the
/// end. A `Publish` or a `SendMerged` says whether it found a value.
#[derive(Debug)]
#[expect(dead_code, reason = "`how` a call takes a value is only printed")]
pub(crate) enum Operation {
    Send { value: u32, sent: Sent },
    SendNewest { value: u32, sent: Sent },
    SendMerged { value: u32, sent: Result<bool, u32> },
    Publish { value: u32, published: Result<bool, u32> },
    Take { how: &'static str, taken: Option<u32> },
    Receive { how: &'static str, received: Result<u32, TryRecvError> },
    IsEmpty(bool),
    SendersGone(bool),
    ReceiversGone(bool),
    End(Vec<u32>),
}

/// Merges two values so that it shows which ones they were, and in which order.
pub(crate) fn merged(unread: u32, value: u32) -> u32 {
    unread.wrapping_mul(101).wrapping_add(value)
}

/// What a send puts in.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Puts {
    value: u32,
    /// It has taken something out before.
    again: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Place(Option<u32>);

impl Model for Place {
    type Operation = Operation;
    /// `None` if a send still looks for a receiver. The last one may go before the value is put in.
    type Hand = Option<Puts>;

    /// All that send nothing take effect at one moment. A `send` or a `publish` puts its value in by one exchange. The exchange
    /// of a `send_newest` may displace something newer, which goes in by another exchange; and so on, at most once for each
    /// newer value. A `send_merged` takes what is there, and then puts in what it has merged, if nothing has come meanwhile.
    /// If something has, it takes that as well. Between the two a receiver finds nothing.
    fn step(
        &mut self,
        operation: &Operation,
        _: usize,
        left: Left,
        hand: &Option<Puts>,
    ) -> Option<Progress<Option<Puts>>> {
        let more = |value, again| Some(Progress::More(Some(Puts { value, again })));
        let is_so = match (operation, *hand) {
            (
                &Operation::Send { value, sent: Ok(_) }
                | &Operation::SendNewest { value, sent: Ok(_) }
                | &Operation::SendMerged { value, sent: Ok(_) }
                | &Operation::Publish { value, published: Ok(_) },
                None,
            ) => return more(value, false).filter(|_| left.receivers > 0),
            (&Operation::Send { sent: Ok(displaced), .. }, Some(Puts { value, .. })) => {
                self.0.replace(value) == displaced
            }
            (&Operation::SendNewest { sent: Ok(displaced), .. }, Some(Puts { value, .. })) => {
                match self.0.replace(value) {
                    Some(newer) if newer > value => return more(newer, true),
                    before => before == displaced,
                }
            }
            (&Operation::SendMerged { sent: Ok(found), .. }, Some(Puts { value, again })) => {
                if let Some(unread) = self.0.take() {
                    return more(merged(unread, value), true);
                }
                self.0 = Some(value);
                again == found
            }
            (&Operation::Publish { published: Ok(found), .. }, Some(Puts { value, .. })) => {
                self.0.replace(value).is_some() == found
            }
            (
                Operation::Send { value, sent: Err(back) }
                | Operation::SendNewest { value, sent: Err(back) }
                | Operation::SendMerged { value, sent: Err(back) }
                | Operation::Publish { value, published: Err(back) },
                _,
            ) => left.receivers == 0 && back == value,
            (Operation::Receive { received, .. }, _) => {
                *received
                    == self.0.take().ok_or(match left.senders {
                        0 => TryRecvError::Disconnected,
                        _ => TryRecvError::Empty,
                    })
            }
            (Operation::Take { taken, .. }, _) => self.0.take() == *taken,
            (Operation::IsEmpty(said), _) => self.0.is_none() == *said,
            (Operation::SendersGone(said), _) => (left.senders == 0) == *said,
            (Operation::ReceiversGone(said), _) => (left.receivers == 0) == *said,
            (Operation::End(values), _) => left == Left::default() && self.0.as_slice() == values,
        };
        is_so.then_some(Progress::Done)
    }
}
