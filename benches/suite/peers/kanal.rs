use crate::suite::{
    contender::{Blocks, Contender, Overwrites, Payload, Relays, Sentinel},
    threads::left,
};
use kanal::{Receiver, Sender, bounded};
use std::time::Instant;

/// A sender has a receiver too, to take the oldest value out.
pub(crate) struct Kanal;

impl<T: Payload> Contender<T> for Kanal {
    const NAME: &'static str = "kanal";
    type Tx = (Sender<T>, Receiver<T>);
    type Rx = Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = bounded(capacity);
        ((tx, rx.clone()), rx)
    }
}

impl<T: Payload> Overwrites<T> for Kanal {
    const HOW: &'static str = " (1), drain and send";
    const RETURNS_DISPLACED: bool = false;

    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        // Its plain `try_send` drops a value that has no room.
        let mut value = Some(value);
        let mut displaced = None;
        while !tx.try_send_option(&mut value).expect("a receiver is left") {
            displaced = Self::try_recv(rx);
        }
        displaced
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().expect("a sender is left")
    }
}

impl Blocks<u64> for Kanal {
    fn put((tx, _): &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

impl Relays for Kanal {
    fn offer((tx, _): &mut Self::Tx, sentinel: Sentinel) -> bool {
        matches!(tx.try_send(sentinel), Ok(true))
    }

    /// It knows no deadline, so the time that is left is asked for only if there is something to wait for.
    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        let now = rx.try_recv().ok().flatten();
        now.or_else(|| rx.recv_timeout(left(deadline)).ok())
    }
}
