//! tokio's channels.

use super::drain_and_send;
use crate::suite::{
    contender::{Awaits, Blocks, Contender, Overwrites, Payload, Relays, Sentinel, Watches},
    threads::at_once,
};
use crossbeam_utils::CachePadded;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use tokio::{
    runtime::{Builder, Runtime},
    sync::{
        broadcast::{self, error::TryRecvError},
        mpsc::{self, error::TrySendError},
        watch,
    },
};

/// What tokio's documentation says to use where only the most recent value counts. The value stays, for every receiver
/// to look at; a receiver that wants to own it clones it.
pub(crate) struct Watch;

impl<T: Payload> Contender<T> for Watch {
    const NAME: &'static str = "tokio watch";
    type Tx = watch::Sender<T>;
    type Rx = watch::Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        watch::channel(T::default())
    }
}

impl<T: Payload> Overwrites<T> for Watch {
    const HOW: &'static str = " (clones)";
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left");
        None
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        let changed = rx.has_changed().expect("a sender is left");
        changed.then(|| rx.borrow_and_update().clone())
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

/// A thread waits in a runtime of its own, because a `watch` has no call that blocks.
pub(crate) struct WatchOnThread;

impl Contender<u64> for WatchOnThread {
    const NAME: &'static str = "tokio watch, Runtime::block_on";
    type Tx = watch::Sender<u64>;
    type Rx = (Runtime, watch::Receiver<u64>);

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = watch::channel(0);
        (tx, (Builder::new_current_thread().build().expect("a runtime"), rx))
    }
}

impl Blocks<u64> for WatchOnThread {
    fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv((runtime, rx): &mut Self::Rx) -> u64 {
        runtime.block_on(<Watch as Awaits>::recv(rx))
    }
}

/// Every receiver gets a clone.
pub(crate) struct Broadcast;

impl<T: Payload> Contender<T> for Broadcast {
    const NAME: &'static str = "tokio broadcast (1) (clones)";
    type Tx = broadcast::Sender<T>;
    type Rx = broadcast::Receiver<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        broadcast::channel(1)
    }
}

impl<T: Payload> Overwrites<T> for Broadcast {
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        assert!(tx.send(value).is_ok(), "a receiver is left");
        None
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        loop {
            match rx.try_recv() {
                Ok(value) => return Some(value),
                // Some values were missed: the next look brings the newest.
                Err(TryRecvError::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}

pub(crate) struct Mpsc;

impl<T: Payload> Contender<T> for Mpsc {
    const NAME: &'static str = "tokio mpsc";
    type Tx = mpsc::Sender<T>;
    type Rx = mpsc::Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        mpsc::channel(capacity)
    }
}

impl Awaits for Mpsc {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).await.expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().await.expect("a sender is left")
    }
}

impl Relays for Mpsc {
    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.try_send(sentinel).is_ok()
    }

    fn recv_deadline(rx: &mut Self::Rx, _: Instant) -> Option<Sentinel> {
        at_once(rx.recv())?
    }
}

/// A `try_send` alone would keep the oldest value. So the sender takes it out and tries again; because there is only one
/// receiver, the two threads share it under a lock.
pub(crate) struct DrainedMpsc;

pub(crate) type Inbox<T> = Arc<CachePadded<Mutex<mpsc::Receiver<T>>>>;

impl<T: Payload> Contender<T> for DrainedMpsc {
    const NAME: &'static str = "tokio mpsc (1), drain and send";
    type Tx = (mpsc::Sender<T>, Inbox<T>);
    type Rx = Inbox<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (tx, rx) = mpsc::channel(1);
        let rx = Arc::new(CachePadded::new(Mutex::new(rx)));
        ((tx, Arc::clone(&rx)), rx)
    }
}

fn take<T>(inbox: &Inbox<T>) -> Option<T> {
    inbox.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok()
}

impl<T: Payload> Overwrites<T> for DrainedMpsc {
    const RETURNS_DISPLACED: bool = false;

    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        let try_send = |value| match tx.try_send(value) {
            Ok(()) => None,
            Err(TrySendError::Full(value)) => Some(value),
            Err(TrySendError::Closed(_)) => panic!("a receiver is left"),
        };
        drain_and_send(value, try_send, || take(rx))
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        take(rx)
    }
}
