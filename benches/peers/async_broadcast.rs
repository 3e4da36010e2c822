use super::{Payload, Peer};
use async_broadcast::{Receiver, Sender, TryRecvError, broadcast};

/// Every receiver gets a clone, the last one the value itself.
pub(crate) struct Overflowing;

impl<T: Payload> Peer<T> for Overflowing {
    const NAME: &'static str = "async-broadcast (1), overflow";
    const TELLS: bool = true;
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (mut tx, rx) = broadcast(1);
        tx.set_overflow(true);
        (tx, rx)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.try_broadcast(value).expect("a receiver is left, and what is full overflows")
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        loop {
            match rx.try_recv() {
                Ok(value) => return Some(value),
                // Some were missed: the next look brings the newest.
                Err(TryRecvError::Overflowed(_)) => {}
                Err(_) => return None,
            }
        }
    }
}
