//! The channel whose values stay in their buffers. Each handle has one to show, and each value is in one buffer. Which older
//! value an exchange brings back, the model leaves open.

mod frame;

use crate::{
    shared::{Act, Bytes, HeldReceiver, HeldSender, Interpreter, RANKS, RECEIVERS},
    slot::{Answer, Call, Flavour, Found, HEAP, Item, Log, Patience, Predicate, Slot},
};
use frame::Frame;
use overwrite_channel::{
    ClosedFuture, PublishError, RecvError, RecvTimeoutError, SendError,
    buffer::{Reader, UpdatedFuture, Writer, channel, channel_with},
};
use std::{
    collections::BTreeSet,
    mem,
    task::{Context, Poll},
};
use support::{
    ledger::Ledger,
    panics::{caught, panics},
};

/// The flavour.
pub(crate) struct Buffer;

impl Flavour for Buffer {
    type Tx = Writer<Frame>;
    type Rx = Reader<Frame>;
    type Taken = ();
    type Waiting = UpdatedFuture<'static, Frame>;
    /// The number of the value that it shows.
    type Known = usize;

    const KEEPS: bool = true;
    const MATCHES: bool = false;
    const ROOMS: &'static [usize] = &[HEAP];
    const SENDER: &'static [Act] = {
        use Act::*;
        &[Send, Send, Send, Send, Replace, Modify, Clone, Drop, Closed]
    };
    const RECEIVER: &'static [Act] = {
        use Act::*;
        &[
            Poll, Poll, Wait, Wait, EndWait, EndWait, Take, Modify, Block, WaitAny, PollOften,
            Clone, Clone, Drop,
        ]
    };

    fn channel(ledger: &Ledger, spin_limit: u32, _: usize) -> (Writer<Frame>, Reader<Frame>) {
        // One that is not made to its end.
        ledger.panic_in_clone(3);
        panics(|| channel(Frame::new(ledger)));
        let first = Frame::new(ledger);
        let (tx, mut rx) =
            if spin_limit == 0 { channel(first) } else { channel_with(|| first.clone()) };
        rx.set_spin_limit(spin_limit);
        (tx, rx)
    }

    fn sender(slot: &mut Slot<Self>, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        match act {
            Act::Send => slot.publish(index, bytes),
            Act::Replace => slot.write(index, bytes),
            _ => change(slot.senders[index].idle(), &slot.model.ledger, bytes),
        }
    }

    /// A writer gets the value back as it is left here.
    fn receiver(slot: &mut Slot<Self>, index: usize, bytes: &mut Bytes<'_>) {
        change(slot.receivers[index].idle(), &slot.model.ledger, bytes);
    }

    fn meddle(tx: &mut Writer<Frame>, rank: usize, _ledger: &Ledger, log: &Log) {
        tx.set(rank);
        let id = tx.id();
        log.send(Item { id, rank }, || match tx.publish() {
            Ok(has_replaced) => Ok(has_replaced.then(|| tx.id())),
            Err(PublishError) => Err(tx.id()),
        });
    }

    fn closed(tx: &Writer<Frame>) -> ClosedFuture<'_> {
        tx.closed()
    }

    fn known(rx: &Reader<Frame>) -> usize {
        rx.id()
    }

    fn take_in_call(rx: &mut Reader<Frame>) -> Result<usize, bool> {
        if rx.update() { Ok(rx.id()) } else { Err(rx.is_closed()) }
    }

    fn take(rx: &mut Reader<Frame>, how: usize) -> Found<()> {
        let before = rx.id();
        let has_taken = if how == 0 { rx.update() } else { rx.read().id() != before };
        has_taken.then_some(()).ok_or(None)
    }

    fn block(
        rx: &mut Reader<Frame>,
        _wanted: Option<Predicate>,
        patience: Patience,
    ) -> Result<(), RecvTimeoutError> {
        let shown = match patience {
            Patience::For(timeout) => rx.wait_timeout(timeout)?,
            Patience::Until(deadline) => rx.wait_deadline(deadline)?,
            Patience::Endless(_) => rx.wait()?,
        };
        // It can be changed.
        shown.set(shown.rank());
        Ok(())
    }

    fn wait(
        rx: &'static mut Reader<Frame>,
        _wanted: Option<&'static mut Predicate>,
    ) -> Self::Waiting {
        rx.updated()
    }

    fn poll(
        rx: &mut Reader<Frame>,
        as_stream: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(), RecvError>> {
        #[cfg(feature = "stream")]
        if as_stream {
            use futures::StreamExt;
            return rx.poll_next_unpin(cx).map(|next| {
                let clone = next.ok_or(RecvError)?;
                assert_eq!(clone.rank(), rx.rank(), "it is no clone of what it shows");
                Ok(())
            });
        }
        assert!(!as_stream);
        rx.poll_updated(cx)
    }

    /// It has taken a value if it shows another one, also if the call has panicked.
    fn found(receiver: &mut HeldReceiver<Slot<Self>>, answer: Answer<()>) -> Answer<usize> {
        let Some(id) = receiver.rx().map(|rx| rx.id()) else {
            return answer.map(|found| found.map(|()| panic!("the future waits")));
        };
        if mem::replace(&mut receiver.known, id) != id {
            assert!(answer.is_none_or(|found| found.is_ok()), "it has taken a value");
            return Some(Ok(id));
        }
        answer.map(|found| found.map(|()| panic!("it shows what it has shown before")))
    }

    fn check(slot: &Slot<Self>) {
        let (model, (stranger, strange)) = (&slot.model, &slot.strangers);
        let [senders, receivers] = model.handles;
        // One for each writer, two for each reader, and one in the slot.
        let buffers = if model.handles == [0, 0] { 0 } else { senders + 2 * receivers + 1 };
        assert_eq!(model.ledger.alive().len(), buffers, "lost, or kept");
        let mut places = BTreeSet::from_iter(model.slot.map(|item| item.id));
        for tx in slot.senders.iter().map(HeldSender::tx) {
            tx.rank();
            assert!(places.insert(tx.id()), "two have it");
            assert_eq!((tx.is_empty(), tx.is_closed()), (model.slot.is_none(), receivers == 0));
            assert!(tx.same_channel(slot.senders[0].tx()) && !tx.same_channel(stranger));
        }
        for receiver in &slot.receivers {
            assert!(places.insert(receiver.known), "two have it");
            let Some(rx) = receiver.rx() else { continue };
            rx.rank();
            assert_eq!(rx.id(), receiver.known, "it shows another");
            assert_eq!((rx.is_empty(), rx.is_closed()), (model.slot.is_none(), senders == 0));
            assert!(slot.any_rx().is_some_and(|first| rx.same_channel(first)));
            assert!(!rx.same_channel(strange));
        }
        assert!(places.into_iter().all(|id| model.ledger.is_alive(id)), "it is gone");
    }

    #[cfg(feature = "stream")]
    fn is_terminated(rx: &Reader<Frame>) -> bool {
        futures::stream::FusedStream::is_terminated(rx)
    }
}

/// Changes a value in place. It, or a clone of any, may panic later.
fn change(frame: &mut Frame, ledger: &Ledger, bytes: &mut Bytes<'_>) {
    frame.set(bytes.below(RANKS));
    frame.burns = bytes.one_in(4);
    ledger.panic_in_clone(bytes.pick(&[0, 0, 0, 1, 2]));
}

impl Slot<Buffer> {
    fn publish(&mut self, sender: usize, bytes: &mut Bytes<'_>) {
        let tx = self.senders[sender].idle();
        self.catch_up();
        tx.set(bytes.below(RANKS));
        let item = Item { id: tx.id(), rank: tx.rank() };
        let before = self.futures();
        let published = caught(|| tx.publish().map_err(|PublishError| tx.id()));
        self.published(sender, item, published, before);
    }

    /// Publishes a value that was made elsewhere. The older one of the writer may panic as it goes.
    fn write(&mut self, sender: usize, bytes: &mut Bytes<'_>) {
        let tx = self.senders[sender].idle();
        self.catch_up();
        let frame = tx.another(&self.model.ledger, bytes.below(RANKS));
        let (item, old) = (Item { id: frame.id(), rank: frame.rank() }, (tx.id(), tx.burns));
        let before = self.futures();
        let written = caught(|| tx.write(frame).map_err(|SendError(frame)| frame.id()));
        let is_refused = self.model.handles[RECEIVERS] == 0;
        assert_eq!(self.model.ledger.is_alive(old.0), is_refused, "the older value");
        if old.1 && !is_refused {
            assert_eq!((written, tx.id()), (None, item.id), "it is not published");
            assert!(self.log.take().is_empty());
            return;
        }
        self.published(sender, item, written, before);
    }

    /// It wakes only after its exchange. If it is refused, it hands the value back, or keeps it.
    fn published(
        &mut self,
        sender: usize,
        item: Item,
        outcome: Option<Result<bool, usize>>,
        before: [usize; 2],
    ) {
        if self.model.handles[RECEIVERS] == 0 {
            assert_eq!(outcome, Some(Err(item.id)), "no reader is left");
            return;
        }
        let replaced = self.model.slot.replace(item);
        self.model.replay(self.log.take(), &mut Call::default(), |_| true);
        if let Some(outcome) = outcome {
            assert_eq!(outcome, Ok(replaced.is_some()), "replaced or not");
        }
        if replaced.is_some() {
            self.check_past_stalled(before);
        }
        let holds = self.senders[sender].tx().id();
        assert!(replaced.is_none_or(|replaced| replaced.id == holds), "it holds another");
    }
}
