use super::drain_and_send;
use crate::suite::contender::{Blocks, Contender, Overwrites, Payload, Relays, Sentinel};
use flume::{Receiver, Sender, TrySendError, bounded};
use std::time::Instant;

/// A sender has a receiver too, to take the oldest value out.
pub(crate) struct Flume;

impl<T: Payload> Contender<T> for Flume {
    const NAME: &'static str = "flume";
    type Tx = (Sender<T>, Receiver<T>);
    type Rx = Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = bounded(capacity);
        ((tx, rx.clone()), rx)
    }
}

impl<T: Payload> Overwrites<T> for Flume {
    const HOW: &'static str = " (1), drain and send";
    const RETURNS_DISPLACED: bool = false;

    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        let try_send = |value| tx.try_send(value).err().map(TrySendError::into_inner);
        drain_and_send(value, try_send, || rx.try_recv().ok())
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

impl Blocks<u64> for Flume {
    fn put((tx, _): &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

impl Relays for Flume {
    fn offer((tx, _): &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.try_send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        rx.recv_deadline(deadline).ok()
    }
}
