//! This crate's channel, by each of the handles and calls that are timed, and its `watch`.

use crate::suite::{
    contender::{Awaits, Blocks, Contender, Overwrites, Payload, Relays, Sentinel, Watches},
    threads::at_once,
};
use futures_util::StreamExt;
use overwrite_channel::{Receiver, Sender, SharedSender, channel, watch};
use std::{sync::Arc, time::Instant};

/// The channel as it comes. Each thread that sends has a handle of its own; a thread that waits spins first.
pub(crate) struct Overwrite;

impl<T: Payload> Contender<T> for Overwrite {
    const NAME: &'static str = "overwrite-channel";
    type Tx = Sender<T>;
    type Rx = Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        channel()
    }
}

impl<T: Payload> Overwrites<T> for Overwrite {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left")
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

impl Blocks<u64> for Overwrite {
    fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

impl Awaits for Overwrite {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv_async().await.expect("a sender is left")
    }
}

impl Relays for Overwrite {
    const KEEPS_ALL: bool = false;

    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        rx.recv_deadline(deadline).ok()
    }
}

/// All threads that send share one handle.
pub(crate) struct Shared;

impl<T: Payload> Contender<T> for Shared {
    const NAME: &'static str = "overwrite-channel, one SharedSender";
    type Tx = Arc<SharedSender<T>>;
    type Rx = Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = channel();
        (Arc::new(tx.into_shared()), rx)
    }
}

impl<T: Payload> Overwrites<T> for Shared {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left")
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

/// A thread that waits parks at once.
pub(crate) struct Parks;

impl Contender<u64> for Parks {
    const NAME: &'static str = "overwrite-channel, parks at once";
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (tx, mut rx) = channel();
        rx.set_spin_limit(0);
        (tx, rx)
    }
}

impl Blocks<u64> for Parks {
    fn put(tx: &mut Self::Tx, value: u64) {
        <Overwrite as Blocks<u64>>::put(tx, value);
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        <Overwrite as Blocks<u64>>::recv(rx)
    }
}

/// A task receives from a stream.
pub(crate) struct Next;

impl Contender<u64> for Next {
    const NAME: &'static str = "overwrite-channel, next";
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        channel()
    }
}

impl Awaits for Next {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.next().await.expect("a sender is left")
    }
}

/// A task receives sentinels, as it does from the peers that know no deadline.
pub(crate) struct Task;

impl Contender<Sentinel> for Task {
    const NAME: &'static str = "overwrite-channel, a task";
    type Tx = Sender<Sentinel>;
    type Rx = Receiver<Sentinel>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        channel()
    }
}

impl Relays for Task {
    const KEEPS_ALL: bool = false;

    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, _: Instant) -> Option<Sentinel> {
        at_once(rx.recv_async())?.ok()
    }
}

/// The `watch`. It has a value from the beginning, which counts as seen.
pub(crate) struct Watch;

impl<T: Payload> Contender<T> for Watch {
    const NAME: &'static str = "overwrite-channel watch";
    type Tx = watch::Sender<T>;
    type Rx = watch::Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        watch::channel(T::default())
    }
}

impl Blocks<u64> for Watch {
    fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.blocking_changed().expect("a sender is left");
        *rx.borrow_and_update()
    }
}

impl Awaits for Watch {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.changed().await.expect("a sender is left");
        *rx.borrow_and_update()
    }
}

impl Watches for Watch {
    fn replace(tx: &Self::Tx, value: u64) {
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

impl Relays for Watch {
    const KEEPS_ALL: bool = false;

    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        rx.blocking_changed_deadline(deadline).ok()?;
        Some(*rx.borrow_and_update())
    }
}
