//! What one writes without a crate: an `Option` in a mutex, and a condition to wait for. A sender wakes
//! only if somebody waits, and after it has let go of the lock: `notify_one` is a system call in std
//! even if nobody does, and who is woken wants the lock.

use super::{Payload, Peer};
use std::{
    sync::{Arc, PoisonError},
    thread,
    time::{Duration, Instant},
};

/// How long the check waits for a wake before it takes it for lost.
const PATIENCE: Duration = Duration::from_secs(5);

struct State<T> {
    value: Option<T>,
    /// How many receivers wait.
    waiting: usize,
}

impl<T> State<T> {
    const EMPTY: Self = Self { value: None, waiting: 0 };

    /// What was there, and whether to wake.
    #[inline]
    fn put(&mut self, value: T) -> (Option<T>, bool) {
        (self.value.replace(value), self.waiting > 0)
    }
}

/// A receiver that waits gets the value that comes.
fn check_waiting<P: Peer<u64>>(recv_deadline: fn(&P::Rx, Instant) -> Option<u64>) {
    let deadline = Instant::now() + PATIENCE;
    for value in 1..50 {
        let (mut tx, rx) = P::open();
        let waiting = thread::spawn(move || recv_deadline(&rx, deadline));
        thread::yield_now();
        P::send(&mut tx, value);
        let received = waiting.join().expect("the receiver ends well");
        assert_eq!(received, Some(value), "{} wakes", P::NAME);
    }
}

/// std's.
pub(crate) struct Std;

pub(crate) struct StdSlot<T> {
    state: std::sync::Mutex<State<T>>,
    filled: std::sync::Condvar,
}

impl<T> StdSlot<T> {
    fn lock(&self) -> std::sync::MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recv_deadline(self: &Arc<Self>, deadline: Instant) -> Option<T> {
        let mut state = self.lock();
        state.waiting += 1;
        let left = deadline.saturating_duration_since(Instant::now());
        let waited = self.filled.wait_timeout_while(state, left, |state| state.value.is_none());
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.waiting -= 1;
        state.value.take()
    }
}

impl<T: Payload> Peer<T> for Std {
    const NAME: &'static str = "std Mutex<Option<T>> and Condvar";
    const TELLS: bool = true;
    type Tx = Arc<StdSlot<T>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let (state, filled) = (State::EMPTY.into(), std::sync::Condvar::new());
        let slot = Arc::new(StdSlot { state, filled });
        (Arc::clone(&slot), slot)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        let (displaced, wake) = tx.lock().put(value);
        if wake {
            tx.filled.notify_one();
        }
        displaced
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.lock().value.take()
    }

    fn check_more() {
        check_waiting::<Self>(StdSlot::recv_deadline);
    }
}

/// `parking_lot`'s.
pub(crate) struct ParkingLot;

pub(crate) struct ParkingLotSlot<T> {
    state: parking_lot::Mutex<State<T>>,
    filled: parking_lot::Condvar,
}

impl<T> ParkingLotSlot<T> {
    fn recv_deadline(self: &Arc<Self>, deadline: Instant) -> Option<T> {
        let mut state = self.state.lock();
        state.waiting += 1;
        let empty = |state: &mut State<T>| state.value.is_none();
        self.filled.wait_while_until(&mut state, empty, deadline);
        state.waiting -= 1;
        state.value.take()
    }
}

impl<T: Payload> Peer<T> for ParkingLot {
    const NAME: &'static str = "parking_lot Mutex<Option<T>> and Condvar";
    const TELLS: bool = true;
    type Tx = Arc<ParkingLotSlot<T>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let (state, filled) = (State::EMPTY.into(), parking_lot::Condvar::new());
        let slot = Arc::new(ParkingLotSlot { state, filled });
        (Arc::clone(&slot), slot)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: T) -> Option<T> {
        let (displaced, wake) = tx.state.lock().put(value);
        if wake {
            tx.filled.notify_one();
        }
        displaced
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.state.lock().value.take()
    }

    fn check_more() {
        check_waiting::<Self>(ParkingLotSlot::recv_deadline);
    }
}
