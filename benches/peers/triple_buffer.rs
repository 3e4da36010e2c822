use super::{Payload, Peer};
use triple_buffer::{Input, Output, triple_buffer};

/// One sender and one receiver, nobody can wait. The displaced value stays in the buffer.
pub(crate) struct TripleBuffer;

impl<T: Payload> Peer<T> for TripleBuffer {
    const NAME: &'static str = "triple_buffer";
    const TELLS: bool = false;
    type Tx = Input<T>;
    type Rx = Output<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        triple_buffer(&T::default())
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.write(value);
        None
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        // The receiver may change its own buffer, so it need not clone.
        rx.update().then(|| rx.output_buffer_mut().take())
    }
}
