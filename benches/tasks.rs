//! What two tasks can hand a value over by, behind one trait. Each peer is used as its documentation
//! shows.

use crate::table::{BATCHES, ENOUGH, Measure, median};
use futures_util::StreamExt;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{Acquire, Release},
        },
    },
    time::Instant,
};
use tokio::{
    runtime::Runtime,
    sync::{Notify, mpsc, watch},
};

/// Round trips in a batch.
const TRIPS: u32 = 50;
const STOP: u64 = u64::MAX;

/// The values sent are never 0, and the next is sent when the one before has been received.
pub(crate) trait Task {
    const NAME: &'static str;
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn open() -> (Self::Tx, Self::Rx);
    fn send(tx: &mut Self::Tx, value: u64) -> impl Future<Output = ()> + Send;
    fn recv(rx: &mut Self::Rx) -> impl Future<Output = u64> + Send;
}

/// A task that sends back what it receives, and one that measures.
pub(crate) fn round_trip<C: Task>(runtime: Arc<Runtime>) -> Measure {
    Box::new(move || {
        let (mut there, mut inbox) = C::open();
        let (mut outbox, mut back) = C::open();
        let echo = runtime.spawn(async move {
            loop {
                let value = C::recv(&mut inbox).await;
                if value == STOP {
                    break;
                }
                C::send(&mut outbox, value).await;
            }
        });
        let measuring = runtime.spawn(async move {
            let start = Instant::now();
            let mut times = Vec::with_capacity(BATCHES);
            let mut trip = 0;
            while times.len() < BATCHES && (times.is_empty() || start.elapsed() < ENOUGH) {
                let start = Instant::now();
                for _ in 0..TRIPS {
                    trip += 1;
                    C::send(&mut there, trip).await;
                    assert_eq!(C::recv(&mut back).await, trip, "{} echoes", C::NAME);
                }
                times.push(start.elapsed().as_secs_f64() * 1e9 / f64::from(TRIPS));
            }
            C::send(&mut there, STOP).await;
            median(&mut times)
        });
        let nanos = runtime.block_on(measuring).expect("the measuring task ends well");
        runtime.block_on(echo).expect("the echo ends well");
        nanos
    })
}

/// The floor: a word, and a wake.
pub(crate) struct BareNotify;

impl Task for BareNotify {
    const NAME: &'static str = "a word and tokio::sync::Notify";
    type Tx = Arc<(AtomicU64, Notify)>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let pair = Arc::new((AtomicU64::new(0), Notify::new()));
        (pair.clone(), pair)
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.0.store(value, Release);
        tx.1.notify_one();
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.1.notified().await;
        rx.0.load(Acquire)
    }
}

pub(crate) struct Overwrite;

impl Task for Overwrite {
    const NAME: &'static str = "overwrite-channel, recv_async";
    type Tx = overwrite_channel::Sender<u64>;
    type Rx = overwrite_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        overwrite_channel::channel()
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv_async().await.expect("a sender is left")
    }
}

pub(crate) struct OverwriteStream;

impl Task for OverwriteStream {
    const NAME: &'static str = "overwrite-channel, next";
    type Tx = overwrite_channel::Sender<u64>;
    type Rx = overwrite_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        overwrite_channel::channel()
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.next().await.expect("a sender is left")
    }
}

pub(crate) struct OverwriteWatch;

impl Task for OverwriteWatch {
    const NAME: &'static str = "overwrite_channel::watch";
    type Tx = overwrite_channel::watch::Sender<u64>;
    type Rx = overwrite_channel::watch::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        overwrite_channel::watch::channel(0)
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.changed().await.expect("a sender is left");
        *rx.borrow_and_update()
    }
}

pub(crate) struct Watch;

impl Task for Watch {
    const NAME: &'static str = "tokio::sync::watch";
    type Tx = watch::Sender<u64>;
    type Rx = watch::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        watch::channel(0)
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.changed().await.expect("a sender is left");
        *rx.borrow_and_update()
    }
}

pub(crate) struct Mpsc;

impl Task for Mpsc {
    const NAME: &'static str = "tokio::sync::mpsc, capacity 1";
    type Tx = mpsc::Sender<u64>;
    type Rx = mpsc::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        mpsc::channel(1)
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).await.expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().await.expect("a sender is left")
    }
}

pub(crate) struct AsyncChannel;

impl Task for AsyncChannel {
    const NAME: &'static str = "async-channel, capacity 1";
    type Tx = async_channel::Sender<u64>;
    type Rx = async_channel::Receiver<u64>;

    fn open() -> (Self::Tx, Self::Rx) {
        async_channel::bounded(1)
    }

    async fn send(tx: &mut Self::Tx, value: u64) {
        tx.send(value).await.expect("a receiver is left");
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.recv().await.expect("a sender is left")
    }
}
