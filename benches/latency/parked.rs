//! One send to a thread that is parked, and one hand-over to it. Who waits is asleep before each send.

use super::{Cell, Group, WARM_UP, poll, since, whole_nanos};
use crate::{
    asleep::Sleeper,
    cores::Pair,
    threads::{BarePark, CrossbeamChannel, Parked, SyncChannel, Thread},
};
use crossbeam_utils::CachePadded;
use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{
            AtomicUsize,
            Ordering::{Acquire, Release},
        },
        mpsc,
    },
    thread,
    time::Instant,
};

/// Samples in a cell; each takes some 50 µs.
const COUNT: usize = 40;
const STOP: u64 = u64::MAX;

/// Sends, and hand-overs.
fn to_a_sleeper<C: Thread>(pair: Option<Pair>) -> Vec<Vec<u64>> {
    let (mut tx, mut rx) = C::open();
    let epoch = Instant::now();
    // How many have come.
    let count = Arc::new(CachePadded::new(AtomicUsize::new(0)));
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn({
        let count = Arc::clone(&count);
        move || {
            if let Some(pair) = pair {
                pair.go_there();
            }
            let _ = tell.send(Sleeper::this_thread());
            let mut nanos = vec![1; WARM_UP / 4 + COUNT];
            for (number, nanos) in (1..).zip(&mut nanos) {
                let sent = C::recv(&mut rx);
                *nanos = since(epoch).saturating_sub(sent);
                count.store(number, Release);
            }
            assert_eq!(C::recv(&mut rx), STOP, "{} delivers each", C::NAME);
            nanos.split_off(WARM_UP / 4)
        }
    });
    let sleeper = told.recv().expect("the receiver starts");
    let mut sends = Vec::with_capacity(COUNT);
    for number in 1..=WARM_UP / 4 + COUNT {
        sleeper.until_asleep();
        let value = since(epoch);
        let start = Instant::now();
        C::send(&mut tx, value);
        let elapsed = start.elapsed();
        if number > WARM_UP / 4 {
            sends.push(whole_nanos(elapsed));
        }
        poll(|| (count.load(Acquire) == number).then_some(()));
    }
    C::send(&mut tx, STOP);
    vec![sends, thread.join().expect("the receiver ends well")]
}

/// As one writes it oneself: wakes only if somebody waits, and after the lock.
struct StdCondvar;

#[derive(Default)]
struct StdSlot {
    /// The value, and whether somebody waits.
    state: Mutex<(Option<u64>, bool)>,
    filled: Condvar,
}

impl Thread for StdCondvar {
    const NAME: &'static str = "std Mutex<Option<T>> and Condvar";
    type Tx = Arc<StdSlot>;
    type Rx = Arc<StdSlot>;

    fn open() -> (Self::Tx, Self::Rx) {
        let slot = Arc::new(StdSlot::default());
        (Arc::clone(&slot), slot)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        let mut state = tx.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = Some(value);
        let wake = state.1;
        drop(state);
        if wake {
            tx.filled.notify_one();
        }
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        let mut state = rx.state.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(value) = state.0.take() {
                state.1 = false;
                return value;
            }
            state.1 = true;
            state = rx.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

struct ParkingLot;

#[derive(Default)]
struct ParkingLotSlot {
    state: parking_lot::Mutex<(Option<u64>, bool)>,
    filled: parking_lot::Condvar,
}

impl Thread for ParkingLot {
    const NAME: &'static str = "parking_lot Mutex<Option<T>> and Condvar";
    type Tx = Arc<ParkingLotSlot>;
    type Rx = Arc<ParkingLotSlot>;

    fn open() -> (Self::Tx, Self::Rx) {
        let slot = Arc::new(ParkingLotSlot::default());
        (Arc::clone(&slot), slot)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        let mut state = tx.state.lock();
        state.0 = Some(value);
        let wake = state.1;
        drop(state);
        if wake {
            tx.filled.notify_one();
        }
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        let mut state = rx.state.lock();
        loop {
            if let Some(value) = state.0.take() {
                state.1 = false;
                return value;
            }
            state.1 = true;
            rx.filled.wait(&mut state);
        }
    }
}

struct Flume;

impl Thread for Flume {
    const NAME: &'static str = "flume, capacity 1";
    type Tx = flume::Sender<u64>;
    type Rx = flume::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        flume::bounded(1)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

struct Kanal;

impl Thread for Kanal {
    const NAME: &'static str = "kanal, capacity 1";
    type Tx = kanal::Sender<u64>;
    type Rx = kanal::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        kanal::bounded(1)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

fn cell<C: Thread + 'static>(pair: Option<Pair>) -> (&'static str, Cell) {
    (C::NAME, Box::new(move || to_a_sleeper::<C>(pair)))
}

pub(super) fn group(pair: Option<Pair>) -> Group {
    let cells = vec![
        cell::<BarePark>(pair),
        cell::<Parked>(pair),
        cell::<StdCondvar>(pair),
        cell::<ParkingLot>(pair),
        cell::<SyncChannel>(pair),
        cell::<CrossbeamChannel>(pair),
        cell::<Flume>(pair),
        cell::<Kanal>(pair),
    ];
    Group { titles: vec!["send to a parked thread", "hand-over to a parked thread"], cells }
}
