//! crossbeam's `AtomicCell`. Nobody can wait for it.

use super::{Payload, Peer};
use crossbeam_utils::{CachePadded, atomic::AtomicCell};
use std::{num::NonZeroU64, sync::Arc};

/// For any type. Whatever is larger than a word, as an `Option<u64>` is, goes through one of a fixed
/// number of locks that the whole program shares.
pub(crate) struct Cell;

impl<T: Payload> Peer<T> for Cell {
    const NAME: &'static str = "crossbeam AtomicCell<Option<T>> (locks)";
    const TELLS: bool = true;
    type Tx = Arc<CachePadded<AtomicCell<Option<T>>>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let cell = Arc::new(CachePadded::new(AtomicCell::new(None)));
        (Arc::clone(&cell), cell)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.swap(Some(value))
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.take()
    }
}

/// For what fits into a word together with "nothing": one atomic exchange.
pub(crate) struct WordCell;

impl Peer<u64> for WordCell {
    const NAME: &'static str = "crossbeam AtomicCell<Option<NonZeroU64>>";
    const TELLS: bool = true;
    type Tx = Arc<CachePadded<AtomicCell<Option<NonZeroU64>>>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let cell = Arc::new(CachePadded::new(AtomicCell::new(None)));
        (Arc::clone(&cell), cell)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.swap(NonZeroU64::new(value)).map(NonZeroU64::get)
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        // The look spares the exchange where there is nothing; only plain data can be looked at.
        rx.load().and_then(|_| rx.take()).map(NonZeroU64::get)
    }
}
