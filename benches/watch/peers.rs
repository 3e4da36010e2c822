//! This crate's `watch` and tokio's behind one trait, and the slot alone.

use arc_swap::ArcSwap;
use std::{future::Future, sync::Arc};
use tokio::sync::watch as tokios;

pub(super) trait Peer: 'static {
    const NAME: &'static str;
    type Tx: Clone + Send + Sync + 'static;
    type Rx: Clone + Send + Sync + 'static;

    fn open() -> (Self::Tx, Self::Rx);
    /// Whether or not there is a receiver.
    fn send(tx: &Self::Tx, value: u64);
    fn increment(tx: &Self::Tx);
    fn borrow(rx: &Self::Rx) -> u64;
    fn has_changed(rx: &Self::Rx) -> bool;
}

/// A receiver that can wait.
pub(super) trait Waits: Peer {
    fn changed(rx: &mut Self::Rx) -> impl Future<Output = u64> + Send;
}

pub(super) struct Ours;

impl Peer for Ours {
    const NAME: &'static str = "overwrite_channel::watch";
    type Tx = overwrite_channel::watch::Sender<u64>;
    type Rx = overwrite_channel::watch::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        overwrite_channel::watch::channel(0)
    }

    fn send(tx: &Self::Tx, value: u64) {
        drop(tx.send_replace(value));
    }

    fn increment(tx: &Self::Tx) {
        tx.send_modify(|value| *value += 1);
    }

    fn borrow(rx: &Self::Rx) -> u64 {
        *rx.borrow()
    }

    fn has_changed(rx: &Self::Rx) -> bool {
        rx.has_changed().expect("a sender is left")
    }
}

impl Waits for Ours {
    async fn changed(rx: &mut Self::Rx) -> u64 {
        rx.changed().await.expect("a sender is left");
        *rx.borrow_and_update()
    }
}

pub(super) struct Tokios;

impl Peer for Tokios {
    const NAME: &'static str = "tokio::sync::watch";
    type Tx = tokios::Sender<u64>;
    type Rx = tokios::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        tokios::channel(0)
    }

    fn send(tx: &Self::Tx, value: u64) {
        tx.send_replace(value);
    }

    fn increment(tx: &Self::Tx) {
        tx.send_modify(|value| *value += 1);
    }

    fn borrow(rx: &Self::Rx) -> u64 {
        *rx.borrow()
    }

    fn has_changed(rx: &Self::Rx) -> bool {
        rx.has_changed().expect("a sender is left")
    }
}

impl Waits for Tokios {
    async fn changed(rx: &mut Self::Rx) -> u64 {
        rx.changed().await.expect("a sender is left");
        *rx.borrow_and_update()
    }
}

/// The slot that this crate's is made of, without versions, and nobody can wait.
pub(super) struct Slot;

impl Peer for Slot {
    const NAME: &'static str = "arc-swap alone";
    type Tx = Arc<ArcSwap<u64>>;
    type Rx = Arc<ArcSwap<u64>>;

    fn open() -> (Self::Tx, Self::Rx) {
        let slot = Arc::new(ArcSwap::from_pointee(0));
        (Arc::clone(&slot), slot)
    }

    fn send(tx: &Self::Tx, value: u64) {
        tx.store(Arc::new(value));
    }

    fn increment(tx: &Self::Tx) {
        tx.rcu(|value| **value + 1);
    }

    fn borrow(rx: &Self::Rx) -> u64 {
        **rx.load()
    }

    /// Looks at the value: there is nothing else to look at.
    fn has_changed(rx: &Self::Rx) -> bool {
        **rx.load() != 0
    }
}
