//! Threads that send and receive, as the dice have it.

use super::specification::{Operation, Received, Sent};
use crate::{
    history::Recorder,
    script::{Beginning, Dice, Part, Subject, churn, crowd, roles},
    world::{
        Receiver, RecvTimeoutError, SendError, Sender, SharedSender, TryRecvError, channel, pause,
    },
};
use std::{
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    time::Duration,
};

/// What the channel has dropped itself.
type Left = Arc<Mutex<Vec<u32>>>;

/// A number that says so if it is dropped before anybody has taken it over.
pub(crate) struct Value {
    number: u32,
    left: Option<Left>,
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

pub(crate) enum Handle {
    Sender(Sends, Left),
    /// With others that make no call, and go with it.
    Receiver(Receiver<Value>, Vec<Receiver<Value>>),
}

pub(crate) enum Sends {
    Own(Sender<Value>),
    /// One handle, through which several threads send. For the history each thread has one.
    Shared(Arc<SharedSender<Value>>),
}

impl Sends {
    fn send(&mut self, value: Value) -> Result<Option<Value>, SendError<Value>> {
        match self {
            Self::Own(sender) => sender.send(value),
            Self::Shared(sender) => sender.send(value),
        }
    }

    /// Between the exchanges it pauses for `time`.
    fn send_newest(&mut self, value: Value, time: u32) -> Result<Option<Value>, SendError<Value>> {
        let mut looks = 0;
        let key = |value: &Value| {
            looks += 1;
            if looks > 1 {
                pause(time);
            }
            value.number
        };
        match self {
            Self::Own(sender) => sender.send_newest_by_key(value, key),
            Self::Shared(sender) => sender.send_newest_by_key(value, key),
        }
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::Own(sender) => sender.is_closed(),
            Self::Shared(sender) => sender.is_closed(),
        }
    }
}

#[derive(Clone)]
pub(crate) enum Wanted {
    Send(u32),
    /// With the pause after its first exchange.
    SendNewest(u32, u32),
    TryRecv,
    Recv,
    /// With the time that it waits.
    RecvTimeout(Duration),
    PollRecv,
    /// A future that is polled once, and then dropped.
    PollFuture,
    IsEmpty,
    IsDisconnected,
    /// Some idle receivers go, and others come, which is no part of the history.
    Churn,
    Drop,
}

/// Histories of the channel with one slot.
pub(crate) struct Slot;

impl Subject for Slot {
    type Operation = Operation;
    type Call = Wanted;
    type Handle = Handle;
    type Witness = Left;

    fn begin(dice: &mut Dice, may_block: bool) -> Beginning<Self> {
        let sends = roles(dice);
        let senders = sends.iter().filter(|sends| **sends).count();
        let receivers = sends.len() - senders;
        let is_shared = dice.below(3) == 0;

        let left = Left::default();
        let (sender, receiver) = channel();
        let mut all_senders: Vec<_> = if is_shared {
            let shared = Arc::new(sender.into_shared());
            (0..senders).map(|_| Sends::Shared(Arc::clone(&shared))).collect()
        } else {
            let mut all: Vec<_> = (1..senders).map(|_| Sends::Own(sender.clone())).collect();
            all.push(Sends::Own(sender));
            all
        };
        let mut all_receivers: Vec<_> = (0..receivers)
            .map(|_| {
                let mut idle = vec![receiver.clone(); crowd(dice)];
                // Some have left a waker behind.
                for idle in idle.iter_mut().step_by(3) {
                    assert!(idle.poll_recv(&mut Context::from_waker(Waker::noop())).is_pending());
                }
                (receiver.clone(), idle)
            })
            .collect();
        drop(receiver);

        let mut values = dice.shuffled(4 * u32::try_from(senders).expect("a few"));
        let parts = sends.into_iter().map(|sends| {
            if sends {
                let sender = all_senders.pop().expect("one for each thread that sends");
                let handle = Handle::Sender(sender, Arc::clone(&left));
                (handle, sending(dice, &mut values, may_block))
            } else {
                let (mut receiver, idle) = all_receivers.pop().expect("one for each that receives");
                receiver.set_spin_limit(dice.pick(&[0, 10]));
                (Handle::Receiver(receiver, idle), receiving(dice, may_block))
            }
        });
        let parts = parts.collect();
        Beginning { first: Operation::Begin { senders, receivers }, parts, witness: left }
    }

    fn make(call: Wanted, handle: &mut Option<Handle>, recorder: &mut Recorder<'_, Operation>) {
        if let Wanted::Drop = call {
            return Self::leave(handle.take().expect("dropped once"), recorder);
        }
        match handle.as_mut().expect("its drop is the last call") {
            Handle::Sender(sender, left) => {
                let value = |number| Value { number, left: Some(Arc::clone(left)) };
                match call {
                    Wanted::Send(number) => {
                        let value = value(number);
                        recorder.record(
                            || sender.send(value),
                            |result| Operation::Send { value: number, sent: sent(result) },
                        );
                    }
                    Wanted::SendNewest(number, time) => {
                        let value = value(number);
                        recorder.record(
                            || sender.send_newest(value, time),
                            |result| Operation::SendNewest { value: number, sent: sent(result) },
                        );
                    }
                    _ => recorder.record(|| sender.is_closed(), Operation::ReceiversGone),
                }
            }
            Handle::Receiver(receiver, idle) => match call {
                Wanted::Churn => churn(receiver, idle),
                _ => receive(&call, receiver, recorder),
            },
        }
    }

    fn leave(handle: Handle, recorder: &mut Recorder<'_, Operation>) {
        let operation = match &handle {
            Handle::Sender(..) => Operation::DropSender,
            Handle::Receiver(..) => Operation::DropReceiver,
        };
        recorder.record(|| drop(handle), |()| operation);
    }

    fn end(left: Left, recorder: &mut Recorder<'_, Operation>) {
        recorder.record(|| left.lock().unwrap().clone(), |left| Operation::End { left });
    }
}

fn sending(dice: &mut Dice, values: &mut Vec<u32>, must_leave: bool) -> Part<Wanted> {
    let mut part: Part<Wanted> = (0..=dice.below(4))
        .map(|_| {
            let call = match dice.below(7) {
                0..3 => Wanted::Send(values.pop().expect("four for each sender")),
                3..6 => {
                    let value = values.pop().expect("four for each sender");
                    Wanted::SendNewest(value, pause_for(dice))
                }
                _ => Wanted::IsDisconnected,
            };
            (pause_for(dice), call)
        })
        .collect();
    if must_leave || dice.below(2) == 0 {
        part.push((pause_for(dice), Wanted::Drop));
    }
    part
}

fn receiving(dice: &mut Dice, may_block: bool) -> Part<Wanted> {
    let mut part: Part<Wanted> = (0..=dice.below(4))
        .map(|_| {
            let call = match dice.below(10) {
                0..2 => Wanted::TryRecv,
                2..4 if may_block => Wanted::Recv,
                2..5 => Wanted::RecvTimeout(Duration::from_micros(dice.below(40).into())),
                5 => Wanted::PollRecv,
                6 => Wanted::PollFuture,
                7 => Wanted::IsEmpty,
                8 => Wanted::Churn,
                _ => Wanted::IsDisconnected,
            };
            (pause_for(dice), call)
        })
        .collect();
    if dice.below(2) == 0 {
        part.push((pause_for(dice), Wanted::Drop));
    }
    part
}

fn pause_for(dice: &mut Dice) -> u32 {
    let longest = dice.pick(&[1, 1, 8, 64]);
    dice.below(longest)
}

fn sent(result: Result<Option<Value>, SendError<Value>>) -> Sent {
    match result {
        Ok(displaced) => Sent::Displaced(displaced.map(Value::into_number)),
        Err(SendError(value)) => Sent::Back(value.into_number()),
    }
}

fn receive(call: &Wanted, receiver: &mut Receiver<Value>, recorder: &mut Recorder<'_, Operation>) {
    let said = |how, result: Result<Value, Received>| Operation::Receive {
        how,
        received: match result {
            Ok(value) => Received::Value(value.into_number()),
            Err(other) => other,
        },
    };
    let polled = |poll| match poll {
        Poll::Ready(Ok(value)) => Ok(value),
        Poll::Ready(Err(_)) => Err(Received::Disconnected),
        Poll::Pending => Err(Received::Nothing),
    };
    let mut context = Context::from_waker(Waker::noop());
    match *call {
        Wanted::TryRecv => recorder.record(
            || receiver.try_recv(),
            |result| {
                let result = result.map_err(|error| match error {
                    TryRecvError::Empty => Received::Nothing,
                    TryRecvError::Disconnected => Received::Disconnected,
                });
                said("try_recv", result)
            },
        ),
        Wanted::Recv => recorder.record(
            || receiver.recv(),
            |result| said("recv", result.map_err(|_| Received::Disconnected)),
        ),
        Wanted::RecvTimeout(time) => recorder.record(
            || receiver.recv_timeout(time),
            |result| {
                let result = result.map_err(|error| match error {
                    RecvTimeoutError::Timeout => Received::Nothing,
                    RecvTimeoutError::Disconnected => Received::Disconnected,
                });
                said("recv_timeout", result)
            },
        ),
        Wanted::PollRecv => recorder
            .record(|| receiver.poll_recv(&mut context), |poll| said("poll_recv", polled(poll))),
        Wanted::PollFuture => recorder.record(
            || pin!(receiver.recv_async()).poll(&mut context),
            |poll| said("recv_async, polled once", polled(poll)),
        ),
        Wanted::IsEmpty => recorder.record(|| receiver.is_empty(), Operation::IsEmpty),
        _ => recorder.record(|| receiver.is_closed(), Operation::SendersGone),
    }
}
