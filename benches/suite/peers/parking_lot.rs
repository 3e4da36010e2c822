use super::State;
use crate::suite::contender::{Blocks, Contender, Overwrites, Payload};
use crossbeam_utils::CachePadded;
use parking_lot::{Condvar, Mutex};
use std::sync::Arc;

/// `Mutex` and `Condvar`.
pub(crate) struct ParkingLot;

pub(crate) struct Slot<T> {
    state: Mutex<State<T>>,
    filled: Condvar,
}

impl<T: Payload> Contender<T> for ParkingLot {
    const NAME: &'static str = "parking_lot Mutex<Option<T>> and Condvar";
    type Tx = Arc<CachePadded<Slot<T>>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let (state, filled) = (State::EMPTY.into(), Condvar::new());
        let slot = Arc::new(CachePadded::new(Slot { state, filled }));
        (Arc::clone(&slot), slot)
    }
}

impl<T: Payload> Overwrites<T> for ParkingLot {
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        let (displaced, notify) = tx.state.lock().put(value);
        if notify {
            tx.filled.notify_one();
        }
        displaced
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.state.lock().value.take()
    }
}

impl Blocks<u64> for ParkingLot {
    fn put(tx: &mut Self::Tx, value: u64) {
        Self::send(tx, value);
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        let mut state = rx.state.lock();
        state.waiting += 1;
        rx.filled.wait_while(&mut state, |state| state.value.is_none());
        state.waiting -= 1;
        state.value.take().expect("the wait is over")
    }
}
