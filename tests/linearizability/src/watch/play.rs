//! Threads that send and look, as the dice have it.

use super::specification::{Changed, Operation};
use crate::{
    history::Recorder,
    script::{Beginning, Dice, Subject, churn, crowd, roles},
    world::{RecvTimeoutError, watch},
};
use std::{
    future::Future,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
    time::Duration,
};

pub(crate) enum Handle {
    Sender(watch::Sender<u32>),
    /// With others that make no call, and go with it.
    Receiver(watch::Receiver<u32>, Vec<watch::Receiver<u32>>),
}

#[derive(Clone)]
pub(crate) enum Wanted {
    Send(u32),
    SendReplace(u32),
    Add(u32),
    Borrow,
    BorrowAndUpdate,
    HasChanged,
    /// A future that is polled once, and then dropped.
    PollChanged,
    BlockingChanged,
    /// With the time that it waits.
    BlockingChangedTimeout(Duration),
    /// Some idle receivers go, and others come, which is no part of the history.
    Churn,
    Drop,
}

/// Histories of the channel whose every receiver sees the newest value.
pub(crate) struct Register;

impl Subject for Register {
    type Operation = Operation;
    type Call = Wanted;
    type Handle = Handle;
    type Witness = ();

    fn begin(dice: &mut Dice, may_block: bool) -> Beginning<Self> {
        let sends = roles(dice);
        let senders = sends.iter().filter(|sends| **sends).count();
        let receivers = (0..sends.len()).filter(|thread| !sends[*thread]).collect::<Vec<_>>();
        let (sender, receiver) = watch::channel(0);
        let mut all_senders: Vec<_> = (1..senders).map(|_| sender.clone()).collect();
        all_senders.push(sender);
        let mut all_receivers: Vec<_> = (0..receivers.len())
            .map(|_| {
                let mut idle = vec![receiver.clone(); crowd(dice)];
                // Some have left a waker behind.
                for idle in idle.iter_mut().step_by(3) {
                    let mut changed = idle.changed();
                    let mut context = Context::from_waker(Waker::noop());
                    assert!(Pin::new(&mut changed).poll(&mut context).is_pending());
                    mem::forget(changed);
                }
                (receiver.clone(), idle)
            })
            .collect();
        drop(receiver);

        let mut values = dice.shuffled(4 * u32::try_from(senders).expect("a few"));
        let parts = sends.into_iter().map(|sends| {
            let calls = 1 + dice.below(4);
            let mut part: Vec<_> = (0..calls)
                .map(|_| {
                    let call = if sends {
                        let value = values.pop().expect("four for each sender");
                        sending(dice, value)
                    } else {
                        receiving(dice, may_block)
                    };
                    (pause_for(dice), call)
                })
                .collect();
            if (sends && may_block) || dice.below(2) == 0 {
                part.push((pause_for(dice), Wanted::Drop));
            }
            let handle = if sends {
                Handle::Sender(all_senders.pop().expect("one for each thread that sends"))
            } else {
                let (receiver, idle) = all_receivers.pop().expect("one for each that receives");
                Handle::Receiver(receiver, idle)
            };
            (handle, part)
        });
        let parts = parts.collect();
        Beginning { first: Operation::Begin { senders, receivers }, parts, witness: () }
    }

    fn make(call: Wanted, handle: &mut Option<Handle>, recorder: &mut Recorder<'_, Operation>) {
        if let Wanted::Drop = call {
            return Self::leave(handle.take().expect("dropped once"), recorder);
        }
        match handle.as_mut().expect("its drop is the last call") {
            Handle::Sender(sender) => match call {
                Wanted::Send(value) => recorder.record(
                    || sender.send(value),
                    |result| Operation::Send { value, stored: result.is_ok() },
                ),
                Wanted::SendReplace(value) => recorder.record(
                    || *sender.send_replace(value),
                    |old| Operation::SendReplace { value, old },
                ),
                Wanted::Add(more) => recorder.record(
                    || sender.send_modify(|value| *value += more),
                    |()| Operation::Add(more),
                ),
                _ => recorder.record(|| *sender.borrow(), Operation::SenderBorrow),
            },
            Handle::Receiver(receiver, idle) => match call {
                Wanted::Churn => churn(receiver, idle),
                _ => receive(&call, receiver, recorder),
            },
        }
    }

    fn leave(handle: Handle, recorder: &mut Recorder<'_, Operation>) {
        let operation = match &handle {
            Handle::Sender(_) => Operation::DropSender,
            Handle::Receiver(..) => Operation::DropReceiver,
        };
        recorder.record(|| drop(handle), |()| operation);
    }

    fn end((): (), _: &mut Recorder<'_, Operation>) {}
}

fn sending(dice: &mut Dice, value: u32) -> Wanted {
    match dice.below(6) {
        0..3 => Wanted::Send(value),
        3 => Wanted::SendReplace(value),
        // The sum tells what was added to what.
        4 => Wanted::Add(100 * value),
        _ => Wanted::Borrow,
    }
}

fn receiving(dice: &mut Dice, may_block: bool) -> Wanted {
    match dice.below(10) {
        0 => Wanted::Borrow,
        1..3 => Wanted::BorrowAndUpdate,
        3..5 => Wanted::HasChanged,
        5..7 => Wanted::PollChanged,
        7 if may_block => Wanted::BlockingChanged,
        8 => Wanted::Churn,
        _ => Wanted::BlockingChangedTimeout(Duration::from_micros(dice.below(40).into())),
    }
}

fn pause_for(dice: &mut Dice) -> u32 {
    let longest = dice.pick(&[1, 1, 8, 64]);
    dice.below(longest)
}

fn receive(
    call: &Wanted,
    looking: &mut watch::Receiver<u32>,
    recorder: &mut Recorder<'_, Operation>,
) {
    let receiver = recorder.thread();
    // How many are skipped is the receiver's own: it may be asked inside the call.
    let said = |how, changed| Operation::Changed { receiver, how, changed };
    match *call {
        Wanted::Borrow => recorder.record(
            || {
                let value = looking.borrow();
                (*value, value.has_changed())
            },
            |(value, has_changed)| Operation::Borrow { receiver, value, has_changed },
        ),
        Wanted::BorrowAndUpdate => recorder.record(
            || {
                let value = looking.borrow_and_update();
                let (value, has_changed) = (*value, value.has_changed());
                (value, has_changed, looking.skipped())
            },
            |(value, has_changed, skipped)| Operation::BorrowAndUpdate {
                receiver,
                value,
                has_changed,
                skipped,
            },
        ),
        Wanted::HasChanged => recorder.record(
            || looking.has_changed(),
            |result| Operation::HasChanged { receiver, said: result.ok() },
        ),
        Wanted::PollChanged => recorder.record(
            || {
                let mut context = Context::from_waker(Waker::noop());
                let poll = pin!(looking.changed()).poll(&mut context);
                match poll {
                    Poll::Ready(Ok(())) => Changed::Yes { skipped: looking.skipped() },
                    Poll::Ready(Err(_)) => Changed::Closed,
                    Poll::Pending => Changed::No,
                }
            },
            |changed| said("changed, polled once", changed),
        ),
        Wanted::BlockingChangedTimeout(time) => recorder.record(
            || match looking.blocking_changed_timeout(time) {
                Ok(()) => Changed::Yes { skipped: looking.skipped() },
                Err(RecvTimeoutError::Disconnected) => Changed::Closed,
                Err(RecvTimeoutError::Timeout) => Changed::No,
            },
            |changed| said("blocking_changed_timeout", changed),
        ),
        _ => recorder.record(
            || match looking.blocking_changed() {
                Ok(()) => Changed::Yes { skipped: looking.skipped() },
                Err(_) => Changed::Closed,
            },
            |changed| said("blocking_changed", changed),
        ),
    }
}
