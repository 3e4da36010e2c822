//! What crossbeam has: a channel, a queue that overwrites, and a cell. Only a channel can be waited for.

use super::drain_and_send;
use crate::suite::contender::{Blocks, Contender, Overwrites, Payload, Relays, Sentinel};
use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::{CachePadded, atomic::AtomicCell};
use std::{num::NonZeroU64, sync::Arc, time::Instant};

/// A sender has a receiver too, to take the oldest value out.
pub(crate) struct Crossbeam;

impl<T: Payload> Contender<T> for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    type Tx = (Sender<T>, Receiver<T>);
    type Rx = Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = bounded(capacity);
        ((tx, rx.clone()), rx)
    }
}

impl<T: Payload> Overwrites<T> for Crossbeam {
    const HOW: &'static str = " (1), drain and send";
    /// Between two tries there may have been another sender's value to take out.
    const RETURNS_DISPLACED: bool = false;

    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        let try_send = |value| tx.try_send(value).err().map(TrySendError::into_inner);
        drain_and_send(value, try_send, || rx.try_recv().ok())
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

impl Blocks<u64> for Crossbeam {
    fn put((tx, _): &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

impl Relays for Crossbeam {
    fn offer((tx, _): &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.try_send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        rx.recv_deadline(deadline).ok()
    }
}

pub(crate) struct Queue;

impl<T: Payload> Contender<T> for Queue {
    const NAME: &'static str = "crossbeam ArrayQueue";
    type Tx = Arc<ArrayQueue<T>>;
    type Rx = Self::Tx;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(ArrayQueue::new(capacity));
        (Arc::clone(&queue), queue)
    }
}

impl<T: Payload> Overwrites<T> for Queue {
    const HOW: &'static str = " (1), force_push";

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.force_push(value)
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.pop()
    }
}

/// For any type. A type larger than a word, such as `Option<u64>`, goes through one of a fixed number of locks that the
/// whole program shares.
pub(crate) struct Cell;

impl<T: Payload> Contender<T> for Cell {
    const NAME: &'static str = "crossbeam AtomicCell<Option<T>> (locks)";
    type Tx = Arc<CachePadded<AtomicCell<Option<T>>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let cell = Arc::new(CachePadded::new(AtomicCell::new(None)));
        (Arc::clone(&cell), cell)
    }
}

impl<T: Payload> Overwrites<T> for Cell {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.swap(Some(value))
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.take()
    }
}

/// For a type that fits into a word together with "nothing": one atomic exchange.
pub(crate) struct WordCell;

impl Contender<u64> for WordCell {
    const NAME: &'static str = "crossbeam AtomicCell<Option<NonZeroU64>>";
    type Tx = Arc<CachePadded<AtomicCell<Option<NonZeroU64>>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let cell = Arc::new(CachePadded::new(AtomicCell::new(None)));
        (Arc::clone(&cell), cell)
    }
}

impl Overwrites<u64> for WordCell {
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.swap(NonZeroU64::new(value)).map(NonZeroU64::get)
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        // The look spares the exchange where there is nothing; only plain data can be looked at.
        rx.load().and_then(|_| rx.take()).map(NonZeroU64::get)
    }
}
