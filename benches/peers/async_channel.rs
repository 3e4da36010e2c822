use super::{Payload, Peer};
use async_channel::{Receiver, Sender, bounded};

pub(crate) struct ForceSend;

impl<T: Payload> Peer<T> for ForceSend {
    const NAME: &'static str = "async-channel (1), force_send";
    const TELLS: bool = true;
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        bounded(1)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.force_send(value).expect("a receiver is left")
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}
