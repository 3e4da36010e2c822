use crate::suite::contender::{Contender, Overwrites, Payload};
use async_broadcast::{Receiver, Sender, TryRecvError, broadcast};

/// Every receiver gets a clone, the last receiver the value itself.
pub(crate) struct Overflowing;

impl<T: Payload> Contender<T> for Overflowing {
    const NAME: &'static str = "async-broadcast";
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (mut tx, rx) = broadcast(1);
        tx.set_overflow(true);
        (tx, rx)
    }
}

impl<T: Payload> Overwrites<T> for Overflowing {
    const HOW: &'static str = " (1), overflow";

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.try_broadcast(value).expect("a receiver is left, and a full channel overflows")
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        loop {
            match rx.try_recv() {
                Ok(value) => return Some(value),
                // Some values were missed: the next look brings the newest.
                Err(TryRecvError::Overflowed(_)) => {}
                Err(_) => return None,
            }
        }
    }
}
