//! The model: what is in the slot and how many handles there are, and a log of what was done with handles in the
//! middle of a call.

use crate::shared::{RANKS, RECEIVERS, SENDERS, Value};
use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
};
use support::{ledger::Ledger, panics::caught};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Item {
    pub(crate) id: usize,
    pub(crate) rank: usize,
}

impl Item {
    pub(crate) fn of(value: &Value) -> Self {
        Self { id: value.id(), rank: value.rank }
    }
}

/// What was done in the middle of a call, and what came of it.
#[derive(Debug)]
pub(crate) enum Did {
    /// It displaced another, or none, or was refused and handed the value back. Or it has woken a task whose waker
    /// panicked: what it displaced, if it did, is dropped.
    Send(Item, Option<Result<Option<usize>, usize>>),
    /// Or there was none, and whether every sender is gone.
    Receive(Result<usize, bool>),
    /// The value was taken, and dropped with a panic.
    Lose,
    /// A handle of that side.
    Drop(usize),
    /// The call's own key or predicate has come to its end, or to its panic.
    Look { item: Item, strikes: bool },
}

/// In the order in which it took effect.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<Did>>>);

impl Log {
    pub(crate) fn push(&self, did: Did) {
        self.0.lock().unwrap().push(did);
    }

    /// Sends, and notes that. It takes effect before it wakes tasks that go on with the log: what came of it is noted
    /// later.
    pub(crate) fn send(&self, item: Item, send: impl FnOnce() -> Result<Option<usize>, usize>) {
        let at = self.0.lock().unwrap().len();
        self.push(Did::Send(item, None));
        let outcome = caught(send);
        self.0.lock().unwrap()[at] = Did::Send(item, outcome);
    }

    /// Takes the value back, and notes that, as [`send`](Self::send) does.
    pub(crate) fn withdraw(&self, withdraw: impl FnOnce() -> Option<usize>) {
        let at = self.0.lock().unwrap().len();
        self.push(Did::Lose);
        if let Some(withdrawn) = caught(withdraw) {
            self.0.lock().unwrap()[at] = Did::Receive(withdrawn.ok_or(false));
        }
    }

    /// Returns what the call's own predicate looked at: it has taken each.
    pub(crate) fn looks(&self) -> Vec<Item> {
        let look = |did: &Did| if let Did::Look { item, .. } = *did { Some(item) } else { None };
        self.0.lock().unwrap().iter().filter_map(look).collect()
    }

    pub(crate) fn take(&self) -> Vec<Did> {
        mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A call with something else in its middle.
#[derive(Default)]
pub(crate) struct Call {
    /// The values that it has taken, in this order.
    pub(crate) takes: VecDeque<usize>,
    /// It has panicked, and may have lost one value more.
    pub(crate) may_lose: bool,
}

pub(crate) struct Model {
    pub(crate) ledger: Ledger,
    /// A value that a send displaces stays with the sender.
    pub(crate) keeps: bool,
    /// For how many handles there is room.
    pub(crate) room: usize,
    pub(crate) slot: Option<Item>,
    pub(crate) handles: [usize; 2],
}

impl Model {
    pub(crate) fn is_ready(&self) -> bool {
        self.slot.is_some() || self.handles[SENDERS] == 0
    }

    /// Returns `true` if there is room for one more handle, or for one more send through a shared sender.
    pub(crate) fn has_room(&self) -> bool {
        self.handles.iter().sum::<usize>() < self.room
    }

    /// Clones a handle. Returns `None` if that panics, or if there is no room for it.
    pub(crate) fn another<H>(&self, clone: impl FnOnce() -> Option<H>) -> Option<H> {
        let another = caught(clone)?;
        assert_eq!(another.is_some(), self.has_room(), "room for one more handle");
        another
    }

    /// There is a place in the log, behind all that the call has taken, at which its answer fits.
    pub(crate) fn replay(&mut self, log: Vec<Did>, call: &mut Call, fits: impl Fn(&Self) -> bool) {
        let mut has_fitted = false;
        for did in log.into_iter().map(Some).chain([None]) {
            // Nothing else has taken it. So it may as well have been taken as soon as it was there.
            if self.slot.is_some_and(|slot| call.takes.front() == Some(&slot.id)) {
                self.slot = None;
                call.takes.pop_front();
            }
            has_fitted |= call.takes.is_empty() && fits(self);
            if let Some(did) = did {
                self.apply(&did, call);
            }
        }
        self.lose(call);
        assert!(call.takes.is_empty(), "received, and never there: {:?}", call.takes);
        assert!(has_fitted, "no place for the answer, with {:?} in the end", self.slot);
    }

    pub(crate) fn apply(&mut self, did: &Did, call: &mut Call) {
        match *did {
            Did::Send(item, Some(Ok(displaced))) => {
                assert!(self.handles[RECEIVERS] > 0, "no receiver is left");
                self.vacate(displaced, call);
                self.slot = Some(item);
            }
            Did::Send(item, None) => {
                let displaced = self.slot.replace(item);
                let is_lost = |displaced: Item| !self.ledger.is_alive(displaced.id);
                assert!(self.keeps || displaced.is_none_or(is_lost));
            }
            Did::Send(item, Some(Err(back))) => {
                assert_eq!((back, self.handles[RECEIVERS]), (item.id, 0), "it was refused");
            }
            Did::Receive(Ok(id)) => self.vacate(Some(id), call),
            Did::Receive(Err(is_disconnected)) => {
                self.vacate(None, call);
                assert_eq!(is_disconnected, self.handles[SENDERS] == 0);
            }
            Did::Lose => {
                let lost = self.slot.take().expect("it panics only if there was a value");
                assert!(!self.ledger.is_alive(lost.id), "it was dropped with the panic");
            }
            Did::Drop(side) => self.handles[side] -= 1,
            Did::Look { item, .. } => {
                assert!(!call.takes.contains(&item.id), "{item:?} was looked at, and not there");
            }
        }
    }

    /// This was in the slot.
    fn vacate(&mut self, found: Option<usize>, call: &mut Call) {
        if self.slot.map(|slot| slot.id) != found {
            self.lose(call);
        }
        assert_eq!(self.slot.take().map(|slot| slot.id), found);
    }

    /// The call may have had what is there.
    fn lose(&mut self, call: &mut Call) {
        let is_lost = |slot: Item| !self.ledger.is_alive(slot.id);
        if call.may_lose && call.takes.is_empty() && self.slot.is_some_and(is_lost) {
            self.slot = None;
            call.may_lose = false;
        }
    }

    /// What the last handle has taken along.
    pub(crate) fn drop_with_last_handle(&mut self) {
        if self.handles == [0, 0] {
            self.slot = None;
        }
    }

    /// Goes on in the log to a look, which is at this. Returns `true` if it strikes.
    fn look(&mut self, held: Item, log: &mut impl Iterator<Item = Did>) -> bool {
        for did in log {
            if let Did::Look { item, strikes } = did {
                assert_eq!(item, held, "it looked at another");
                return strikes;
            }
            self.apply(&did, &mut Call::default());
        }
        panic!("it did not look at what it displaced");
    }

    /// Plays a `send_newest`, which goes on with each look at what it has in hand, and returns what it has not kept.
    /// The looks of a key are in the log; each ends there with the exchange that it leads to. The key of one look may
    /// panic as it is dropped: when another one takes its place, or at the end.
    pub(crate) fn send_newest(
        &mut self,
        sent: Item,
        is_newer: fn(usize, usize) -> bool,
        has_key: bool,
        burns_at: Option<usize>,
        log: Vec<Did>,
    ) -> Option<Item> {
        let (mut log, mut held, mut best) = (log.into_iter(), sent, None);
        let (mut looks, mut best_burns) = (0, false);
        let not_kept = loop {
            if has_key && self.look(held, &mut log) {
                // What it looked at is lost.
                break None;
            }
            if best.is_some_and(|best| !is_newer(held.rank, best)) {
                break Some(held);
            }
            if best_burns {
                break None;
            }
            best_burns = burns_at == Some(looks);
            looks += 1;
            best = Some(held.rank);
            match self.slot.replace(held) {
                Some(displaced) => held = displaced,
                None => break None,
            }
        };
        self.finish(log);
        not_kept
    }

    /// Plays a `send_merged`, and returns whether it merged. The looks of the closure, each at the unread value, are in the
    /// log.
    pub(crate) fn send_merged(&mut self, mut sent: Item, log: Vec<Did>) -> bool {
        let (mut log, mut has_merged) = (log.into_iter(), false);
        while let Some(unread) = self.slot.take() {
            has_merged = true;
            if self.look(unread, &mut log) {
                // Both are lost.
                self.finish(log);
                return true;
            }
            sent.rank = (unread.rank + sent.rank) % RANKS;
        }
        self.slot = Some(sent);
        self.finish(log);
        has_merged
    }

    /// Plays what comes after the last look.
    fn finish(&mut self, log: impl Iterator<Item = Did>) {
        for did in log {
            assert!(!matches!(did, Did::Look { .. }), "it looked at one more");
            self.apply(&did, &mut Call::default());
        }
    }
}
