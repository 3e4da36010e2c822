//! What is done with receivers by calls that block: in vain, or where there is something at once.

use super::{Channel, Seat, meddling::Predicate, model::Call};
use crate::shared::{Asleep, Bytes, POISON, SENDERS, is_wanted};
use overwrite_channel::{
    RecvTimeoutError, Waitable, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{iter, mem, time::Instant};
use support::panics::{Bomb, caught};

impl Channel {
    pub(super) fn block(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let mut predicate = bytes.one_in(2).then(|| self.predicate(bytes));
        if bytes.one_in(8) {
            // It panics as it is dropped.
            predicate = predicate.map(|mut wanted| {
                let bomb = Bomb;
                Box::new(move |value: &_| (wanted(value), &bomb).0) as Predicate
            });
        }
        let is_matching = predicate.is_some();
        let seat = &mut self.seats[index];
        // Making up for a forgotten future may wake a task that is faster.
        let is_there = self
            .model
            .slot
            .is_some_and(|slot| !is_matching || is_wanted(slot.rank) || slot.rank == POISON);
        let ends = !has_forgotten(seat) && (is_there || self.model.handles[SENDERS] == 0);
        let (how, patience) = (bytes.below(if ends { 6 } else { 2 }), bytes.patience());
        let last = begin(seat, !patience.is_zero());
        let rx = seat.idle();
        let deadline = Instant::now() + patience;
        let error = |error: RecvTimeoutError| {
            assert!(error.is_disconnected() || Instant::now() >= deadline, "it gave up early");
            Some(error.is_disconnected())
        };
        let answer = caught(|| match (predicate.take(), how) {
            (None, 0) => rx.recv_timeout(patience).map_err(error),
            (None, 1) => rx.recv_deadline(deadline).map_err(error),
            (None, 2) => rx.recv().map_err(|_| Some(true)),
            (None, 3) => rx.iter().next().ok_or(Some(true)),
            (None, 4) => rx.into_iter().next().ok_or(Some(true)),
            (None, _) => rx.clone().into_iter().next().ok_or(Some(true)),
            (Some(wanted), 0) => rx.recv_matching_timeout(patience, wanted).map_err(error),
            (Some(wanted), 1) => rx.recv_matching_deadline(deadline, wanted).map_err(error),
            (Some(wanted), _) => rx.recv_matching(wanted).map_err(|_| Some(true)),
        });
        self.received(answer, is_matching);
        caught(|| drop(last));
    }

    /// Together with a receiver of another channel, which stays empty.
    pub(super) fn wait_any(&mut self, bytes: &mut Bytes<'_>) {
        let (mut ends, mut may_owe) = (self.model.is_ready(), true);
        let mut seats: Vec<_> = self.seats.iter_mut().filter(|seat| seat.wait.is_none()).collect();
        // If this panics, the model does not know for which of them it has made up. So there is at most one.
        seats.retain(|seat| {
            let has_forgotten = has_forgotten(seat);
            ends &= !has_forgotten;
            !has_forgotten || mem::take(&mut may_owe)
        });
        ends &= !seats.is_empty();
        let (how, patience) = (bytes.below(if ends { 3 } else { 2 }), bytes.patience());
        let last: Vec<_> = seats.iter_mut().map(|seat| begin(seat, !patience.is_zero())).collect();
        let is_first = bytes.one_in(2);
        let stranger = &mut self.stranger as &mut dyn Waitable;
        let rxs = seats.iter_mut().map(|seat| seat.idle() as &mut dyn Waitable);
        let mut rxs: Vec<_> = iter::once(stranger).chain(rxs).collect();
        if !is_first {
            rxs.rotate_left(1);
        }
        let ready = caught(|| match how {
            0 => wait_any_timeout(&mut rxs, patience),
            1 => wait_any_deadline(&mut rxs, Instant::now() + patience),
            _ => Some(wait_any(&mut rxs)),
        });
        let has_seats = rxs.len() > 1;
        if let Some(Some(index)) = ready {
            assert_eq!(index, usize::from(is_first), "it is another that is ready");
        }
        let log = self.log.take();
        self.model.replay(log, &mut Call::default(), |model| {
            ready.is_none_or(|ready| ready.is_some() == (model.is_ready() && has_seats))
        });
        for last in last {
            caught(|| drop(last));
        }
    }
}

/// Returns `true` if a future was polled there, and is neither polled again nor dropped.
fn has_forgotten(seat: &Seat) -> bool {
    let in_call = seat.asleep.as_ref().is_some_and(|asleep| asleep.in_call);
    seat.wait.is_none() && (in_call || seat.owes)
}

/// A call that blocks begins by making up for a forgotten future; and if it parks, it drops the waker that a poll left
/// behind.
fn begin(seat: &mut Seat, may_park: bool) -> Option<Asleep> {
    let goes = may_park || has_forgotten(seat);
    seat.owes = false;
    if goes { seat.asleep.take() } else { None }
}
