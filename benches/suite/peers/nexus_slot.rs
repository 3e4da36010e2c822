use crate::suite::contender::{Contender, Overwrites, Payload};
use nexus_slot::spsc::{Reader, Writer, slot};

/// One sender and one receiver, plain data only, no wait. The value is copied word by word, and again if it was
/// overwritten meanwhile.
pub(crate) struct Nexus;

impl<T: Payload + Copy> Contender<T> for Nexus {
    const NAME: &'static str = "nexus-slot";
    type Tx = Writer<T>;
    type Rx = Reader<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        slot()
    }
}

impl<T: Payload + Copy> Overwrites<T> for Nexus {
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.write(value);
        None
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.read()
    }
}
