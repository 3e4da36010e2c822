//! The model: what is in the slot and how many handles there are, and a log of what was done with handles in the
//! middle of a call.

use crate::mishaps::{Ledger, Value};
use std::{
    collections::VecDeque,
    mem,
    sync::{Arc, Mutex},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) id: usize,
    pub(super) rank: usize,
}

impl Item {
    pub(super) fn of(value: &Value) -> Self {
        Self { id: value.id(), rank: value.rank }
    }
}

/// What was done in the middle of a call, and what came of it.
#[derive(Debug)]
pub(super) enum Did {
    /// It displaced another, or none, or was refused.
    Send(Item, Result<Option<usize>, ()>),
    /// It has woken a task whose waker panicked: what it displaced, if it did, is dropped.
    SendPanicked(Item),
    /// Or there was none: is every sender gone?
    Receive(Result<usize, bool>),
    DropSender,
    DropReceiver,
    /// The call's own key or predicate has come to its end, or to its panic.
    Look {
        item: Item,
        strikes: bool,
    },
}

/// In the order in which it took effect.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<Vec<Did>>>);

impl Log {
    pub(super) fn push(&self, did: Did) {
        self.0.lock().unwrap().push(did);
    }

    /// A send takes effect before it wakes those who go on with the log: what came of it is written down later.
    pub(super) fn send(
        &self,
        item: Item,
        send: impl FnOnce() -> Option<Result<Option<usize>, ()>>,
    ) {
        let at = self.0.lock().unwrap().len();
        self.push(Did::SendPanicked(item));
        if let Some(outcome) = send() {
            self.0.lock().unwrap()[at] = Did::Send(item, outcome);
        }
    }

    pub(super) fn count_looks(&self) -> usize {
        let is_look = |did: &&Did| matches!(did, Did::Look { .. });
        self.0.lock().unwrap().iter().filter(is_look).count()
    }

    pub(super) fn take(&self) -> Vec<Did> {
        mem::take(&mut *self.0.lock().unwrap())
    }
}

/// A call in whose middle something else was done.
#[derive(Default)]
pub(super) struct Call {
    /// The values that it has taken, in this order.
    pub(super) takes: VecDeque<usize>,
    /// It has panicked, with one value more at the most.
    pub(super) may_lose: bool,
}

pub(super) struct Model {
    pub(super) ledger: Ledger,
    pub(super) slot: Option<Item>,
    pub(super) senders: usize,
    pub(super) receivers: usize,
}

impl Model {
    pub(super) fn is_ready(&self) -> bool {
        self.slot.is_some() || self.senders == 0
    }

    /// There is a place in the log, behind all that the call has taken, at which its answer fits.
    pub(super) fn replay(&mut self, log: Vec<Did>, call: &mut Call, fits: impl Fn(&Self) -> bool) {
        let mut has_fitted = false;
        for did in log.into_iter().map(Some).chain([None]) {
            // Nobody else has had it. So it may as well have been taken as soon as it was there.
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

    pub(super) fn apply(&mut self, did: &Did, call: &mut Call) {
        match *did {
            Did::Send(item, Ok(displaced)) => {
                assert!(self.receivers > 0, "nobody is there");
                self.vacate(displaced, call);
                self.slot = Some(item);
            }
            Did::SendPanicked(item) => {
                let displaced = self.slot.replace(item);
                assert!(displaced.is_none_or(|displaced| !self.ledger.is_alive(displaced.id)));
            }
            Did::Send(_, Err(())) => assert_eq!(self.receivers, 0, "it was refused"),
            Did::Receive(Ok(id)) => self.vacate(Some(id), call),
            Did::Receive(Err(is_disconnected)) => {
                self.vacate(None, call);
                assert_eq!(is_disconnected, self.senders == 0);
            }
            Did::DropSender => self.senders -= 1,
            Did::DropReceiver => self.receivers -= 1,
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
    pub(super) fn settle(&mut self) {
        if self.senders + self.receivers == 0 {
            self.slot = None;
        }
    }
}

/// A `send_newest`, which goes on with each look at what it has in hand.
pub(super) struct Newest {
    held: Item,
    best: Option<usize>,
    pub(super) is_over: bool,
    pub(super) not_kept: Option<Item>,
}

impl Newest {
    pub(super) fn new(sent: Item) -> Self {
        Self { held: sent, best: None, is_over: false, not_kept: None }
    }

    pub(super) fn has_looked(&mut self, strikes: bool, model: &mut Model) {
        if strikes {
            // What it looked at is lost.
            self.is_over = true;
        } else if self.best.is_none_or(|best| self.held.rank > best) {
            self.best = Some(self.held.rank);
            match model.slot.replace(self.held) {
                Some(displaced) => self.held = displaced,
                None => self.is_over = true,
            }
        } else {
            self.is_over = true;
            self.not_kept = Some(self.held);
        }
    }

    /// Its own looks are in the log; each ends there with the exchange that it leads to.
    pub(super) fn replay(&mut self, log: Vec<Did>, model: &mut Model) {
        for did in log {
            if let Did::Look { item, strikes } = did {
                assert_eq!((item, self.is_over), (self.held, false), "it looked at another");
                self.has_looked(strikes, model);
            } else {
                model.apply(&did, &mut Call::default());
            }
        }
    }
}
