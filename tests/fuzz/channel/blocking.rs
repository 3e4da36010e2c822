//! What is done with receivers by calls that block: in vain, or where there is something at once.

use super::{POISON, World, is_wanted, model::Call};
use crate::mishaps::{Bytes, caught};
use overwrite_channel::{
    RecvTimeoutError, Waitable, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{iter, mem, time::Instant};

impl World {
    pub(super) fn block(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let mut predicate = bytes.one_in(2).then(|| self.predicate(bytes));
        let is_matching = predicate.is_some();
        let seat = &mut self.seats[index];
        // Making up for a forgotten future may wake somebody who is faster.
        let is_there = self
            .model
            .slot
            .is_some_and(|slot| !is_matching || is_wanted(slot.rank) || slot.rank == POISON);
        let ends = !seat.has_forgotten() && (is_there || self.model.senders == 0);
        let (how, patience) = (bytes.below(if ends { 6 } else { 2 }), bytes.patience());
        let last = seat.begin(!patience.is_zero());
        let rx = seat.idle();
        let is_timeout = |error| Some(error == RecvTimeoutError::Disconnected);
        let answer = caught(|| match (predicate.take(), how) {
            (None, 0) => rx.recv_timeout(patience).map_err(is_timeout),
            (None, 1) => rx.recv_deadline(Instant::now() + patience).map_err(is_timeout),
            (None, 2) => rx.recv().map_err(|_| Some(true)),
            (None, 3) => rx.iter().next().ok_or(Some(true)),
            (None, 4) => rx.into_iter().next().ok_or(Some(true)),
            (None, _) => rx.clone().into_iter().next().ok_or(Some(true)),
            (Some(wanted), 0) => rx.recv_matching_timeout(patience, wanted).map_err(is_timeout),
            (Some(wanted), 1) => {
                rx.recv_matching_deadline(Instant::now() + patience, wanted).map_err(is_timeout)
            }
            (Some(wanted), _) => rx.recv_matching(wanted).map_err(|_| Some(true)),
        });
        self.received(answer, is_matching);
        caught(|| drop(last));
    }

    /// Together with a receiver of another channel, for which nothing ever comes.
    pub(super) fn wait_any(&mut self, bytes: &mut Bytes<'_>) {
        let (mut ends, mut may_owe) = (self.model.is_ready(), true);
        let mut seats: Vec<_> = self.seats.iter_mut().filter(|seat| seat.wait.is_none()).collect();
        // If this panics, nobody knows for whom it has made up. So there is one at the most.
        seats.retain(|seat| {
            let has_forgotten = seat.has_forgotten();
            ends &= !has_forgotten;
            !has_forgotten || mem::take(&mut may_owe)
        });
        ends &= !seats.is_empty();
        let (how, patience) = (bytes.below(if ends { 3 } else { 2 }), bytes.patience());
        let last: Vec<_> = seats.iter_mut().map(|seat| seat.begin(!patience.is_zero())).collect();
        let is_first = bytes.one_in(2);
        let stranger = &mut self.strangers.rx as &mut dyn Waitable;
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
