//! Wakers, keys and predicates that use a handle of their own in the middle of a call.

use super::{
    POISON, RANKS, World,
    handles::{Handle, Predicate, Seat},
    is_wanted,
    model::{Did, Item, Log},
};
use crate::mishaps::{Bytes, Ledger, Sleeper, Value, caught, strike};
use overwrite_channel::{Receiver, SendError};
use std::sync::Mutex;

/// With so many receivers, no more wakers use handles of their own.
const MOST_MEDDLERS: usize = 150;

enum Side {
    Sender(Handle),
    Receiver(Receiver<Value>),
}

/// A handle that is used some times, and dropped the next.
struct Tool {
    side: Side,
    uses: usize,
    rank: usize,
    ledger: Ledger,
    log: Log,
}

impl Tool {
    fn apply(&mut self) {
        match &mut self.side {
            Side::Sender(tx) => {
                let value = self.ledger.issue(self.rank, false);
                self.log.send(Item::of(&value), || {
                    let sent = caught(|| tx.send(value))?;
                    Some(match sent {
                        Ok(displaced) => Ok(displaced.map(Value::taken)),
                        Err(SendError(value)) => {
                            value.taken();
                            Err(())
                        }
                    })
                });
            }
            Side::Receiver(rx) => {
                let result = rx.try_recv().map(Value::taken);
                self.log.push(Did::Receive(result.map_err(|error| error.is_disconnected())));
            }
        }
    }
}

impl Drop for Tool {
    fn drop(&mut self) {
        // Before it wakes those who go on with the log.
        self.log.push(match self.side {
            Side::Sender(_) => Did::DropSender,
            Side::Receiver(_) => Did::DropReceiver,
        });
    }
}

pub(super) struct Meddler(Mutex<Option<Tool>>);

impl Meddler {
    pub(super) fn meddle(&self) {
        // Not locked meanwhile.
        let tool = self.0.lock().unwrap().take();
        let Some(mut tool) = tool else { return };
        if tool.uses == 0 {
            caught(|| drop(tool));
            return;
        }
        tool.uses -= 1;
        tool.apply();
        *self.0.lock().unwrap() = Some(tool);
    }
}

/// What a key or a predicate does to the channel, and what it tells of it.
pub(super) struct Looker {
    meddler: Option<Meddler>,
    log: Log,
}

impl Looker {
    pub(super) fn look(&self, value: &Value, strikes: bool) {
        if let Some(meddler) = &self.meddler {
            meddler.meddle();
        }
        self.log.push(Did::Look { item: Item::of(value), strikes });
        if strikes {
            strike();
        }
    }
}

impl World {
    /// With a clone of some handle.
    fn meddler(&mut self, bytes: &mut Bytes<'_>) -> Option<Meddler> {
        let side = if bytes.one_in(2) {
            let tx = self.desks.first()?.tx().duplicate();
            self.model.senders += 1;
            Side::Sender(tx)
        } else {
            let rx = self.seats.iter().find_map(Seat::rx)?.clone();
            self.model.receivers += 1;
            Side::Receiver(rx)
        };
        let (uses, rank) = (bytes.below(4), bytes.below(RANKS));
        let (ledger, log) = (self.model.ledger.clone(), self.log.clone());
        Some(Meddler(Mutex::new(Some(Tool { side, uses, rank, ledger, log }))))
    }

    pub(super) fn sleeper(&mut self, bytes: &mut Bytes<'_>) -> Sleeper {
        // Each may wake the next one in the middle of its own wake, which takes the stack of all of them.
        let may_meddle = self.model.receivers < MOST_MEDDLERS;
        Sleeper::new(bytes, |bytes| match may_meddle.then(|| self.meddler(bytes)).flatten() {
            Some(meddler) => Box::new(move || meddler.meddle()),
            None => Box::new(|| ()),
        })
    }

    pub(super) fn looker(&mut self, bytes: &mut Bytes<'_>) -> Looker {
        let meddler = if bytes.one_in(3) { self.meddler(bytes) } else { None };
        Looker { meddler, log: self.log.clone() }
    }

    pub(super) fn predicate(&mut self, bytes: &mut Bytes<'_>) -> Predicate {
        let looker = self.looker(bytes);
        Box::new(move |value| {
            looker.look(value, value.rank == POISON);
            is_wanted(value.rank)
        })
    }
}
