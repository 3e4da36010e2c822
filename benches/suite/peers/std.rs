//! What one writes without a crate: a `sync_channel`, or a mutex and a condition variable.

use super::State;
use crate::suite::{
    contender::{Blocks, Contender, Overwrites, Payload, Relays, Sentinel},
    threads::left,
};
use crossbeam_utils::CachePadded;
use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Instant,
};

pub(crate) struct SyncChannel;

impl<T: Payload> Contender<T> for SyncChannel {
    const NAME: &'static str = "std sync_channel";
    type Tx = SyncSender<T>;
    type Rx = Receiver<T>;

    fn open(capacity: usize) -> (Self::Tx, Self::Rx) {
        sync_channel(capacity)
    }
}

impl Blocks<u64> for SyncChannel {
    fn put(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

impl Relays for SyncChannel {
    fn offer(tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        tx.try_send(sentinel).is_ok()
    }

    /// It knows no deadline, so the time that is left is asked for only if there is something to wait for.
    fn recv_deadline(rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        rx.try_recv().ok().or_else(|| rx.recv_timeout(left(deadline)).ok())
    }
}

/// `Mutex` and `Condvar`.
pub(crate) struct Mutexed;

pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

impl<T> Slot<T> {
    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Payload> Contender<T> for Mutexed {
    const NAME: &'static str = "std Mutex<Option<T>> and Condvar";
    type Tx = Arc<CachePadded<Slot<T>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (state, filled) = (State::EMPTY.into(), Condvar::new());
        let slot = Arc::new(CachePadded::new(Slot { state, filled }));
        (Arc::clone(&slot), slot)
    }
}

impl<T: Payload> Overwrites<T> for Mutexed {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        let (displaced, notify) = tx.lock().put(value);
        if notify {
            tx.filled.notify_one();
        }
        displaced
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.lock().value.take()
    }
}

impl Blocks<u64> for Mutexed {
    fn put(tx: &mut Self::Tx, value: u64) {
        Self::send(tx, value);
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        let mut state = rx.lock();
        state.waiting += 1;
        let waited = rx.filled.wait_while(state, |state| state.value.is_none());
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state.value.take().expect("the wait is over")
    }
}
