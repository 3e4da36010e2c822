//! The channel with one slot. The model is what is in the slot, and how many handles there are.

mod blocking;
mod handles;
mod meddling;
mod model;
mod receiving;
mod sending;

use crate::mishaps::{Bytes, Ledger, Value, caught};
use futures::stream::FusedStream;
use handles::{Desk, Handle, Seat};
use model::{Call, Log, Model};
use overwrite_channel::{Receiver, channel};

const MOST_HANDLES: usize = 4;
const RANKS: usize = 6;
/// Predicates panic when they see it. None of them wants it.
const POISON: usize = RANKS - 1;

/// A value, or that there is none, and, if that is told, whether nobody is left to send one; nothing if the call
/// has panicked.
type Answer = Option<Result<Value, Option<bool>>>;

pub(crate) fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut world = World::new();
    while !bytes.is_empty() {
        world.step(&mut bytes);
        world.catch_up();
        world.check();
    }
    world.end();
}

fn is_wanted(rank: usize) -> bool {
    rank % 2 == 0
}

/// Of another channel.
struct Strangers {
    txs: [Handle; 2],
    rx: Receiver<Value>,
}

struct World {
    model: Model,
    log: Log,
    desks: Vec<Desk>,
    seats: Vec<Seat>,
    strangers: Strangers,
}

impl World {
    fn new() -> Self {
        let (tx, mut rx) = channel();
        rx.set_spin_limit(0);
        let (stranger, stranger_rx) = channel();
        let txs = [Handle::Shared(stranger.clone().into_shared()), Handle::Own(stranger)];
        Self {
            model: Model { ledger: Ledger::default(), slot: None, senders: 1, receivers: 1 },
            log: Log::default(),
            desks: vec![Desk::new(Handle::Own(tx))],
            seats: vec![Seat::new(rx)],
            strangers: Strangers { txs, rx: stranger_rx },
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.below(23);
        if what >= 20 {
            self.crowd(bytes);
        } else if what < 9 {
            if !self.desks.is_empty() {
                let desk = bytes.below(self.desks.len());
                self.sender(what, desk, bytes);
            }
        } else if !self.seats.is_empty() {
            let seat = bytes.below(self.seats.len());
            self.receiver(what, seat, bytes);
        }
    }

    /// What was done in the middle of something else is done in the model, too.
    fn catch_up(&mut self) {
        for did in self.log.take() {
            self.model.apply(&did, &mut Call::default());
        }
        self.model.settle();
    }

    /// Whoever must have been woken has been, and every handle says what is so.
    fn check(&self) {
        let Model { ledger, slot, senders, receivers } = &self.model;
        let (is_empty, no_sender, no_receiver) = (slot.is_none(), *senders == 0, *receivers == 0);
        assert_eq!(ledger.alive(), Vec::from_iter(slot.map(|slot| slot.id)), "lost, or kept");
        for desk in &self.desks {
            let tx = desk.tx();
            assert_eq!(tx.is_closed(), no_receiver);
            assert_ne!(tx.same_channel(self.desks[0].tx()), Some(false));
            assert!(self.strangers.txs.iter().all(|other| tx.same_channel(other) != Some(true)));
            if let (true, Some((_, Some(sleeper)))) = (no_receiver, &desk.closed) {
                assert!(sleeper.was_called(), "`closed` sleeps");
            }
            assert!(!no_receiver || desk.closing.all_called(), "`closed` sleeps in a crowd");
        }
        // A forgotten future is woken as any other, and then it has the wake of the others.
        let (mut is_served, mut all_called) = (false, true);
        let first = self.seats.iter().find_map(Seat::rx);
        for seat in &self.seats {
            if let Some(rx) = seat.rx() {
                assert_eq!((rx.is_empty(), rx.is_closed()), (is_empty, no_sender));
                assert_eq!(rx.is_terminated(), seat.has_ended);
                assert!(first.is_some_and(|first| rx.same_channel(first)));
                assert!(!rx.same_channel(&self.strangers.rx));
            }
            is_served |= seat.owes;
            let Some(asleep) = &seat.asleep else { continue };
            let was_called = asleep.sleeper.was_called();
            assert!(was_called || !no_sender, "it sleeps, and nobody is there to send");
            if asleep.in_call {
                is_served |= asleep.sleeper.was_woken();
                all_called &= was_called;
            } else {
                assert!(was_called || is_empty, "a waker that was left behind sleeps");
            }
        }
        assert!(is_empty || is_served || all_called, "there is a value, and all sleep");
    }

    fn end(mut self) {
        while let Some(desk) = self.desks.pop() {
            self.model.senders -= 1;
            caught(|| drop(desk));
            self.catch_up();
        }
        while let Some(seat) = self.seats.pop() {
            self.model.receivers -= 1;
            caught(|| drop(seat));
            self.catch_up();
        }
        assert_eq!((self.model.senders, self.model.receivers), (0, 0), "who is left?");
        self.model.ledger.close();
    }
}
