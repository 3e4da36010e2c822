//! Histories of the channel whose values stay in their buffers. Its specification is that of `channel`: a publish puts a
//! value in, and says whether that replaced one; an update or a wait takes it.

use crate::{
    channel::{
        idle, in_time, polled,
        specification::{Operation, Place},
    },
    script::{Call, Subject, moment},
    world::{
        TryRecvError,
        buffer::{Reader, Writer, channel},
    },
};
use std::pin::pin;
use support::dice::Dice;

/// What is published: one number in every word.
type Frame = [u32; 5];

fn number(frame: &Frame) -> u32 {
    assert_eq!(*frame, [frame[0]; 5], "a torn value");
    frame[0]
}

/// The channel whose values stay in their buffers.
pub(crate) struct Buffer;

impl Subject for Buffer {
    type Model = Place;
    type Sender = Writer<Frame>;
    type Receiver = Reader<Frame>;
    type Witness = ();

    fn channel(dice: &mut Dice, senders: usize) -> (Vec<Writer<Frame>>, Reader<Frame>, ()) {
        let (tx, mut rx) = channel([0; 5]);
        rx.set_spin_limit(dice.pick(&[0, 10]));
        (vec![tx; senders], rx, ())
    }

    fn leave_waker(rx: &mut Reader<Frame>) {
        assert!(rx.poll_updated(&mut idle()).is_pending());
    }

    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Writer<Frame>> {
        match dice.below(8) {
            0..3 => Box::new(move |tx| {
                tx.iter_mut().for_each(|word| *word = value);
                Operation::Publish { value, published: tx.publish().map_err(|_closed| value) }
            }),
            3..6 => Box::new(move |tx| {
                let published = tx.write([value; 5]).map_err(|back| number(&back.into_inner()));
                Operation::Publish { value, published }
            }),
            6 => Box::new(|tx| Operation::IsEmpty(tx.is_empty())),
            _ => Box::new(|tx| Operation::ReceiversGone(tx.is_closed())),
        }
    }

    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Reader<Frame>> {
        match dice.below(10) {
            0..3 => Box::new(|rx| {
                let taken = shown(rx, |rx| rx.update().then_some(()).ok_or(TryRecvError::Empty));
                Operation::Take { how: "update", taken: taken.ok() }
            }),
            3..5 if may_block => {
                Box::new(|rx| received("wait", rx, |rx| Ok(rx.wait().map(drop)?)))
            }
            3..6 => {
                let time = moment(dice);
                let wait = move |rx: &mut Reader<Frame>| in_time(rx.wait_timeout(time).map(drop));
                Box::new(move |rx| received("wait_timeout", rx, wait))
            }
            6 => Box::new(|rx| {
                received("poll_updated", rx, |rx| polled(rx.poll_updated(&mut idle())))
            }),
            // A future that is polled once, and then dropped.
            7 => Box::new(|rx| {
                received("updated", rx, |rx| polled(pin!(rx.updated()).poll(&mut idle())))
            }),
            8 => Box::new(|rx| Operation::IsEmpty(rx.is_empty())),
            _ => Box::new(|rx| Operation::SendersGone(rx.is_closed())),
        }
    }

    fn end((): ()) -> Option<Operation> {
        None
    }
}

/// Makes a call, and returns the value that the reader shows if the call has taken one. If not, the reader shows what it
/// showed.
fn shown(
    rx: &mut Reader<Frame>,
    call: impl FnOnce(&mut Reader<Frame>) -> Result<(), TryRecvError>,
) -> Result<u32, TryRecvError> {
    let before = number(rx);
    let result = call(rx);
    let now = number(rx);
    assert!(result.is_ok() || now == before, "it shows {now} after {before}, but took nothing");
    result.map(|()| now)
}

fn received(
    how: &'static str,
    rx: &mut Reader<Frame>,
    call: impl FnOnce(&mut Reader<Frame>) -> Result<(), TryRecvError>,
) -> Operation {
    Operation::Receive { how, received: shown(rx, call) }
}
