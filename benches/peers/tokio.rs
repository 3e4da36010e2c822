//! tokio's channels.

use super::{Payload, Peer};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::{
    broadcast::{self, error::TryRecvError},
    mpsc::{self, error::TrySendError},
    watch,
};

/// What tokio's documentation says to use where only the most recent value counts. The value stays, for
/// every receiver to look at: one that wants to own it clones it.
pub(crate) struct Watch;

impl<T: Payload> Peer<T> for Watch {
    const NAME: &'static str = "tokio watch (clones)";
    const TELLS: bool = false;
    type Tx = watch::Sender<T>;
    type Rx = watch::Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        watch::channel(T::default())
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        tx.send(value).expect("a receiver is left");
        None
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        let changed = rx.has_changed().expect("a sender is left");
        changed.then(|| rx.borrow_and_update().clone())
    }
}

/// Every receiver gets a clone.
pub(crate) struct Broadcast;

impl<T: Payload> Peer<T> for Broadcast {
    const NAME: &'static str = "tokio broadcast (1) (clones)";
    const TELLS: bool = false;
    type Tx = broadcast::Sender<T>;
    type Rx = broadcast::Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        broadcast::channel(1)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        assert!(tx.send(value).is_ok(), "a receiver is left");
        None
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        loop {
            match rx.try_recv() {
                Ok(value) => return Some(value),
                // Some were missed: the next look brings the newest.
                Err(TryRecvError::Lagged(_)) => {}
                Err(_) => return None,
            }
        }
    }
}

/// A `try_send` alone would keep the oldest. So the sender takes it out and tries again; since there
/// can be but one receiver, the two share it under a lock.
pub(crate) struct Mpsc;

type Inbox<T> = Arc<Mutex<mpsc::Receiver<T>>>;

impl<T: Payload> Peer<T> for Mpsc {
    const NAME: &'static str = "tokio mpsc (1), drain and send";
    const TELLS: bool = false;
    type Tx = (mpsc::Sender<T>, Inbox<T>);
    type Rx = Inbox<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = mpsc::channel(1);
        let rx = Arc::new(Mutex::new(rx));
        ((tx, Arc::clone(&rx)), rx)
    }

    #[inline]
    fn send((tx, rx): &mut Self::Tx, mut value: T) -> Option<T> {
        let mut displaced = None;
        loop {
            value = match tx.try_send(value) {
                Ok(()) => return displaced,
                Err(TrySendError::Full(value)) => value,
                Err(TrySendError::Closed(_)) => panic!("a receiver is left"),
            };
            displaced = Self::try_recv(rx);
        }
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.lock().unwrap_or_else(PoisonError::into_inner).try_recv().ok()
    }
}
