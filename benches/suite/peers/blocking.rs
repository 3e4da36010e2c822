//! The contenders for which a thread waits.

use super::{Use, both};
use crate::suite::{check, latency, prelude::*, waits::Echo};
use std::sync::{Condvar, Mutex, MutexGuard, mpsc::sync_channel};

/// What the suites do with a contender for which a thread waits.
pub(crate) struct Blocking {
    pub(crate) name: &'static str,
    pub(crate) check: Use<()>,
    pub(crate) round_trips: Use<Option<Pair>, Timed>,
    pub(crate) hand_overs: Use<Option<Pair>, Vec<Vec<u64>>>,
}

fn used(contender: impl Blocks<u64>) -> Blocking {
    Blocking {
        name: contender.name(),
        check: Box::new(move |()| check::wakes(contender)),
        round_trips: Box::new(move |pair| Echo::timed(contender, pair)),
        hand_overs: Box::new(move |pair| latency::to_parked(contender, pair)),
    }
}

/// A channel of which `send` waits for room and `recv` for a value.
macro_rules! channel {
    ($name:literal, $open:expr) => {
        used(peer($name, $open, |tx, value| tx.send(value).unwrap(), |rx| rx.recv().unwrap()))
    };
}

/// A slot that one writes without a crate.
macro_rules! slot {
    ($name:literal, $slot:expr) => {
        used(peer($name, |_| both($slot), |tx, value| _ = tx.send(value), |rx| rx.recv()))
    };
}

/// Returns the contenders, the floor first.
pub(crate) fn blocking() -> Vec<Blocking> {
    vec![
        used(bare_park()),
        used(peer(
            "overwrite-channel, parks at once",
            |_| {
                let (tx, mut rx) = overwrite_channel::channel();
                rx.set_spin_limit(0);
                (tx, rx)
            },
            |tx, value| _ = tx.send(value).unwrap(),
            |rx| rx.recv().unwrap(),
        )),
        // A thread that waits spins first.
        used(peer(
            OURS,
            |_| overwrite_channel::channel(),
            |tx, value| _ = tx.send(value).unwrap(),
            |rx| rx.recv().unwrap(),
        )),
        slot!("std Mutex<Option<T>> and Condvar", Slot::std()),
        slot!("parking_lot Mutex<Option<T>> and Condvar", Slot::parking_lot()),
        channel!("std sync_channel", sync_channel),
        channel!("crossbeam-channel", crossbeam_channel::bounded),
        channel!("flume", flume::bounded),
        channel!("kanal", kanal::bounded),
    ]
}

/// What a mutex guards in a slot that one writes without a crate. A sender notifies only if a receiver waits, and after
/// it has let go of the lock: `notify_one` is a system call in std even if no receiver waits, and a woken receiver wants
/// the lock.
pub(super) struct State<T> {
    value: Option<T>,
    /// The number of receivers that wait.
    waiting: usize,
}

impl<T> State<T> {
    const EMPTY: Self = Self { value: None, waiting: 0 };

    /// Puts the value in. Returns the value before it, and whether to notify.
    fn put(&mut self, value: T) -> (Option<T>, bool) {
        (self.value.replace(value), self.waiting > 0)
    }
}

/// A slot of a mutex and a condition variable, of std or of `parking_lot`.
pub(super) struct Slot<State, Filled> {
    state: State,
    filled: Filled,
}

impl<T> Slot<Mutex<State<T>>, Condvar> {
    pub(super) fn std() -> Self {
        Self { state: State::EMPTY.into(), filled: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().expect("nothing panics under the lock")
    }

    pub(super) fn send(&self, value: T) -> Option<T> {
        let (displaced, notify) = self.lock().put(value);
        if notify {
            self.filled.notify_one();
        }
        displaced
    }

    pub(super) fn try_recv(&self) -> Option<T> {
        self.lock().value.take()
    }

    fn recv(&self) -> T {
        let mut state = self.lock();
        state.waiting += 1;
        let waited = self.filled.wait_while(state, |state| state.value.is_none());
        let mut state = waited.expect("nothing panics under the lock");
        state.waiting -= 1;
        state.value.take().expect("the wait is over")
    }
}

impl<T> Slot<parking_lot::Mutex<State<T>>, parking_lot::Condvar> {
    pub(super) fn parking_lot() -> Self {
        Self { state: State::EMPTY.into(), filled: parking_lot::Condvar::new() }
    }

    pub(super) fn send(&self, value: T) -> Option<T> {
        let (displaced, notify) = self.state.lock().put(value);
        if notify {
            self.filled.notify_one();
        }
        displaced
    }

    pub(super) fn try_recv(&self) -> Option<T> {
        self.state.lock().value.take()
    }

    fn recv(&self) -> T {
        let mut state = self.state.lock();
        state.waiting += 1;
        self.filled.wait_while(&mut state, |state| state.value.is_none());
        state.waiting -= 1;
        state.value.take().expect("the wait is over")
    }
}
