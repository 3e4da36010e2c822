//! Wakers, keys and predicates that use a handle of their own in the middle of a call.

use super::{
    Channel, Seat,
    model::{Did, Item, Log},
    sending::{Handle, with},
};
use crate::shared::{Bytes, Meddle, POISON, RANKS, RECEIVERS, SENDERS, Value, is_wanted};
use overwrite_channel::Receiver;
use std::sync::Mutex;
use support::{
    ledger::Ledger,
    panics::{caught, strike},
};

/// What a key or a predicate does with each value, before it may panic.
type Looker = Box<dyn Fn(&Value, bool)>;
pub(crate) type Predicate = Box<dyn FnMut(&Value) -> bool>;

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
                let value = Value::new(&self.ledger, self.rank);
                self.log.send(value, |value| with!(tx => tx.send(value)));
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
        // Before it wakes tasks that go on with the log.
        self.log.push(Did::Drop(match self.side {
            Side::Sender(_) => SENDERS,
            Side::Receiver(_) => RECEIVERS,
        }));
    }
}

impl Channel {
    /// With a clone of some handle.
    pub(super) fn meddler(&mut self, bytes: &mut Bytes<'_>) -> Option<Meddle> {
        let side = if bytes.one_in(2) {
            let tx = self.desks.first()?.tx().clone();
            self.model.handles[SENDERS] += 1;
            Side::Sender(tx)
        } else {
            let rx = self.seats.iter().find_map(Seat::rx)?.clone();
            self.model.handles[RECEIVERS] += 1;
            Side::Receiver(rx)
        };
        let (uses, rank) = (bytes.below(4), bytes.below(RANKS));
        let (ledger, log) = (self.model.ledger.clone(), self.log.clone());
        let tool = Mutex::new(Some(Tool { side, uses, rank, ledger, log }));
        Some(Box::new(move || {
            // Not locked meanwhile.
            let taken = tool.lock().unwrap().take();
            let Some(mut taken) = taken else { return };
            if taken.uses == 0 {
                caught(|| drop(taken));
                return;
            }
            taken.uses -= 1;
            taken.apply();
            *tool.lock().unwrap() = Some(taken);
        }))
    }

    pub(super) fn looker(&mut self, bytes: &mut Bytes<'_>) -> Looker {
        let meddler = if bytes.one_in(3) { self.meddler(bytes) } else { None };
        let log = self.log.clone();
        Box::new(move |value, strikes| {
            if let Some(meddle) = &meddler {
                meddle();
            }
            log.push(Did::Look { item: Item::of(value), strikes });
        })
    }

    pub(super) fn predicate(&mut self, bytes: &mut Bytes<'_>) -> Predicate {
        let look = self.looker(bytes);
        Box::new(move |value| {
            look(value, value.rank == POISON);
            if value.rank == POISON {
                strike();
            }
            is_wanted(value.rank)
        })
    }
}
