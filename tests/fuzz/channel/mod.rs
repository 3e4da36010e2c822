//! The channel whose values move.

mod sending;

use crate::{
    shared::{Act, Bytes, HeldReceiver, HeldSender, Interpreter, Value},
    slot::{Answer, Call, Did, Flavour, Found, HEAP, Log, Patience, Predicate, Slot},
};
use futures::future::Either;
use overwrite_channel::{
    ClosedFuture, Receiver, RecvError, RecvFuture, RecvMatchingFuture, RecvTimeoutError,
    SharedSender, StaticChannel, channel,
};
use sending::{Handle, with};
use std::task::{Context, Poll};
use support::ledger::Ledger;

/// The flavour. Cases follow each other: one has a static channel for itself.
pub(crate) struct Channel;

static THREE: StaticChannel<Value, 3> = StaticChannel::new();
static FIVE: StaticChannel<Value, 5> = StaticChannel::new();
static THIRTY: StaticChannel<Value, 30> = StaticChannel::new();

impl Flavour for Channel {
    type Tx = Handle;
    type Rx = Receiver<Value>;
    type Taken = Value;
    type Waiting = Either<
        RecvFuture<'static, Value>,
        RecvMatchingFuture<'static, Value, &'static mut Predicate>,
    >;
    type Known = ();

    const KEEPS: bool = false;
    const MATCHES: bool = true;
    const ROOMS: &'static [usize] = &[HEAP, HEAP, HEAP, HEAP, HEAP, 3, 5, 30];
    const SENDER: &'static [Act] = {
        use Act::*;
        &[Send, Send, Send, Send, Send, Send, Withdraw, Clone, Share, Drop, Closed]
    };
    const RECEIVER: &'static [Act] = {
        use Act::*;
        &[
            Poll, Poll, Wait, Wait, EndWait, EndWait, Take, Block, WaitAny, PollOften, Clone,
            Clone, Drop,
        ]
    };

    fn channel(_ledger: &Ledger, spin_limit: u32, room: usize) -> (Handle, Receiver<Value>) {
        let handles = match room {
            3 => THREE.split(),
            5 => FIVE.split(),
            30 => THIRTY.split(),
            _ => Some(channel()),
        };
        let (tx, mut rx) = handles.expect("every handle of the last case is gone");
        rx.set_spin_limit(spin_limit);
        (Handle::Own(tx), rx)
    }

    fn clone_tx(tx: &Handle) -> Option<Handle> {
        tx.try_clone()
    }

    fn clone_rx(rx: &Receiver<Value>) -> Option<Receiver<Value>> {
        rx.try_clone()
    }

    fn sender(slot: &mut Slot<Self>, act: Act, index: usize, bytes: &mut Bytes<'_>) {
        match act {
            Act::Send => slot.send(index, bytes),
            Act::Withdraw => {
                let tx = slot.senders[index].idle();
                // What was done until now, by dropping a future, is done.
                slot.catch_up();
                let (before, log) = (slot.futures(), slot.log.clone());
                log.withdraw(|| with!(tx => tx.withdraw()).map(Value::taken));
                let done = log.take();
                if let [Did::Receive(Ok(_))] = *done {
                    slot.check_past_stalled(before);
                }
                for did in &done {
                    slot.model.apply(did, &mut Call::default());
                }
            }
            Act::Share => {
                let Some(handle) = slot.senders[index].idle().try_clone() else { return };
                drop(slot.senders.swap_remove(index));
                slot.senders.push(HeldSender::new(match handle {
                    Handle::Own(tx) if bytes.one_in(2) => Handle::Shared(SharedSender::from(tx)),
                    handle => handle.into_shared(),
                }));
            }
            _ => {}
        }
    }

    /// Sends, or withdraws what is there.
    fn meddle(tx: &mut Handle, rank: usize, ledger: &Ledger, log: &Log) {
        if rank == 0 {
            return log.withdraw(|| with!(tx => tx.withdraw()).map(Value::taken));
        }
        log.send_by(Value::new(ledger, rank), |value| with!(tx => tx.send(value)));
    }

    fn closed(tx: &Handle) -> ClosedFuture<'_> {
        with!(tx => tx.closed())
    }

    fn known(_rx: &Receiver<Value>) {}

    fn take_in_call(rx: &mut Receiver<Value>) -> Result<usize, bool> {
        rx.try_recv().map(Value::taken).map_err(|error| error.is_disconnected())
    }

    fn take(rx: &mut Receiver<Value>, how: usize) -> Found<Value> {
        match how {
            0 => rx.try_recv().map_err(|error| Some(error.is_disconnected())),
            _ => rx.try_iter().next().ok_or(None),
        }
    }

    fn block(
        rx: &mut Receiver<Value>,
        wanted: Option<Predicate>,
        patience: Patience,
    ) -> Result<Value, RecvTimeoutError> {
        match (wanted, patience) {
            (None, Patience::For(timeout)) => rx.recv_timeout(timeout),
            (None, Patience::Until(deadline)) => rx.recv_deadline(deadline),
            (None, Patience::Endless(2)) => rx.recv().map_err(Into::into),
            (None, Patience::Endless(3)) => rx.iter().next().ok_or(RecvError.into()),
            (None, Patience::Endless(4)) => rx.into_iter().next().ok_or(RecvError.into()),
            (None, _) => match rx.try_clone() {
                Some(clone) => clone.into_iter().next().ok_or(RecvError.into()),
                None => rx.recv().map_err(Into::into),
            },
            (Some(wanted), Patience::For(timeout)) => rx.recv_matching_timeout(timeout, wanted),
            (Some(wanted), Patience::Until(deadline)) => {
                rx.recv_matching_deadline(deadline, wanted)
            }
            (Some(wanted), _) => rx.recv_matching(wanted).map_err(Into::into),
        }
    }

    fn wait(
        rx: &'static mut Receiver<Value>,
        wanted: Option<&'static mut Predicate>,
    ) -> Self::Waiting {
        match wanted {
            Some(wanted) => Either::Right(rx.recv_matching_async(wanted)),
            None => Either::Left(rx.recv_async()),
        }
    }

    fn poll(
        rx: &mut Receiver<Value>,
        as_stream: bool,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Value, RecvError>> {
        #[cfg(feature = "stream")]
        if as_stream {
            use futures::StreamExt;
            return rx.poll_next_unpin(cx).map(|next| next.ok_or(RecvError));
        }
        assert!(!as_stream);
        rx.poll_recv(cx)
    }

    fn found(_receiver: &mut HeldReceiver<Slot<Self>>, answer: Answer<Value>) -> Answer<usize> {
        answer.map(|found| found.map(Value::taken))
    }

    fn check(slot: &Slot<Self>) {
        let (model, (stranger, strange)) = (&slot.model, &slot.strangers);
        let strangers = [stranger.clone(), stranger.clone().into_shared()];
        let [senders, receivers] = model.handles;
        assert_eq!(
            model.ledger.alive(),
            Vec::from_iter(model.slot.map(|item| item.id)),
            "lost, or kept"
        );
        let expected = (model.slot.is_none(), senders, receivers);
        for tx in slot.senders.iter().map(HeldSender::tx) {
            let says = with!(tx => (tx.is_empty(), tx.sender_count(), tx.receiver_count()));
            assert_eq!(says, expected, "what a sender says");
            assert_eq!(with!(tx => tx.is_closed()), receivers == 0);
            assert_ne!(tx.is_same_channel(slot.senders[0].tx()), Some(false));
            assert!(strangers.iter().all(|other| tx.is_same_channel(other) != Some(true)));
        }
        for rx in slot.receivers.iter().filter_map(HeldReceiver::rx) {
            let says = (rx.is_empty(), rx.sender_count(), rx.receiver_count());
            assert_eq!(says, expected, "what a receiver says");
            assert_eq!(rx.is_closed(), senders == 0);
            assert!(slot.any_rx().is_some_and(|first| rx.same_channel(first)));
            assert!(!rx.same_channel(strange));
        }
    }

    #[cfg(feature = "stream")]
    fn is_terminated(rx: &Receiver<Value>) -> bool {
        futures::stream::FusedStream::is_terminated(rx)
    }
}
