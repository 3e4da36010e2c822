//! A slot, and what waits for its value: `channel` and `buffer`. The model is what is in the slot, and how many handles
//! there are.

mod blocking;
mod meddling;
mod model;
mod receiving;

use crate::shared::{Act, Bytes, Interpreter, Lender, Poller, RECEIVERS, SENDERS, WaitFuture};
pub(crate) use meddling::Predicate;
pub(crate) use model::{Call, Did, Item, Log, Model};
use overwrite_channel::{ClosedFuture, RecvError, RecvTimeoutError, Waitable};
use std::{
    mem,
    task::{Context, Poll},
    time::{Duration, Instant},
};
use support::ledger::Ledger;

type HeldReceiver<F> = crate::shared::HeldReceiver<Slot<F>>;
type HeldSender<F> = crate::shared::HeldSender<Slot<F>>;

/// With so many receivers, no more wakers use handles of their own: each may wake the next one in the middle of its own
/// wake, which takes the stack of all of them.
const MOST_MEDDLERS: usize = 150;

/// The room of a channel on the heap.
pub(crate) const HEAP: usize = usize::MAX / 2;

/// A value, or that there is none, and, if the call says that, whether every sender is gone; nothing if the call has
/// panicked.
pub(crate) type Answer<V> = Option<Found<V>>;
pub(crate) type Found<V> = Result<V, Option<bool>>;

/// How a call blocks: in vain, or where it need not.
pub(crate) enum Patience {
    For(Duration),
    Until(Instant),
    /// In which of the ways that have no deadline.
    Endless(usize),
}

/// What differs between the flavours.
pub(crate) trait Flavour: Sized + 'static {
    type Tx: Clone + Send;
    type Rx: Clone + Send + Waitable;
    /// What a call returns that has taken a value.
    type Taken;
    type Waiting: WaitFuture<Output = Result<Self::Taken, RecvError>> + Unpin;
    /// What the model knows of a receiver.
    type Known: Copy;

    /// Values stay with the handles that have them.
    const KEEPS: bool;
    /// Receivers can wait for a value that matches.
    const MATCHES: bool;
    /// For how many handles a channel may have room, the more often the likelier.
    const ROOMS: &'static [usize];
    const SENDER: &'static [Act];
    /// What a receiver does besides what all do.
    const RECEIVER: &'static [Act];

    /// Makes a channel that has room for so many handles.
    fn channel(ledger: &Ledger, spin_limit: u32, room: usize) -> (Self::Tx, Self::Rx);
    /// Clones a sender, if there is room for it.
    fn clone_tx(tx: &Self::Tx) -> Option<Self::Tx> {
        Some(tx.clone())
    }
    /// As [`clone_tx`](Self::clone_tx).
    fn clone_rx(rx: &Self::Rx) -> Option<Self::Rx> {
        Some(rx.clone())
    }
    fn sender(slot: &mut Slot<Self>, act: Act, index: usize, bytes: &mut Bytes<'_>);
    fn receiver(_slot: &mut Slot<Self>, _index: usize, _bytes: &mut Bytes<'_>) {}
    /// Does what a waker does with a sender of its own.
    fn meddle(tx: &mut Self::Tx, rank: usize, ledger: &Ledger, log: &Log);
    fn closed(tx: &Self::Tx) -> ClosedFuture<'_>;

    fn known(rx: &Self::Rx) -> Self::Known;
    /// Returns the number of the value that it receives, or whether every sender is gone.
    fn take_in_call(rx: &mut Self::Rx) -> Result<usize, bool>;
    /// Receives without a wait, in one of two ways.
    fn take(rx: &mut Self::Rx, how: usize) -> Found<Self::Taken>;
    fn block(
        rx: &mut Self::Rx,
        wanted: Option<Predicate>,
        patience: Patience,
    ) -> Result<Self::Taken, RecvTimeoutError>;
    fn wait(rx: &'static mut Self::Rx, wanted: Option<&'static mut Predicate>) -> Self::Waiting;
    fn poll(
        rx: &mut Self::Rx,
        as_stream: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Self::Taken, RecvError>>;
    /// Returns the number of the value that was found.
    fn found(receiver: &mut HeldReceiver<Self>, answer: Answer<Self::Taken>) -> Answer<usize>;

    /// Checks which values are there, and what senders and receivers say.
    fn check(slot: &Slot<Self>);
    /// Returns `true` if its stream has ended.
    #[cfg(feature = "stream")]
    fn is_terminated(rx: &Self::Rx) -> bool;
}

pub(crate) struct Slot<F: Flavour> {
    pub(crate) model: Model,
    pub(crate) log: Log,
    pub(crate) senders: Vec<HeldSender<F>>,
    pub(crate) receivers: Vec<HeldReceiver<F>>,
    /// Handles of another channel, which stays empty.
    pub(crate) strangers: (F::Tx, F::Rx),
    /// Number of futures that wait for the receivers' end, and were forgotten.
    forgotten: usize,
}

impl<F: Flavour> Interpreter for Slot<F> {
    type Tx = F::Tx;
    type Rx = F::Rx;
    type Waiting = F::Waiting;
    /// A predicate that a future borrows: when the one is forgotten, the other is not.
    type Kept = Lender<Predicate>;
    type Known = F::Known;

    const SENDER: &'static [Act] = F::SENDER;
    const RECEIVER: &'static [Act] = F::RECEIVER;

    fn new(ledger: Ledger, bytes: &mut Bytes<'_>) -> Self {
        // Of a ledger of their own, if they have values.
        let strangers = F::channel(&Ledger::new(8), 0, HEAP);
        let (spin_limit, room) = (bytes.pick(&[0, 3]), bytes.pick(F::ROOMS));
        let (tx, rx) = F::channel(&ledger, spin_limit, room);
        let known = F::known(&rx);
        Self {
            model: Model { ledger, keeps: F::KEEPS, room, slot: None, handles: [1, 1] },
            log: Log::default(),
            senders: vec![HeldSender::new(tx)],
            receivers: vec![HeldReceiver::new(rx, known)],
            strangers,
            forgotten: 0,
        }
    }

    fn sides(&mut self) -> (&mut Vec<HeldSender<F>>, &mut Vec<HeldReceiver<F>>) {
        (&mut self.senders, &mut self.receivers)
    }

    fn sender(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        F::sender(self, act, index, bytes);
    }

    fn receiver(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        match act {
            Act::Wait => self.wait(index, bytes),
            Act::Take => self.take(index, bytes),
            Act::Block => self.block(index, bytes),
            Act::WaitAny => self.wait_any(bytes),
            Act::Modify => F::receiver(self, index, bytes),
            _ => {}
        }
    }

    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        self.poll_receiver(index, bytes);
    }

    fn known(rx: &F::Rx, _original: F::Known) -> F::Known {
        F::known(rx)
    }

    fn clone_tx(&self, tx: &F::Tx) -> Option<F::Tx> {
        self.model.another(|| F::clone_tx(tx))
    }

    fn clone_rx(&self, rx: &F::Rx) -> Option<F::Rx> {
        self.model.another(|| F::clone_rx(rx))
    }

    fn enter(&mut self) -> Option<HeldReceiver<F>> {
        let rx = self.clone_rx(self.any_rx()?)?;
        let known = F::known(&rx);
        Some(HeldReceiver::new(rx, known))
    }

    fn poller(&mut self, bytes: &mut Bytes<'_>) -> Poller {
        let may_meddle = self.model.handles[RECEIVERS] < MOST_MEDDLERS;
        Poller::new(bytes, |bytes| may_meddle.then(|| self.meddler(bytes)).flatten())
    }

    fn closed(tx: &F::Tx) -> ClosedFuture<'_> {
        F::closed(tx)
    }

    fn room_for_closed(&self) -> usize {
        self.model.room + 1 - self.forgotten
    }

    fn forget_closed(&mut self, closed: ClosedFuture<'_>) {
        mem::forget(closed);
        self.forgotten += 1;
    }

    fn catch_up(&mut self) {
        for did in self.log.take() {
            self.model.apply(&did, &mut Call::default());
        }
        self.model.drop_with_last_handle();
    }

    fn count(&mut self, side: usize, change: isize) {
        let handles = &mut self.model.handles[side];
        *handles = handles.checked_add_signed(change).expect("a count of handles");
    }

    fn counts(&self) -> [usize; 2] {
        self.model.handles
    }

    fn check(&self) {
        F::check(self);
        let (is_empty, no_sender) = (self.model.slot.is_none(), self.model.handles[SENDERS] == 0);
        // A forgotten future is notified as any other. Then its receiver has the baton.
        let (mut is_served, mut all_called) = (false, true);
        for receiver in &self.receivers {
            #[cfg(feature = "stream")]
            assert!(receiver.rx().is_none_or(|rx| F::is_terminated(rx) == receiver.has_ended));
            is_served |= receiver.owes;
            let Some(asleep) = &receiver.asleep else { continue };
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

impl<F: Flavour> Slot<F> {
    /// Checks that a send that has displaced or merged a value has notified one more future, if one was notified before and
    /// others slept.
    pub(crate) fn check_past_stalled(&self, [notified, asleep]: [usize; 2]) {
        let must = notified > 0 && asleep > 0;
        assert!(!must || self.futures()[0] > notified, "a stalled future holds up others");
    }

    /// Returns how many futures were notified and not polled since, and how many sleep.
    pub(crate) fn futures(&self) -> [usize; 2] {
        let asleep = self.receivers.iter().filter_map(|receiver| receiver.asleep.as_ref());
        let calls = asleep.filter(|asleep| asleep.in_call).map(|asleep| asleep.poller.calls());
        let (notified, asleep): (Vec<_>, Vec<_>) = calls.partition(|&calls| calls > 0);
        [notified.len(), asleep.len()]
    }

    /// Returns a receiver in which no future waits.
    pub(crate) fn any_rx(&self) -> Option<&'static F::Rx> {
        self.receivers.iter().find_map(HeldReceiver::rx)
    }
}
