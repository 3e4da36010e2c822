//! Wakers, keys and predicates that use a handle of their own in the middle of a call.

use super::{
    Flavour, Slot,
    model::{Did, Item, Log},
};
use crate::shared::{
    Bytes, Interpreter, Meddle, POISON, RANKS, RECEIVERS, SENDERS, Value, is_wanted,
};
use std::sync::Mutex;
use support::{
    ledger::Ledger,
    panics::{caught, strike},
};

/// What a key or a predicate does with each value, before it may panic.
pub(crate) type Looker = Box<dyn Fn(&Value, bool)>;
pub(crate) type Predicate = Box<dyn FnMut(&Value) -> bool>;

enum Side<F: Flavour> {
    Sender(F::Tx),
    Receiver(F::Rx),
}

/// A handle that is used some times, and dropped the next.
struct Tool<F: Flavour> {
    side: Side<F>,
    uses: usize,
    rank: usize,
    ledger: Ledger,
    log: Log,
}

impl<F: Flavour> Tool<F> {
    fn apply(&mut self) {
        match &mut self.side {
            Side::Sender(tx) => F::meddle(tx, self.rank, &self.ledger, &self.log),
            Side::Receiver(rx) => self.log.push(Did::Receive(F::take_in_call(rx))),
        }
    }
}

impl<F: Flavour> Drop for Tool<F> {
    fn drop(&mut self) {
        // Before it wakes tasks that go on with the log.
        self.log.push(Did::Drop(match self.side {
            Side::Sender(_) => SENDERS,
            Side::Receiver(_) => RECEIVERS,
        }));
    }
}

impl<F: Flavour> Slot<F> {
    /// With a clone of some handle.
    pub(crate) fn meddler(&mut self, bytes: &mut Bytes<'_>) -> Option<Meddle> {
        let side = if bytes.one_in(2) {
            Side::Sender(self.clone_tx(self.senders.first()?.tx())?)
        } else {
            Side::Receiver(self.clone_rx(self.any_rx()?)?)
        };
        self.model.handles[if matches!(side, Side::Sender(_)) { SENDERS } else { RECEIVERS }] += 1;
        let (uses, rank) = (bytes.below(4), bytes.below(RANKS));
        let (ledger, log) = (self.model.ledger.clone(), self.log.clone());
        let tool = Mutex::new(Some(Tool::<F> { side, uses, rank, ledger, log }));
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

    pub(crate) fn looker(&mut self, bytes: &mut Bytes<'_>) -> Looker {
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
