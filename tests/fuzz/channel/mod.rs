//! The channel with one slot. The model is what is in the slot, and how many handles there are.

mod blocking;
mod meddling;
mod model;
mod receiving;
mod sending;

use crate::shared::{Act, Bytes, Interpreter, Lender, Poller, RECEIVERS, SENDERS, Value};
use futures::future::Either;
use meddling::Predicate;
use model::{Call, Log, Model};
use overwrite_channel::{
    ClosedFuture, Receiver, RecvFuture, RecvMatchingFuture, Sender, SharedSender, channel,
};
use sending::{Handle, with};
use support::ledger::Ledger;

type Desk = crate::shared::Desk<Channel>;
type Seat = crate::shared::Seat<Channel>;

/// With so many receivers, no more wakers use handles of their own: each may wake the next one in the middle of its own
/// wake, which takes the stack of all of them.
const MOST_MEDDLERS: usize = 150;

pub(crate) struct Channel {
    model: Model,
    log: Log,
    desks: Vec<Desk>,
    seats: Vec<Seat>,
    /// Handles of another channel, which stays empty.
    stranger: Receiver<Value>,
    stranger_txs: (Sender<Value>, SharedSender<Value>),
}

impl Interpreter for Channel {
    type Tx = Handle;
    type Rx = Receiver<Value>;
    type Waiting = Either<
        RecvFuture<'static, Value>,
        RecvMatchingFuture<'static, Value, &'static mut Predicate>,
    >;
    /// A predicate that a future borrows: when the one is forgotten, the other is not.
    type Kept = Lender<Predicate>;
    type Known = ();

    const SENDER: &'static [Act] = {
        use Act::*;
        &[Send, Send, Send, Send, Send, Clone, Share, Drop, Closed]
    };
    const RECEIVER: &'static [Act] = {
        use Act::*;
        &[
            Poll, Poll, Wait, Wait, EndWait, EndWait, Take, Block, WaitAny, PollOften, Clone,
            Clone, Drop,
        ]
    };

    fn new(ledger: Ledger, bytes: &mut Bytes<'_>) -> Self {
        let (tx, mut rx) = channel();
        rx.set_spin_limit(bytes.pick(&[0, 3]));
        let (strange, stranger) = channel();
        Self {
            model: Model { ledger, slot: None, handles: [1, 1] },
            log: Log::default(),
            desks: vec![Desk::new(Handle::Own(tx))],
            seats: vec![Seat::new(rx, ())],
            stranger,
            stranger_txs: (strange.clone(), strange.into_shared()),
        }
    }

    fn sides(&mut self) -> (&mut Vec<Desk>, &mut Vec<Seat>) {
        (&mut self.desks, &mut self.seats)
    }

    fn sender(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        match act {
            Act::Send => self.send(index, bytes),
            Act::Share => {
                let mut old = self.desks.swap_remove(index);
                let handle = old.idle().clone();
                drop(old);
                self.desks.push(Desk::new(match handle {
                    Handle::Own(tx) if bytes.one_in(2) => Handle::Shared(SharedSender::from(tx)),
                    Handle::Own(tx) => Handle::Shared(tx.into_shared()),
                    shared @ Handle::Shared(_) => shared,
                }));
            }
            _ => {}
        }
    }

    fn receiver(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        match act {
            Act::Wait => self.wait(index, bytes),
            Act::Take => self.take(index, bytes),
            Act::Block => self.block(index, bytes),
            Act::WaitAny => self.wait_any(bytes),
            _ => {}
        }
    }

    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        self.poll_receiver(index, bytes);
    }

    fn enter(&mut self) -> Option<Seat> {
        self.seats.iter().find_map(Seat::rx).map(|rx| Seat::new(rx.clone(), ()))
    }

    fn poller(&mut self, bytes: &mut Bytes<'_>) -> Poller {
        let may_meddle = self.model.handles[RECEIVERS] < MOST_MEDDLERS;
        Poller::new(bytes, |bytes| may_meddle.then(|| self.meddler(bytes)).flatten())
    }

    fn closed(tx: &Handle) -> ClosedFuture<'_> {
        with!(tx => tx.closed())
    }

    fn catch_up(&mut self) {
        for did in self.log.take() {
            self.model.apply(&did, &mut Call::default());
        }
        self.model.settle();
    }

    fn count(&mut self, side: usize, change: isize) {
        let handles = &mut self.model.handles[side];
        *handles = handles.checked_add_signed(change).expect("a count of handles");
    }

    fn counts(&self) -> [usize; 2] {
        self.model.handles
    }

    fn check(&self) {
        let Model { ledger, slot, handles } = &self.model;
        let (is_empty, no_sender) = (slot.is_none(), handles[SENDERS] == 0);
        assert_eq!(ledger.alive(), Vec::from_iter(slot.map(|slot| slot.id)), "lost, or kept");
        for tx in self.desks.iter().map(Desk::tx) {
            assert_eq!(with!(tx => tx.is_closed()), handles[RECEIVERS] == 0);
            match (tx, self.desks[0].tx(), &self.stranger_txs) {
                (Handle::Own(tx), Handle::Own(first), (stranger, _)) => {
                    assert!(tx.same_channel(first) && !tx.same_channel(stranger));
                }
                (Handle::Shared(tx), Handle::Shared(first), (_, stranger)) => {
                    assert!(tx.same_channel(first) && !tx.same_channel(stranger));
                }
                _ => {}
            }
        }
        // A forgotten future is notified as any other. Then its receiver has the baton.
        let (mut is_served, mut all_called) = (false, true);
        for seat in &self.seats {
            if let Some(rx) = seat.rx() {
                assert_eq!((rx.is_empty(), rx.is_closed()), (is_empty, no_sender));
                let first = self.seats.iter().find_map(Seat::rx);
                assert!(first.is_some_and(|first| rx.same_channel(first)));
                assert!(!rx.same_channel(&self.stranger));
                #[cfg(feature = "stream")]
                assert_eq!(futures::stream::FusedStream::is_terminated(rx), seat.has_ended);
            }
            is_served |= seat.owes;
            let Some(asleep) = &seat.asleep else { continue };
            let was_called = asleep.poller.calls() > 0;
            assert!(was_called || !no_sender, "it sleeps, and no sender is left");
            if asleep.in_call {
                is_served |= asleep.poller.was_woken();
                all_called &= was_called;
            } else {
                assert!(was_called || is_empty, "a waker that was left behind sleeps");
            }
        }
        assert!(is_empty || is_served || all_called, "there is a value, and all sleep");
    }
}
