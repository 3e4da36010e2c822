use crate::suite::contender::{Contender, Overwrites, Payload};
use triple_buffer::{Input, Output, triple_buffer};

/// One sender and one receiver, no wait. The displaced value stays in the buffer.
pub(crate) struct TripleBuffer;

impl<T: Payload> Contender<T> for TripleBuffer {
    const NAME: &'static str = "triple_buffer";
    type Tx = Input<T>;
    type Rx = Output<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        triple_buffer(&T::default())
    }
}

impl<T: Payload> Overwrites<T> for TripleBuffer {
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.write(value);
        None
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        // The receiver may change its own buffer, so it need not clone.
        rx.update().then(|| rx.output_buffer_mut().take())
    }
}
