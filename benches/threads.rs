//! What two threads that park can hand a value over by, behind one trait.

use crate::{
    cores::Pair,
    table::{Measure, measure},
};
use std::{
    sync::{
        Arc, OnceLock,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Release},
        },
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};

/// Round trips in a batch.
const TRIPS: u32 = 30;
const STOP: u64 = u64::MAX;

/// The values sent are never 0, and the next is sent when the one before has been received.
pub(crate) trait Thread {
    const NAME: &'static str;
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn open() -> (Self::Tx, Self::Rx);
    fn send(tx: &mut Self::Tx, value: u64);
    fn recv(rx: &mut Self::Rx) -> u64;
}

/// A thread that sends back what it receives, and this one; it stays on this one's core without a pair.
pub(crate) fn round_trip<C: Thread>(pair: Option<Pair>) -> Measure {
    Box::new(move || {
        let (mut there, mut inbox) = C::open();
        let (mut outbox, mut back) = C::open();
        let echo = thread::spawn(move || {
            if let Some(pair) = pair {
                pair.go_there();
            }
            loop {
                let value = C::recv(&mut inbox);
                if value == STOP {
                    break;
                }
                C::send(&mut outbox, value);
            }
        });
        let mut trip = 0;
        let nanos = measure(TRIPS, || {
            for _ in 0..TRIPS {
                trip += 1;
                C::send(&mut there, trip);
                assert_eq!(C::recv(&mut back), trip, "{} echoes", C::NAME);
            }
        });
        C::send(&mut there, STOP);
        echo.join().expect("the echo ends well");
        nanos
    })
}

/// The floor: a word, and the wake of the thread that waits for it.
pub(crate) struct BarePark;

#[derive(Default)]
pub(crate) struct Word {
    value: AtomicU64,
    /// Who waits: known from its first wait on.
    thread: OnceLock<thread::Thread>,
}

impl Thread for BarePark {
    const NAME: &'static str = "bare park and unpark";
    type Tx = Arc<Word>;
    type Rx = Arc<Word>;

    fn open() -> (Self::Tx, Self::Rx) {
        let word = Arc::new(Word::default());
        (word.clone(), word)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.value.store(value, Release);
        // Before the first wait nobody is parked, and who comes then sees the value.
        if let Some(thread) = tx.thread.get() {
            thread.unpark();
        }
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.thread.get_or_init(thread::current);
        loop {
            let value = rx.value.swap(0, AcqRel);
            if value != 0 {
                return value;
            }
            thread::park();
        }
    }
}

/// Parks at once.
pub(crate) struct Parked;

impl Thread for Parked {
    const NAME: &'static str = "overwrite-channel, parks at once";
    type Tx = overwrite_channel::Sender<u64>;
    type Rx = overwrite_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, mut rx) = overwrite_channel::channel();
        rx.set_spin_limit(0);
        (tx, rx)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

/// As it comes.
pub(crate) struct Spinning;

impl Thread for Spinning {
    const NAME: &'static str = "overwrite-channel, spins first (default)";
    type Tx = overwrite_channel::Sender<u64>;
    type Rx = overwrite_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        overwrite_channel::channel()
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

pub(crate) struct SyncChannel;

impl Thread for SyncChannel {
    const NAME: &'static str = "std::sync::mpsc::sync_channel, capacity 1";
    type Tx = SyncSender<u64>;
    type Rx = Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        sync_channel(1)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}

pub(crate) struct CrossbeamChannel;

impl Thread for CrossbeamChannel {
    const NAME: &'static str = "crossbeam-channel, capacity 1 (spins first)";
    type Tx = crossbeam_channel::Sender<u64>;
    type Rx = crossbeam_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        crossbeam_channel::bounded(1)
    }

    fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().expect("a sender is left")
    }
}
