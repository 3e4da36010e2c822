//! What is done with receivers by calls that block: in vain, or where there is something at once.

use super::{Flavour, HeldReceiver, Patience, Slot, model::Call};
use crate::shared::{Asleep, Bytes, POISON, SENDERS, is_wanted, wait_any_of};
use overwrite_channel::Waitable;
use std::{mem, time::Instant};
use support::panics::{Bomb, caught};

impl<F: Flavour> Slot<F> {
    pub(super) fn block(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let matches = F::MATCHES && bytes.one_in(2);
        let mut predicate = matches.then(|| self.predicate(bytes));
        if matches && bytes.one_in(8) {
            // It panics as it is dropped.
            predicate = predicate.map(|mut wanted| {
                let bomb = Bomb;
                Box::new(move |value: &_| (wanted(value), &bomb).0) as super::Predicate
            });
        }
        let receiver = &mut self.receivers[index];
        // Making up for a forgotten future may wake a task that is faster.
        let is_there = self
            .model
            .slot
            .is_some_and(|slot| !matches || is_wanted(slot.rank) || slot.rank == POISON);
        let ends = !has_forgotten(receiver) && (is_there || self.model.handles[SENDERS] == 0);
        let (how, patience) = (bytes.below(if ends { 6 } else { 2 }), bytes.patience());
        let last = begin(receiver, !patience.is_zero());
        let rx = receiver.idle();
        let deadline = Instant::now() + patience;
        let how = match how {
            0 => Patience::For(patience),
            1 => Patience::Until(deadline),
            _ => Patience::Endless(how),
        };
        let answer = caught(|| {
            F::block(rx, predicate.take(), how).map_err(|error| {
                assert!(error.is_disconnected() || Instant::now() >= deadline, "it gave up early");
                Some(error.is_disconnected())
            })
        });
        self.received(index, answer, matches);
        caught(|| drop(last));
    }

    /// Together with receivers of other channels, which stay empty.
    pub(super) fn wait_any(&mut self, bytes: &mut Bytes<'_>) {
        let (mut ends, mut may_owe) = (self.model.is_ready(), true);
        let mut receivers: Vec<_> =
            self.receivers.iter_mut().filter(|receiver| receiver.wait.is_none()).collect();
        // If this panics, the model does not know for which of them it has made up. So there is at most one.
        receivers.retain(|receiver| {
            let has_forgotten = has_forgotten(receiver);
            ends &= !has_forgotten;
            !has_forgotten || mem::take(&mut may_owe)
        });
        let has_receivers = !receivers.is_empty();
        let patience = bytes.patience();
        let last: Vec<_> =
            receivers.iter_mut().map(|receiver| begin(receiver, !patience.is_zero())).collect();
        let rxs =
            receivers.iter_mut().map(|receiver| receiver.idle() as &mut dyn Waitable).collect();
        let ready = wait_any_of(rxs, patience, ends && has_receivers, bytes);
        if let Some(Some(index)) = ready {
            assert_eq!(index, 0, "it is another that is ready");
        }
        let log = self.log.take();
        self.model.replay(log, &mut Call::default(), |model| {
            ready.is_none_or(|ready| ready.is_some() == (model.is_ready() && has_receivers))
        });
        for last in last {
            caught(|| drop(last));
        }
    }
}

/// Returns `true` if a future was polled there, and is neither polled again nor dropped.
fn has_forgotten<F: Flavour>(receiver: &HeldReceiver<F>) -> bool {
    let in_call = receiver.asleep.as_ref().is_some_and(|asleep| asleep.in_call);
    receiver.wait.is_none() && (in_call || receiver.owes)
}

/// A call that blocks begins by making up for a forgotten future; and if it parks, it drops the waker that a poll left
/// behind.
fn begin<F: Flavour>(receiver: &mut HeldReceiver<F>, may_park: bool) -> Option<Asleep> {
    let goes = may_park || has_forgotten(receiver);
    receiver.owes = false;
    if goes { receiver.asleep.take() } else { None }
}
