//! What is done with receivers.

use super::{
    Look, MOST_HANDLES, POISON, World,
    handles::{Desk, Seat, Wait},
    setting::{Notes, Setting},
};
use crate::mishaps::{Bytes, Ledger, caught, strike};
use futures::{Stream, future::FusedFuture, stream::FusedStream};
use overwrite_channel::watch::error::RecvTimeoutError;
use std::{future::Future, mem, pin::Pin, sync::atomic::Ordering::SeqCst, task::Poll};

impl World {
    pub(super) fn receiver(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present) = (self.version, self.present.id);
        let is_full = self.seats.len() >= MOST_HANDLES;
        let seat = &mut self.seats[index];
        let is_new = seat.is_new(version);
        match what {
            11 | 12 => self.poll(index, bytes),
            13 => {
                let old = self.seats.swap_remove(index);
                caught(|| drop(old));
            }
            14 => {
                let wait = seat.wait.take();
                if bytes.one_in(3) {
                    // Its waker stays where it is.
                    mem::forget(wait);
                } else if wait.is_some() {
                    let last = seat.sleeper.take();
                    // Where the last sender is the waker's, it goes, and the channel is closed, in the first
                    // of these drops or in the second.
                    caught(|| drop(wait));
                    caught(|| drop(last));
                }
            }
            _ if seat.wait.is_some() => {}
            15 if !is_full => {
                let Seat { seen, is_marked, skipped, .. } = *seat;
                let rx = seat.idle().clone();
                self.seats.push(Seat { is_marked, skipped, ..Seat::new(rx, seen) });
            }
            16 => {
                let rx = seat.idle();
                seat.wait = Some(if bytes.one_in(2) {
                    Wait::For(rx.wait_for(wanted), false)
                } else {
                    Wait::Changed(rx.changed())
                });
                self.poll(index, bytes);
            }
            17 => {
                let look = seat.rx().map(|rx| Look::new(rx.borrow()));
                assert_eq!(
                    look.as_ref().map(|look| (look.id, look.was_new)),
                    Some((present, is_new))
                );
                if let Some(last) = mem::replace(&mut seat.kept, look) {
                    self.part(last);
                }
            }
            18 => {
                let look = Look::new(seat.idle().borrow_and_update());
                assert_eq!((look.id, look.was_new), (present, is_new));
                seat.see(version);
                seat.kept = Some(look);
            }
            19 => {
                seat.idle().mark_changed();
                seat.is_marked = true;
                seat.has_ended = false;
            }
            20 => {
                seat.idle().mark_unchanged();
                seat.see(version);
            }
            21 => self.block(index, bytes),
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
            self.poll(index, none);
            self.catch_up();
        }
    }

    /// Many receivers come; or each of those that are there waits, or does one thing that takes no time, or goes.
    pub(super) fn crowd(&mut self, bytes: &mut Bytes<'_>) {
        let mut how = bytes.below(4);
        if self.seats.len() <= MOST_HANDLES {
            let Some(tx) = self.desks.first().map(Desk::tx) else { return };
            self.seats.extend((0..bytes.crowd()).map(|_| Seat::new(tx.subscribe(), self.version)));
            how = how.min(1);
        }
        let pattern = bytes.pattern();
        for index in (0..self.seats.len()).rev() {
            let mut bytes = pattern.of(index);
            let what = match how {
                0 => [16, 11][bytes.below(2)],
                1 | 2 => [18, 16, 11, 12, 14, 13][bytes.below(6)],
                _ => 13,
            };
            // Without a receiver little happens any more.
            if index > 0 || what != 13 {
                self.receiver(what, index, &mut bytes);
                self.catch_up();
            }
        }
    }

    /// Blocking calls, which wait in vain.
    fn block(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present) = (self.version, self.present);
        let seat = &mut self.seats[index];
        let is_new = seat.is_new(version);
        let (is_changed, patience) = (bytes.one_in(2), bytes.patience());
        if !patience.is_zero() {
            // If it parks, it drops the waker that was left behind.
            let last = seat.sleeper.take();
            caught(|| drop(last));
        }
        // Which may have had the last sender: whoever is woken then may panic.
        let end = |world: &Self| match world.senders() {
            0 => RecvTimeoutError::Disconnected,
            _ => RecvTimeoutError::Timeout,
        };
        let rx = self.seats[index].idle();
        if is_changed {
            let result = caught(|| rx.blocking_changed_timeout(patience));
            let expected = if is_new { Ok(()) } else { Err(end(self)) };
            assert!(result == Some(expected) || result.is_none() && !patience.is_zero());
            if is_new {
                self.seats[index].see(version);
            }
            return;
        }
        let found = caught(|| rx.blocking_wait_for_timeout(patience, wanted).map(Look::new));
        let end = end(self);
        let seat = &mut self.seats[index];
        seat.see(version);
        assert!(found.is_none() || present.rank != POISON);
        assert!(found.is_some() || present.rank == POISON || !patience.is_zero());
        match found {
            Some(Ok(look)) => {
                assert_eq!((look.id, look.was_new), (present.id, is_new));
                assert!(is_wanted(present.rank));
                seat.kept = Some(look);
            }
            Some(Err(error)) => assert_eq!((error, is_wanted(present.rank)), (end, false)),
            None => {}
        }
    }

    /// By its future if there is one, else as a stream.
    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present, is_closed) = (self.version, self.present, self.senders() == 0);
        let now = self.sleeper(bytes);
        let seat = &mut self.seats[index];
        let is_new = seat.is_new(version);
        let Notes { clones, looks, .. } = &*self.source.notes;
        clones.store(0, SeqCst);
        looks.store(0, SeqCst);
        let (mut found, mut is_over, mut looks_first) = (None, None, false);
        // Is it the end? Nothing if it has panicked. And was the value looked at?
        let (poll, has_looked) = match &mut seat.wait {
            Some(Wait::Changed(future)) => {
                let poll = caught(|| now.poll(|cx| Pin::new(&mut *future).poll(cx)));
                let has_looked = matches!(poll, Some(Poll::Ready(Ok(()))));
                is_over = Some(future.is_terminated());
                (poll.map(|poll| poll.map(|news| news.is_err())), has_looked)
            }
            Some(Wait::For(future, was_looking)) => {
                let poll = caught(|| now.poll(|cx| Pin::new(&mut *future).poll(cx)));
                let has_looked = looks.load(SeqCst) > 0;
                is_over = Some(future.is_terminated());
                looks_first = has_looked && !*was_looking;
                // Or a waker has panicked before, one that a stream had left behind; or it yields.
                let may_not = poll.is_none() || now.was_called();
                assert!(has_looked || *was_looking || may_not, "it did not look first");
                *was_looking |= has_looked;
                assert!(!has_looked || poll.is_none() || present.rank != POISON);
                let poll = poll.map(|poll| {
                    poll.map(|news| {
                        found = news.ok().map(Look::new);
                        found.is_none()
                    })
                });
                if poll.is_some() {
                    let is_found = has_looked && is_wanted(present.rank);
                    assert_eq!(found.is_some(), is_found, "wanted or not");
                }
                (poll, has_looked)
            }
            None => {
                let rx = Pin::new(seat.idle());
                // The clone is a value of its own.
                let poll = caught(|| now.poll(|cx| rx.poll_next(cx)));
                let has_looked = clones.load(SeqCst) > 0;
                assert!(!has_looked || poll.is_none() == present.is_brittle);
                seat.has_ended |= matches!(poll, Some(Poll::Ready(None)));
                (poll.map(|poll| poll.map(|next| next.is_none())), has_looked)
            }
        };
        if has_looked {
            assert!(is_new || matches!(seat.wait, Some(Wait::For(..))), "it was not new");
            seat.see(version);
        }
        if let Some(is_over) = is_over {
            assert_eq!(is_over, poll.as_ref().is_some_and(Poll::is_ready));
        }
        // The first look of a wait is charged only if it finds what is wanted.
        let charged = looks.load(SeqCst) - usize::from(looks_first && found.is_none());
        match poll {
            None => seat.in_a_row.panicked(charged.max(1)),
            Some(Poll::Ready(true)) => seat.in_a_row.ready(charged + 1),
            Some(Poll::Ready(false)) => seat.in_a_row.ready(charged.max(1)),
            Some(Poll::Pending) => {
                let yields = now.was_called();
                seat.in_a_row.pending(charged, yields);
                if yields {
                    return;
                }
            }
        }
        match poll {
            Some(Poll::Pending) => {
                assert!(!seat.is_new(version) && !is_closed, "it waits, at {version}");
                let last = seat.sleeper.replace((now, version));
                caught(|| drop(last));
                return;
            }
            Some(Poll::Ready(true)) => {
                // A waker that went may have had the last sender.
                let is_closed = self.senders() == 0;
                assert!(is_closed && !self.seats[index].is_new(version), "the end");
            }
            Some(Poll::Ready(false)) => assert!(has_looked, "it is there, and was not seen"),
            None => {}
        }
        // It is over; or a panic came out of it, and it may be polled again.
        let seat = &mut self.seats[index];
        let last = seat.sleeper.take();
        if is_over != Some(false) || bytes.one_in(2) {
            let wait = seat.wait.take();
            caught(|| drop(wait));
        }
        if let Some(look) = found {
            assert_eq!((look.id, look.was_new), (present.id, is_new));
            seat.kept = Some(look);
        }
        caught(|| drop((last, now)));
    }
}

impl Seat {
    pub(super) fn check(&self, version: u64, senders: usize, ledger: &Ledger) {
        if let Some(look) = &self.kept {
            look.check(ledger);
        }
        if let Some((sleeper, since)) = &self.sleeper {
            let must = version > *since || senders == 0;
            assert!(!must || sleeper.was_called(), "it sleeps, since {since}");
        }
        if let Some(rx) = self.rx() {
            let is_new = self.is_new(version);
            assert_eq!((rx.is_closed(), rx.skipped()), (senders == 0, self.skipped));
            assert_eq!(rx.has_changed().ok(), (senders > 0).then_some(is_new));
            assert_eq!(rx.is_terminated(), self.has_ended);
        }
    }
}

fn is_wanted(rank: usize) -> bool {
    rank % 2 == 0
}

fn wanted(setting: &Setting) -> bool {
    setting.source.notes.looks.fetch_add(1, SeqCst);
    if setting.value.rank == POISON {
        strike();
    }
    is_wanted(setting.value.rank)
}
