use crate::suite::contender::{Contender, Overwrites, Payload, Watches};
use arc_swap::{ArcSwap, ArcSwapOption};
use crossbeam_utils::CachePadded;
use std::sync::Arc;

/// It is made to be read far more often than written: a write looks at a list that has an entry for each thread that
/// used any `ArcSwap`, as many as there ever were at once. Each value needs an `Arc` of its own.
pub(crate) struct Swap;

impl<T: Payload> Contender<T> for Swap {
    const NAME: &'static str = "arc-swap";
    type Tx = Arc<CachePadded<ArcSwapOption<T>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let swap = Arc::new(CachePadded::new(ArcSwapOption::empty()));
        (Arc::clone(&swap), swap)
    }
}

impl<T: Payload> Overwrites<T> for Swap {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        // The value is cloned only if the receiver is looking at it just now.
        tx.swap(Some(Arc::new(value))).map(Arc::unwrap_or_clone)
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        // Reading is cheap, exchanging is not.
        if rx.load().is_none() {
            return None;
        }
        rx.swap(None).map(Arc::unwrap_or_clone)
    }
}

/// The slot that this crate's `watch` is made of: it has no versions, and no receiver can wait for it.
pub(crate) struct SwapAlone;

impl Contender<u64> for SwapAlone {
    const NAME: &'static str = "arc-swap alone";
    type Tx = Arc<CachePadded<ArcSwap<u64>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let swap = Arc::new(CachePadded::new(ArcSwap::from_pointee(0)));
        (Arc::clone(&swap), swap)
    }
}

impl Watches for SwapAlone {
    fn replace(tx: &Self::Tx, value: u64) {
        tx.store(Arc::new(value));
    }

    fn increment(tx: &Self::Tx) {
        tx.rcu(|value| **value + 1);
    }

    fn borrow(rx: &Self::Rx) -> u64 {
        **rx.load()
    }

    /// Looks at the value, because there is nothing else to look at.
    fn has_changed(rx: &Self::Rx) -> bool {
        **rx.load() != 0
    }
}
