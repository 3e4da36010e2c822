//! Queues that cannot overwrite. A sender that finds one full takes the oldest out and tries again,
//! until it succeeds: to give up after the second try, as one often sees it, loses the newest value
//! if another sender was faster. Receivers can be cloned, so each sender has one.

use super::{Payload, Peer};

/// What a sender took out, the last time it did.
#[inline]
fn drain_and_send<T>(
    mut value: T,
    try_send: impl Fn(T) -> Option<T>,
    try_recv: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut displaced = None;
    loop {
        match try_send(value) {
            None => return displaced,
            Some(back) => value = back,
        }
        displaced = try_recv();
    }
}

pub(crate) struct Crossbeam;

impl<T: Payload> Peer<T> for Crossbeam {
    const NAME: &'static str = "crossbeam-channel (1), drain and send";
    /// Between two tries there may have been another sender's value to take out.
    const TELLS: bool = false;
    type Tx = (crossbeam_channel::Sender<T>, crossbeam_channel::Receiver<T>);
    type Rx = crossbeam_channel::Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = crossbeam_channel::bounded(1);
        ((tx, rx.clone()), rx)
    }

    #[inline]
    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        let try_send =
            |value| tx.try_send(value).err().map(crossbeam_channel::TrySendError::into_inner);
        drain_and_send(value, try_send, || rx.try_recv().ok())
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

pub(crate) struct Flume;

impl<T: Payload> Peer<T> for Flume {
    const NAME: &'static str = "flume (1), drain and send";
    const TELLS: bool = false;
    type Tx = (flume::Sender<T>, flume::Receiver<T>);
    type Rx = flume::Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = flume::bounded(1);
        ((tx, rx.clone()), rx)
    }

    #[inline]
    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        let try_send = |value| tx.try_send(value).err().map(flume::TrySendError::into_inner);
        drain_and_send(value, try_send, || rx.try_recv().ok())
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().ok()
    }
}

pub(crate) struct Kanal;

impl<T: Payload> Peer<T> for Kanal {
    const NAME: &'static str = "kanal (1), drain and send";
    const TELLS: bool = false;
    type Tx = (kanal::Sender<T>, kanal::Receiver<T>);
    type Rx = kanal::Receiver<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let (tx, rx) = kanal::bounded(1);
        ((tx, rx.clone()), rx)
    }

    #[inline]
    fn send((tx, rx): &mut Self::Tx, value: T) -> Option<T> {
        // Its plain `try_send` drops what does not fit.
        let mut value = Some(value);
        let mut displaced = None;
        while !tx.try_send_option(&mut value).expect("a receiver is left") {
            displaced = Self::try_recv(rx);
        }
        displaced
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<T> {
        rx.try_recv().expect("a sender is left")
    }
}
