//! The floors, this crate and its peers, behind one trait. Each peer is used as its documentation
//! shows.

use crossbeam_queue::ArrayQueue;
use crossbeam_utils::CachePadded;
use overwrite_channel::{Receiver, Sender, channel};
use ring_channel::{RingReceiver, RingSender, ring_channel};
use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
};
use triple_buffer::{Input, Output, triple_buffer};

/// Something with two ends that keeps the newest `u64`. The values sent are never 0, and no two in
/// a row are equal.
pub(crate) trait Contender {
    const NAME: &'static str;
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn open() -> (Self::Tx, Self::Rx);

    /// Returns the value it displaced, where a contender can tell.
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64>;

    fn try_recv(rx: &mut Self::Rx) -> Option<u64>;
}

/// Panics unless the contender does what the others do.
pub(crate) fn check<C: Contender>() {
    let (mut tx, mut rx) = C::open();
    for round in 1..100 {
        assert_eq!(C::try_recv(&mut rx), None, "{} is empty", C::NAME);
        C::send(&mut tx, 2 * round);
        C::send(&mut tx, 2 * round + 1);
        assert_eq!(C::try_recv(&mut rx), Some(2 * round + 1), "{} keeps the newest", C::NAME);
    }
}

/// The floor on one thread: the word that all others exchange, and nothing else. A static, so that
/// not even its address is read from memory.
pub(crate) struct BareSwap;

static WORD: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(0));

impl Contender for BareSwap {
    const NAME: &'static str = "bare swap";
    type Tx = &'static AtomicU64;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        WORD.store(0, Relaxed);
        (&WORD, &WORD)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        Some(tx.swap(value, AcqRel))
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        Some(rx.swap(0, AcqRel)).filter(|value| *value != 0)
    }
}

/// The least that a slot for values of any type does: one write and one exchange to send, one look
/// and one exchange to receive. It has room for one value only, so it serves one thread only.
pub(crate) struct BareSlot;

static ROOM: CachePadded<AtomicU64> = CachePadded::new(AtomicU64::new(0));

impl Contender for BareSlot {
    const NAME: &'static str = "bare slot";
    type Tx = &'static AtomicU64;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        BareSwap::open()
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        ROOM.store(value, Relaxed);
        Some(tx.swap(value, AcqRel))
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        (rx.load(Relaxed) != 0).then(|| {
            rx.swap(0, AcqRel);
            ROOM.load(Relaxed)
        })
    }
}

/// The floor between two threads: one stores, the other sees that the value changed and writes
/// nothing. Nobody can hand a value over for less, and nobody takes anything out of it.
pub(crate) struct BareFlag;

/// The receiver's way to the flag, and what it saw last.
pub(crate) struct Watcher(Arc<CachePadded<AtomicU64>>, u64);

impl Contender for BareFlag {
    const NAME: &'static str = "bare flag";
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Watcher;

    fn open() -> (Self::Tx, Self::Rx) {
        let flag = Arc::default();
        (Arc::clone(&flag), Watcher(flag, 0))
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.store(value, Release);
        None
    }

    #[inline]
    fn try_recv(Watcher(flag, last): &mut Self::Rx) -> Option<u64> {
        let value = flag.load(Acquire);
        (value != *last).then(|| {
            *last = value;
            value
        })
    }
}

pub(crate) struct Overwrite;

impl Contender for Overwrite {
    const NAME: &'static str = "overwrite-channel";
    type Tx = Sender<u64>;
    type Rx = Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        channel()
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.send(value).unwrap()
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}

pub(crate) struct TripleBuffer;

impl Contender for TripleBuffer {
    const NAME: &'static str = "triple_buffer";
    type Tx = Input<u64>;
    type Rx = Output<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        triple_buffer(&0)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.write(value);
        None
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.update().then(|| *rx.output_buffer())
    }
}

pub(crate) struct RingChannel;

impl Contender for RingChannel {
    const NAME: &'static str = "ring-channel (1)";
    type Tx = RingSender<u64>;
    type Rx = RingReceiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        ring_channel(NonZeroUsize::MIN)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.send(value).unwrap()
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.try_recv().ok()
    }
}

pub(crate) struct Queue;

impl Contender for Queue {
    const NAME: &'static str = "ArrayQueue (1)";
    type Tx = Arc<ArrayQueue<u64>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let queue = Arc::new(ArrayQueue::new(1));
        (Arc::clone(&queue), queue)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.force_push(value)
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        rx.pop()
    }
}
