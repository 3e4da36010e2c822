use crate::suite::{
    contender::{Awaits, Contender, Overwrites, Payload, Relays, Sentinel},
    threads::at_once,
};
use async_channel::{Receiver, Sender, bounded};
use std::time::Instant;

pub(crate) struct AsyncChannel;

impl<T: Payload> Contender<T> for AsyncChannel {
    const NAME: &'static str = "async-channel";
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        bounded(capacity)
    }
}

impl<T: Payload> Overwrites<T> for AsyncChannel {
    const HOW: &'static str = " (1), force_send";

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.force_send(value).expect("a receiver is left")
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

impl Awaits for AsyncChannel {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).await.expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().await.expect("a sender is left")
    }
}

impl Relays for AsyncChannel {
    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.try_send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, _: Instant) -> Option<Sentinel> {
        at_once(rx.recv())?.ok()
    }
}
