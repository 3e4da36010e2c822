use crate::suite::contender::{Contender, Overwrites, Payload};
use ring_channel::{RingReceiver, RingSender, ring_channel};
use std::num::NonZeroUsize;

pub(crate) struct RingChannel;

impl<T: Payload> Contender<T> for RingChannel {
    const NAME: &'static str = "ring-channel";
    type Tx = RingSender<T>;
    type Rx = RingReceiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        ring_channel(NonZeroUsize::MIN)
    }
}

impl<T: Payload> Overwrites<T> for RingChannel {
    const HOW: &'static str = " (1)";

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left")
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}
