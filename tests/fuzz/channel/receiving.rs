//! What is done with receivers that are polled; and what is received, in whatever way.

use super::{
    Answer, MOST_HANDLES, POISON, Seat, World,
    handles::{Asleep, Wait},
    is_wanted,
    model::{Call, Did},
};
use crate::mishaps::{Bytes, Sleeper, Value, caught};
use futures::Stream;
use overwrite_channel::RecvError;
use std::{pin::Pin, task::Poll};

impl World {
    pub(super) fn receiver(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let (is_full, is_last) = (self.seats.len() >= MOST_HANDLES, self.seats.len() == 1);
        match what {
            9 if !is_last || bytes.one_in(4) => {
                let old = self.seats.swap_remove(index);
                self.model.receivers -= 1;
                caught(|| drop(old));
            }
            10..=12 => {
                let as_stream = bytes.one_in(2);
                self.poll(index, as_stream, bytes);
            }
            13 => self.end_wait(index, bytes),
            14 => self.wait_any(bytes),
            _ if self.seats[index].wait.is_some() => {}
            15 if !is_full => {
                let clone = self.seats[index].idle().clone();
                self.seats.push(Seat::new(clone));
                self.model.receivers += 1;
            }
            16 => {
                let predicate = bytes.one_in(2).then(|| self.predicate(bytes));
                let seat = &mut self.seats[index];
                let wait = Wait::new(seat.idle(), predicate);
                assert!(!wait.is_terminated());
                seat.wait = Some(wait);
                self.poll(index, false, bytes);
            }
            17 => {
                let (rx, in_loop) = (self.seats[index].idle(), bytes.one_in(2));
                let answer = caught(|| {
                    if in_loop {
                        rx.try_iter().next().ok_or(None)
                    } else {
                        rx.try_recv().map_err(|error| Some(error.is_disconnected()))
                    }
                });
                self.received(answer, false);
            }
            18 => self.block(index, bytes),
            _ if bytes.one_in(4) => self.poll_many_times(index, bytes),
            _ => {}
        }
    }

    /// About as often as it takes a receiver to yield; each finds a value, or the end.
    fn poll_many_times(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        for _ in 0..120 + bytes.below(16) {
            let none = &mut Bytes::new(&[]);
            if !self.desks.is_empty() {
                self.sender(0, 0, none);
                self.catch_up();
            }
            self.poll(index, true, none);
            self.catch_up();
        }
    }

    /// Many receivers come; or each of those that are there waits, or does one thing that takes no time, or goes.
    pub(super) fn crowd(&mut self, bytes: &mut Bytes<'_>) {
        let mut how = bytes.below(4);
        if self.seats.len() <= MOST_HANDLES {
            let Some(rx) = self.seats.iter().find_map(Seat::rx) else { return };
            let size = bytes.crowd();
            self.seats.extend((0..size).map(|_| Seat::new(rx.clone())));
            self.model.receivers += size;
            how = how.min(1);
        }
        let pattern = bytes.pattern();
        for index in (0..self.seats.len()).rev() {
            let mut bytes = pattern.of(index);
            let what = match how {
                0 => [16, 10][bytes.below(2)],
                1 | 2 => [17, 16, 10, 11, 13, 9][bytes.below(6)],
                _ => 9,
            };
            self.receiver(what, index, &mut bytes);
            self.catch_up();
        }
    }

    /// Drops the future, or forgets it.
    fn end_wait(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let seat = &mut self.seats[index];
        let Some(wait) = seat.wait.take() else { return };
        if bytes.one_in(3) {
            caught(|| wait.forget());
        } else {
            seat.owes = false;
            let last = seat.asleep.take();
            caught(|| drop(wait));
            caught(|| drop(last));
        }
    }

    /// By its future if there is one, else as a stream or by hand, and then it is left behind.
    fn poll(&mut self, index: usize, as_stream: bool, bytes: &mut Bytes<'_>) {
        let seat = &mut self.seats[index];
        let in_call = seat.wait.is_some();
        let last = seat.asleep.take();
        let was_woken =
            last.as_ref().is_some_and(|last| last.in_call && last.sleeper.was_woken()) || seat.owes;
        let (now, last, is_same) = match last {
            Some(last) if bytes.one_in(2) => (last.sleeper, None, true),
            last => (self.sleeper(bytes), last, false),
        };
        let seat = &mut self.seats[index];
        let poll = caught(|| {
            now.poll(|cx| match &mut seat.wait {
                Some(wait) => wait.poll(cx),
                None if as_stream => {
                    Pin::new(seat.idle()).poll_next(cx).map(|next| next.ok_or(RecvError))
                }
                None => seat.idle().poll_recv(cx),
            })
        });
        let is_matching = seat.wait.as_ref().is_some_and(Wait::is_matching);
        if let Some(wait) = &seat.wait {
            assert_eq!(wait.is_terminated(), poll.as_ref().is_some_and(Poll::is_ready));
        }
        let (is_pending, has_panicked) = (matches!(poll, Some(Poll::Pending)), poll.is_none());
        let yields = self.charge(index, poll.as_ref(), as_stream, &now);
        let seat = &mut self.seats[index];
        seat.has_ended |= !in_call && as_stream && matches!(poll, Some(Poll::Ready(Err(_))));
        if yields {
            // It has registered nothing: what was left behind there still is.
            seat.asleep = match last {
                None if is_same => Some(Asleep { sleeper: now, in_call: false }),
                last => last,
            };
            self.yielded();
            return;
        }
        let has_taken = self.received(
            poll.map(|poll| match poll {
                Poll::Ready(result) => result.map_err(|_| Some(true)),
                Poll::Pending => Err(Some(false)),
            }),
            is_matching,
        );
        let seat = &mut self.seats[index];
        seat.owes = has_panicked && in_call && was_woken && !has_taken;
        if is_pending {
            assert!(!self.model.is_ready(), "it waits, with {:?}", self.model.slot);
            seat.asleep = Some(Asleep { sleeper: now, in_call });
            caught(|| drop(last));
            return;
        }
        // It is over; or a panic came out of it, and it may be polled again.
        if !has_panicked || bytes.one_in(2) {
            seat.owes = false;
            let wait = seat.wait.take();
            caught(|| drop(wait));
        }
        caught(|| drop((last, now)));
    }

    /// Does the receiver yield?
    fn charge(
        &mut self,
        index: usize,
        poll: Option<&Poll<Result<Value, RecvError>>>,
        as_stream: bool,
        now: &Sleeper,
    ) -> bool {
        let seat = &mut self.seats[index];
        if seat.wait.is_none() && !as_stream {
            return false;
        }
        // A wait that matches is charged each value, and the last is what it returns.
        let looks = self.log.count_looks();
        match poll {
            None => seat.in_a_row.panicked(looks.max(1)),
            Some(Poll::Ready(Ok(_))) => seat.in_a_row.ready(looks.max(1)),
            Some(Poll::Ready(Err(_))) => seat.in_a_row.ready(looks + 1),
            Some(Poll::Pending) => {
                let has_woken = now.was_called();
                seat.in_a_row.pending(looks, has_woken);
                return has_woken;
            }
        }
        false
    }

    /// What a call has taken that has yielded then: what is there, it leaves.
    fn yielded(&mut self) {
        let log = self.log.take();
        let mut call = Call { takes: looked_at(&log).collect(), ..Call::default() };
        self.model.replay(log, &mut call, |_| true);
    }

    /// What a call has found: has it taken something?
    pub(super) fn received(&mut self, answer: Answer, is_matching: bool) -> bool {
        let log = self.log.take();
        let takes = looked_at(&log).collect();
        let mut call = Call { takes, may_lose: answer.is_none() };
        let found = answer.map(|answer| answer.map(Value::taken));
        for did in &log {
            let Did::Look { item, .. } = did else { continue };
            // A predicate that panics is the end.
            let is_found = found == Some(Ok(item.id));
            assert!(found.is_none() || is_wanted(item.rank) == is_found, "wanted or not");
            assert!(found.is_none() || item.rank != POISON);
        }
        match found {
            Some(Ok(id)) if is_matching => assert_eq!(call.takes.back(), Some(&id)),
            Some(Ok(id)) => call.takes.push_back(id),
            _ => {}
        }
        let mut has_taken = !call.takes.is_empty();
        self.model.replay(log, &mut call, |model| match found {
            Some(Err(is_disconnected)) => {
                let at_end = model.senders == 0;
                model.slot.is_none() && is_disconnected.is_none_or(|claimed| claimed == at_end)
            }
            _ => true,
        });
        has_taken |= found.is_none() && !call.may_lose;
        has_taken
    }
}

/// By the call's own predicate: it has taken each.
fn looked_at(log: &[Did]) -> impl Iterator<Item = usize> {
    log.iter().filter_map(|did| match did {
        Did::Look { item, .. } => Some(item.id),
        _ => None,
    })
}
