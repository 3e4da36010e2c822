//! Histories of the channel with one slot.

pub(crate) mod specification;

use crate::{
    script::{Call, Subject, moment, pause_for},
    world::{
        CROWD, Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender,
        TryRecvError, channel, pause,
    },
};
use specification::{Operation, Place, merged};
use std::{
    marker::PhantomData,
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};
use support::dice::Dice;

/// Notes what the channel has dropped itself. A `support::ledger` does not know the numbers of merged values.
pub(crate) type Dropped = Arc<Mutex<Vec<u32>>>;

/// A number that is noted if it is dropped before it was handed out.
pub(crate) struct Value {
    number: u32,
    left: Option<Dropped>,
}

impl Value {
    fn into_number(mut self) -> u32 {
        self.left = None;
        self.number
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        if let Some(left) = &self.left {
            left.lock().unwrap().push(self.number);
        }
    }
}

type Sent = Result<Option<Value>, SendError<Value>>;

#[derive(Clone)]
enum Handle {
    Own(Sender<Value>),
    /// One handle, through which several threads send. In the history each thread has a handle of its own.
    Shared(Arc<SharedSender<Value>>),
}

/// Makes the same call of a sender of either kind.
macro_rules! either {
    ($handle:expr, $tx:ident => $call:expr) => {
        match $handle {
            Handle::Own($tx) => $call,
            Handle::Shared($tx) => $call,
        }
    };
}

/// A handle that sends, and where its values note that they were left.
#[derive(Clone)]
pub(crate) struct Sends {
    tx: Handle,
    left: Dropped,
}

impl Sends {
    fn value(&self, number: u32) -> Value {
        Value { number, left: Some(Arc::clone(&self.left)) }
    }
}

/// Opens a channel for a history.
pub(crate) trait Open: 'static {
    /// See [`Subject::CROWD`].
    const CROWD: usize = CROWD;

    fn open() -> (Sender<Value>, Receiver<Value>);
}

/// On the heap.
pub(crate) struct Heap;

impl Open for Heap {
    fn open() -> (Sender<Value>, Receiver<Value>) {
        channel()
    }
}

/// The channel with one slot.
pub(crate) struct Slot<O = Heap>(PhantomData<O>);

impl<O: Open> Subject for Slot<O> {
    type Model = Place;
    type Sender = Sends;
    type Receiver = Receiver<Value>;
    type Witness = Dropped;

    const CROWD: usize = O::CROWD;

    fn channel(dice: &mut Dice, senders: usize) -> (Vec<Sends>, Receiver<Value>, Dropped) {
        let ((tx, mut rx), left) = (O::open(), Dropped::default());
        rx.set_spin_limit(dice.pick(&[0, 10]));
        let is_shared = dice.one_in(3);
        let tx =
            if is_shared { Handle::Shared(Arc::new(tx.into_shared())) } else { Handle::Own(tx) };
        (vec![Sends { tx, left: left.clone() }; senders], rx, left)
    }

    fn leave_waker(rx: &mut Receiver<Value>) {
        assert!(rx.poll_recv(&mut idle()).is_pending());
    }

    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Sends> {
        match dice.below(11) {
            0..3 => Box::new(move |tx| {
                let sends = tx.value(value);
                Operation::Send { value, sent: returned(either!(&mut tx.tx, tx => tx.send(sends))) }
            }),
            3..6 => {
                let time = pause_for(dice);
                Box::new(move |tx| {
                    let sends = tx.value(value);
                    let mut looks = 0;
                    // Pauses between the exchanges.
                    let key = |value: &Value| {
                        looks += 1;
                        if looks > 1 {
                            pause(time);
                        }
                        value.number
                    };
                    let sent = either!(&mut tx.tx, tx => tx.send_newest_by_key(sends, key));
                    Operation::SendNewest { value, sent: returned(sent) }
                })
            }
            6..9 => {
                let time = pause_for(dice);
                Box::new(move |tx| {
                    let sends = tx.value(value);
                    // Pauses while nothing is there.
                    let merge = |unread: Value, value: Value| {
                        pause(time);
                        Value {
                            left: unread.left.clone(),
                            number: merged(unread.into_number(), value.into_number()),
                        }
                    };
                    let sent = either!(&mut tx.tx, tx => tx.send_merged(sends, merge));
                    let sent = sent.map_err(|SendError(back)| back.into_number());
                    Operation::SendMerged { value, sent }
                })
            }
            9 => Box::new(|tx| {
                let taken = either!(&mut tx.tx, tx => tx.withdraw()).map(Value::into_number);
                Operation::Take { how: "withdraw", taken }
            }),
            _ => Box::new(|tx| Operation::ReceiversGone(either!(&tx.tx, tx => tx.is_closed()))),
        }
    }

    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Receiver<Value>> {
        match dice.below(9) {
            0..2 => Box::new(|rx| received("try_recv", rx.try_recv())),
            2..4 if may_block => Box::new(|rx| received("recv", rx.recv().map_err(Into::into))),
            2..5 => {
                let time = moment(dice);
                Box::new(move |rx| received("recv_timeout", in_time(rx.recv_timeout(time))))
            }
            5 => Box::new(|rx| received("poll_recv", polled(rx.poll_recv(&mut idle())))),
            // A future that is polled once, and then dropped.
            6 => Box::new(|rx| {
                received("recv_async", polled(pin!(rx.recv_async()).poll(&mut idle())))
            }),
            7 => Box::new(|rx| Operation::IsEmpty(rx.is_empty())),
            _ => Box::new(|rx| Operation::SendersGone(rx.is_closed())),
        }
    }

    fn end(left: Dropped) -> Option<Operation> {
        Some(Operation::End(left.lock().unwrap().clone()))
    }
}

pub(crate) fn idle() -> Context<'static> {
    Context::from_waker(Waker::noop())
}

fn returned(sent: Sent) -> Result<Option<u32>, u32> {
    match sent {
        Ok(displaced) => Ok(displaced.map(Value::into_number)),
        Err(SendError(value)) => Err(value.into_number()),
    }
}

fn received(how: &'static str, received: Result<Value, TryRecvError>) -> Operation {
    Operation::Receive { how, received: received.map(Value::into_number) }
}

pub(crate) fn polled<T>(poll: Poll<Result<T, RecvError>>) -> Result<T, TryRecvError> {
    match poll {
        Poll::Ready(result) => Ok(result?),
        Poll::Pending => Err(TryRecvError::Empty),
    }
}

pub(crate) fn in_time<T>(result: Result<T, RecvTimeoutError>) -> Result<T, TryRecvError> {
    result.map_err(|error| match error {
        RecvTimeoutError::Timeout => TryRecvError::Empty,
        RecvTimeoutError::Disconnected => TryRecvError::Disconnected,
    })
}
