//! Histories of the channel whose every receiver sees the newest value.

pub(crate) mod specification;

use crate::{
    script::{Call, Record, Subject, moment},
    world::{
        RecvError, RecvTimeoutError,
        watch::{Receiver, Sender, channel},
    },
};
use specification::{Numbered, Operation};
use std::{
    future::Future,
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};
use support::dice::Dice;

/// The channel whose every receiver sees the newest value.
pub(crate) struct Register;

impl Subject for Register {
    type Model = Numbered;
    type Sender = Sender<u32>;
    type Receiver = Receiver<u32>;
    type Witness = ();

    fn channel(_: &mut Dice, senders: usize) -> (Vec<Sender<u32>>, Receiver<u32>, ()) {
        let (tx, rx) = channel(0);
        (vec![tx; senders], rx, ())
    }

    fn leave_waker(rx: &mut Receiver<u32>) {
        let mut changed = rx.changed();
        let poll = Pin::new(&mut changed).poll(&mut Context::from_waker(Waker::noop()));
        assert!(poll.is_pending());
        mem::forget(changed);
    }

    fn begin(senders: usize, receivers: Vec<usize>) -> Operation {
        Operation::Begin { senders, receivers }
    }

    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Sender<u32>> {
        match dice.below(6) {
            0..3 => Box::new(move |tx, it| {
                let said = |is_stored| Operation::Send { value, is_stored };
                it.record(|| tx.send(value).is_ok(), said);
            }),
            3 => Box::new(move |tx, it| {
                let said = |old| Operation::SendReplace { value, old };
                it.record(|| *tx.send_replace(value), said);
            }),
            4 => Box::new(move |tx, it| {
                // The sum shows what was added to what.
                let more = 100 * value;
                it.record(|| tx.send_modify(|value| *value += more), |()| Operation::Add(more));
            }),
            _ => Box::new(|tx, it| it.record(|| *tx.borrow(), Operation::SenderBorrow)),
        }
    }

    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Receiver<u32>> {
        match dice.below(9) {
            0 => Box::new(|rx, it| {
                let receiver = it.thread;
                it.record(
                    || {
                        let value = rx.borrow();
                        (*value, value.has_changed())
                    },
                    |(value, has_changed)| Operation::Borrow { receiver, value, has_changed },
                );
            }),
            1..3 => Box::new(|rx, it| {
                let receiver = it.thread;
                it.record(
                    || {
                        let value = rx.borrow_and_update();
                        let (value, has_changed) = (*value, value.has_changed());
                        (value, has_changed, rx.skipped())
                    },
                    |(value, has_changed, skipped)| Operation::BorrowAndUpdate {
                        receiver,
                        value,
                        has_changed,
                        skipped,
                    },
                );
            }),
            3..5 => Box::new(|rx, it| {
                let receiver = it.thread;
                it.record(
                    || rx.has_changed().ok(),
                    |said| Operation::HasChanged { receiver, said },
                );
            }),
            // A future that is polled once, and then dropped.
            5..7 => waits("changed, polled once", |rx| {
                let poll = pin!(rx.changed()).poll(&mut Context::from_waker(Waker::noop()));
                match poll {
                    Poll::Ready(result) => Some(result),
                    Poll::Pending => None,
                }
            }),
            7 if may_block => waits("blocking_changed", |rx| Some(rx.blocking_changed())),
            _ => {
                let time = moment(dice);
                waits("blocking_changed_timeout", move |rx| {
                    match rx.blocking_changed_timeout(time) {
                        Ok(()) => Some(Ok(())),
                        Err(RecvTimeoutError::Disconnected) => Some(Err(RecvError)),
                        Err(RecvTimeoutError::Timeout) => None,
                    }
                })
            }
        }
    }

    fn dropped(is_sender: bool) -> Operation {
        if is_sender { Operation::DropSender } else { Operation::DropReceiver }
    }

    fn end((): (), _: &mut Record<'_, Self>) {}
}

/// Makes a call that waits for a change.
fn waits(
    how: &'static str,
    wait: impl FnOnce(&mut Receiver<u32>) -> Option<Result<(), RecvError>> + Send + 'static,
) -> Call<Register, Receiver<u32>> {
    Box::new(move |rx, it| {
        let receiver = it.thread;
        // How many changes are skipped is the receiver's own: it may be asked inside the call.
        let call = || wait(rx).map(|result| result.map(|()| rx.skipped()));
        it.record(call, |changed| Operation::Changed { receiver, how, changed });
    })
}
