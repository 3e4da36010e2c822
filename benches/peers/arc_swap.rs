use super::{Payload, Peer};
use arc_swap::ArcSwapOption;
use std::sync::Arc;

/// Made to be read far more often than written: a write looks at a list that has an entry for each thread
/// that used any `ArcSwap`, as many as there ever were at once. These benches have half a dozen. Nobody
/// can wait for it, and each value needs an `Arc` of its own.
pub(crate) struct Swap;

impl<T: Payload> Peer<T> for Swap {
    const NAME: &'static str = "arc-swap";
    const TELLS: bool = true;
    type Tx = Arc<ArcSwapOption<T>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let swap = Arc::new(ArcSwapOption::empty());
        (Arc::clone(&swap), swap)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        // It is cloned only if the receiver is looking at it just now.
        tx.swap(Some(Arc::new(value))).map(Arc::unwrap_or_clone)
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        // Reading is cheap, exchanging is not.
        if rx.load().is_none() {
            return None;
        }
        rx.swap(None).map(Arc::unwrap_or_clone)
    }
}
