//! Histories of the channel whose every receiver sees the newest value.

pub(crate) mod specification;

use crate::{
    script::{Call, Subject, moment},
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

    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Sender<u32>> {
        match dice.below(6) {
            0..3 => Box::new(move |tx| {
                let is_stored = tx.send(value).is_ok();
                Operation::Send { value, is_stored }
            }),
            3 => Box::new(move |tx| Operation::SendReplace { value, old: *tx.send_replace(value) }),
            4 => Box::new(move |tx| {
                // The sum shows what was added to what.
                let more = 100 * value;
                tx.send_modify(|value| *value += more);
                Operation::Add(more)
            }),
            _ => Box::new(|tx| Operation::SenderBorrow(*tx.borrow())),
        }
    }

    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Receiver<u32>> {
        match dice.below(9) {
            0 => Box::new(|rx| {
                let value = rx.borrow();
                Operation::Borrow { value: *value, has_changed: value.has_changed() }
            }),
            1..3 => Box::new(|rx| {
                let value = rx.borrow_and_update();
                let (value, has_changed) = (*value, value.has_changed());
                Operation::BorrowAndUpdate { value, has_changed, skipped: rx.skipped() }
            }),
            3..5 => Box::new(|rx| Operation::HasChanged(rx.has_changed().ok())),
            // A future that is polled once, and then dropped.
            5..7 => Box::new(|rx| {
                let poll = pin!(rx.changed()).poll(&mut Context::from_waker(Waker::noop()));
                let changed = if let Poll::Ready(result) = poll { Some(result) } else { None };
                waited("changed, polled once", rx, changed)
            }),
            7 if may_block => Box::new(|rx| {
                let changed = rx.blocking_changed();
                waited("blocking_changed", rx, Some(changed))
            }),
            _ => {
                let time = moment(dice);
                Box::new(move |rx| {
                    let changed = match rx.blocking_changed_timeout(time) {
                        Ok(()) => Some(Ok(())),
                        Err(RecvTimeoutError::Disconnected) => Some(Err(RecvError)),
                        Err(RecvTimeoutError::Timeout) => None,
                    };
                    waited("blocking_changed_timeout", rx, changed)
                })
            }
        }
    }

    fn end((): ()) -> Option<Operation> {
        None
    }
}

/// Describes a call that has waited for a change.
fn waited(
    how: &'static str,
    rx: &Receiver<u32>,
    changed: Option<Result<(), RecvError>>,
) -> Operation {
    Operation::Changed { how, changed: changed.map(|result| result.map(|()| rx.skipped())) }
}
