use super::{Payload, Peer};
use overwrite_channel::{Receiver, Sender, SharedSender, channel};
use std::sync::Arc;

/// This crate; each thread that sends has a handle of its own.
pub(crate) struct Overwrite;

impl<T: Payload> Peer<T> for Overwrite {
    const NAME: &'static str = "overwrite-channel";
    const TELLS: bool = true;
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        channel()
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left")
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

/// This crate; all threads that send share one handle, which is what it is for.
pub(crate) struct Shared;

impl<T: Payload> Peer<T> for Shared {
    const NAME: &'static str = "overwrite-channel, one SharedSender";
    const TELLS: bool = true;
    type Tx = Arc<SharedSender<T>>;
    type Rx = Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = channel();
        (Arc::new(tx.into_shared()), rx)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left")
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}
