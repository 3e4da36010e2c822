//! `watch`. The model is a version and a value, and what each receiver has seen of them.
//!
//! No drop of a value panics here: `arc_swap` may then leak another one.

mod receiving;
mod sending;
mod setting;

use crate::shared::{Act, Bytes, Interpreter, MOST_HANDLES, Poller};
use overwrite_channel::{
    ClosedFuture,
    watch::{Receiver, Ref, Sender, channel},
};
use receiving::{Known, Waiting};
use setting::{Look, Notes, Setting};
use std::{
    collections::BTreeSet,
    mem,
    sync::{Arc, Mutex},
};
use support::ledger::Ledger;

type HeldSender = crate::shared::HeldSender<Register>;
type HeldReceiver = crate::shared::HeldReceiver<Register>;

/// How many looks a handle keeps before it parts with the first, a crowd of looks apart.
const MOST_KEPT: usize = 3;

/// The value that is there.
#[derive(Clone, Copy)]
struct Present {
    id: usize,
    rank: usize,
    /// Panics when it is cloned.
    is_brittle: bool,
}

pub(crate) struct Register {
    notes: Arc<Notes>,
    version: u64,
    present: Present,
    senders: Vec<HeldSender>,
    receivers: Vec<HeldReceiver>,
    /// Values that were replaced, from the senders that replaced them.
    replaced: Vec<Look>,
    /// Each handle that a waker has shares one of these: senders, receivers.
    meddling: [Arc<()>; 2],
}

impl Register {
    fn store(&mut self, present: Present) {
        self.version += 1;
        self.present = present;
    }

    /// Stores in the model what was sent in the middle of a call.
    fn store_all(&mut self, meddled: &[usize]) {
        for &id in meddled {
            self.store(Present { id, rank: 0, is_brittle: false });
        }
    }

    fn looks(&self) -> impl Iterator<Item = &Look> {
        let by_senders = self.senders.iter().flat_map(|sender| &sender.kept);
        let by_receivers = self.receivers.iter().flat_map(|receiver| &receiver.kept);
        by_senders.chain(by_receivers).chain(&self.replaced)
    }

    /// Unwraps what was kept: it is the value itself, if that was replaced and no other look shows it.
    fn part(&self, look: Look) {
        let (id, was_new) = (look.id, look.was_new);
        let is_shared = id == self.present.id || self.looks().any(|other| other.id == id);
        match Ref::try_unwrap(look.shows) {
            Ok(setting) => assert_eq!((setting.value.id(), is_shared), (id, false), "it is shared"),
            Err(shows) => {
                assert_eq!((shows.value.id(), is_shared), (id, true), "it is not shared");
                assert_eq!(shows.has_changed(), was_new, "it says something else");
            }
        }
    }

    /// A handle parts with the first of its looks, or takes one more, or more than `arc_swap` has room for.
    fn borrow(
        &mut self,
        kept: impl Fn(&mut Self) -> &mut Vec<Look>,
        shows: impl Fn() -> Ref<'static, Setting>,
        is_new: bool,
        bytes: &mut Bytes<'_>,
    ) {
        let (id, held) = (self.present.id, kept(self).len());
        if held > MOST_KEPT || held > 0 && bytes.one_in(3) {
            let first = kept(self).remove(0);
            return self.part(first);
        }
        let size = if bytes.one_in(8) { 40 } else { 1 };
        kept(self).extend((0..size).map(|_| Look::new(shows(), id, is_new)));
    }
}

impl Interpreter for Register {
    type Tx = Sender<Setting>;
    type Rx = Receiver<Setting>;
    type Waiting = Waiting;
    type Kept = Look;
    type Known = Known;

    const SENDER: &'static [Act] = {
        use Act::*;
        &[Send, Send, Replace, Modify, Modify, Borrow, Subscribe, Clone, Drop, Closed, Closed]
    };
    const RECEIVER: &'static [Act] = {
        use Act::*;
        &[
            Poll, Poll, Wait, EndWait, Borrow, Take, Mark, Unmark, Block, WaitAny, PollOften,
            Clone, Drop,
        ]
    };

    fn new(ledger: Ledger, bytes: &mut Bytes<'_>) -> Self {
        let notes = Notes::new(ledger);
        let first = notes.issue(0);
        let present = Present { id: first.value.id(), rank: 0, is_brittle: false };
        let (tx, mut rx) = if bytes.one_in(2) {
            let tx = Sender::new(first);
            let rx = tx.subscribe();
            (tx, rx)
        } else {
            channel(first)
        };
        rx.set_spin_limit(bytes.pick(&[0, 3]));
        let (senders, receivers) =
            (vec![HeldSender::new(tx)], vec![HeldReceiver::new(rx, Known::at(0))]);
        let (replaced, meddling) = Default::default();
        Self { notes, version: 0, present, senders, receivers, replaced, meddling }
    }

    fn sides(&mut self) -> (&mut Vec<HeldSender>, &mut Vec<HeldReceiver>) {
        (&mut self.senders, &mut self.receivers)
    }

    fn sender(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        let tx = self.senders[index].tx();
        match act {
            Act::Send => self.send(tx, bytes),
            Act::Replace => self.replace(tx, bytes),
            Act::Modify => self.modify(tx, bytes),
            Act::Borrow => {
                self.borrow(|this| &mut this.senders[index].kept, || tx.borrow(), false, bytes);
            }
            Act::Subscribe if self.receivers.len() < MOST_HANDLES => {
                self.receivers.push(HeldReceiver::new(tx.subscribe(), Known::at(self.version)));
            }
            _ => {}
        }
    }

    fn receiver(&mut self, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present) = (self.version, self.present.id);
        let receiver = &mut self.receivers[index];
        let is_new = receiver.known.is_new(version);
        match act {
            Act::Wait => self.wait(index, bytes),
            Act::Borrow => {
                let rx = receiver.rx().expect("no future waits");
                self.borrow(|this| &mut this.receivers[index].kept, || rx.borrow(), is_new, bytes);
            }
            Act::Take => {
                let look = Look::new(receiver.idle().borrow_and_update(), present, is_new);
                receiver.known.mark_seen(version);
                receiver.kept.push(look);
            }
            Act::Mark => {
                receiver.idle().mark_changed();
                receiver.known.is_marked = true;
                receiver.has_ended = false;
            }
            Act::Unmark => {
                receiver.idle().mark_unchanged();
                receiver.known.mark_seen(version);
            }
            Act::Block => self.block(index, bytes),
            Act::WaitAny => self.wait_any(bytes),
            _ => {}
        }
    }

    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        self.poll_receiver(index, bytes);
    }

    fn enter(&mut self) -> Option<HeldReceiver> {
        let tx = self.senders.first()?.tx();
        Some(HeldReceiver::new(tx.subscribe(), Known::at(self.version)))
    }

    /// One that may send, or look, in the middle of what wakes it.
    fn poller(&mut self, bytes: &mut Bytes<'_>) -> Poller {
        let notes = Arc::clone(&self.notes);
        // What counts a handle goes before the handle does.
        let [counts_tx, counts_rx] = &self.meddling;
        Poller::new(bytes, |bytes| {
            match (self.senders.first(), self.receivers.iter().find_map(HeldReceiver::rx)) {
                (_, Some(rx)) if bytes.one_in(2) => {
                    let meddler = (Arc::clone(counts_rx), Mutex::new(rx.clone()));
                    Some(Box::new(move || {
                        let (_, rx) = &meddler;
                        look(&mut rx.lock().unwrap(), &notes.ledger);
                    }))
                }
                (Some(sender), _) => {
                    let meddler = (Arc::clone(counts_tx), sender.tx().clone());
                    Some(Box::new(move || {
                        let (_, tx) = &meddler;
                        notes.meddle(tx);
                    }))
                }
                _ => None,
            }
        })
    }

    fn closed(tx: &Sender<Setting>) -> ClosedFuture<'_> {
        tx.closed()
    }

    fn catch_up(&mut self) {
        let meddled = mem::take(&mut *self.notes.meddled.lock().unwrap());
        self.store_all(&meddled);
    }

    fn counts(&self) -> [usize; 2] {
        let [tx, rx] = self.meddling.each_ref().map(|meddling| Arc::strong_count(meddling) - 1);
        [self.senders.len() + tx, self.receivers.len() + rx]
    }

    fn check(&self) {
        let ([senders, receivers], version) = (self.counts(), self.version);
        self.looks().for_each(Look::check);
        let present = (senders + receivers > 0).then_some(self.present.id);
        let alive: BTreeSet<_> = self.looks().map(|look| look.id).chain(present).collect();
        assert!(self.notes.ledger.alive().into_iter().eq(alive), "lost, or kept");
        for tx in self.senders.iter().map(HeldSender::tx) {
            assert_eq!((tx.sender_count(), tx.receiver_count()), (senders, receivers));
            assert_eq!(tx.is_closed(), receivers == 0);
            assert_eq!(tx.borrow().value.id(), self.present.id);
        }
        let shown: Vec<_> = self.looks().map(|look| &look.shows).collect();
        for (one, other) in shown.iter().zip(shown.iter().skip(1)) {
            let is_same = one.value.rank == other.value.rank;
            assert_eq!((one == other, **one == ***other), (is_same, is_same), "compared");
        }
        for receiver in &self.receivers {
            let Known { skipped, asleep_at, .. } = receiver.known;
            if let Some(asleep) = &receiver.asleep {
                let must = version > asleep_at || senders == 0;
                assert_eq!(asleep.poller.calls(), usize::from(must), "wakes, at {asleep_at}");
            }
            let Some(rx) = receiver.rx() else { continue };
            assert_eq!((rx.is_closed(), rx.skipped()), (senders == 0, skipped));
            assert_eq!(
                rx.has_changed().ok(),
                (senders > 0).then_some(receiver.known.is_new(version))
            );
            #[cfg(feature = "stream")]
            assert_eq!(futures::stream::FusedStream::is_terminated(rx), receiver.has_ended);
        }
    }
}

/// With a receiver, in the middle of a call.
fn look(rx: &mut Receiver<Setting>, ledger: &Ledger) {
    let id = rx.borrow_and_update().value.id();
    assert!(ledger.is_alive(id), "a value that is gone");
    assert_ne!(rx.has_changed(), Ok(true), "it was seen");
    let clone = rx.clone();
    assert_eq!((clone.borrow().value.id(), clone.skipped()), (id, rx.skipped()));
}
