//! What is compared: contenders as values, and one trait for each way to use a contender.

use super::{
    payload::{Payload, Words},
    threads::{LOOKS, poll},
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
    time::Instant,
};

/// Two ends that values are handed over by. Each is used as its documentation shows.
pub(crate) trait Contender: Copy + Send + Sync + 'static {
    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn name(&self) -> &'static str;

    /// Opens one. A queue gets room for `capacity` values; a slot has room for one value whatever it is.
    fn open(&self, capacity: usize) -> (Self::Tx, Self::Rx);

    /// Returns `true` if every accepted value is received or handed back, even if several threads send.
    fn keeps_all(&self) -> bool;
}

/// The newest value wins. Two values sent in a row have different numbers, and none is 0.
pub(crate) trait Overwrites<T: Payload>: Contender {
    /// Sends, and returns the value that it displaced where the contender returns it.
    fn send(&self, tx: &mut Self::Tx, value: T) -> Option<T>;

    /// Receives the value itself. A contender that lends its value clones it, as the documentation of `watch` and
    /// `broadcast` says.
    fn try_recv(&self, rx: &mut Self::Rx) -> Option<T>;
}

/// A thread waits for a value. The next value is sent when the one before has been received.
pub(crate) trait Blocks<T: Payload>: Contender {
    fn put(&self, tx: &mut Self::Tx, value: T);
    fn recv(&self, rx: &mut Self::Rx) -> T;
}

/// "All events up to the lock are applied", as gh-ost's worker says it: a challenge, and where it stands in the log.
pub(crate) type Sentinel = Words<2>;

/// A channel of sentinels, as gh-ost uses it.
pub(crate) trait Relays: Contender {
    /// Sends without waiting. Returns `false` if the channel is full and refuses the value.
    fn offer(&self, tx: &mut Self::Tx, sentinel: Sentinel) -> bool;

    /// Returns the next sentinel; `None` after the deadline. A contender whose receivers are tasks looks once.
    fn recv_deadline(&self, rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel>;

    /// Receives until the sentinel is the one for `challenge`, as gh-ost does, and returns how many others came before.
    fn wait_for(&self, rx: &mut Self::Rx, challenge: u64, deadline: Instant) -> Option<u64> {
        let mut stale = 0;
        while self.recv_deadline(rx, deadline)?.number() != challenge {
            stale += 1;
        }
        Some(stale)
    }
}

/// A task sends. The next value is sent when the one before has been received.
pub(crate) trait AsyncSend {
    fn put(&mut self, value: u64) -> impl Future<Output = ()> + Send;
}

/// A task waits for a value.
pub(crate) trait AsyncReceive {
    fn take(&mut self) -> impl Future<Output = u64> + Send;
}

pub(crate) trait Awaits: Contender<Tx: AsyncSend, Rx: AsyncReceive> {}
impl<C: Contender<Tx: AsyncSend, Rx: AsyncReceive>> Awaits for C {}

/// A value stays in a `watch`, whether or not there is a receiver.
pub(crate) trait Replace: Clone + Send + Sync {
    fn replace(&self, value: u64);
    fn increment(&self);
}

/// Receivers look at the value of a `watch`.
pub(crate) trait Look: Clone + Send + Sync {
    fn look(&self) -> u64;
    fn is_changed(&self) -> bool;
}

pub(crate) trait Watches: Contender<Tx: Replace, Rx: Look> {}
impl<C: Contender<Tx: Replace, Rx: Look>> Watches for C {}

/// A contender as a value: how it is opened, how a value is put in, and how it is taken out. The types of these
/// closures say which of the traits above it has. A call of them costs what it costs to write their code there.
#[derive(Clone, Copy)]
pub(crate) struct Peer<Open, Put = (), Take = ()> {
    name: &'static str,
    open: Open,
    put: Put,
    take: Take,
    keeps_all: bool,
}

/// Makes a contender that [`Overwrites`], from `open`, `send` and `try_recv`; or one that [`Blocks`], from `open`, `put`
/// and `recv`.
pub(crate) fn peer<T, Tx, Rx, O, P, R, Sent, Received>(
    name: &'static str,
    open: O,
    put: P,
    take: R,
) -> Peer<O, P, R>
where
    O: Fn(usize) -> (Tx, Rx),
    P: Fn(&mut Tx, T) -> Sent,
    R: Fn(&mut Rx) -> Received,
{
    Peer { name, open, put, take, keeps_all: true }
}

/// Makes a contender of one of which some values are neither received nor handed back.
pub(crate) fn lossy<O, P, R>(peer: Peer<O, P, R>) -> Peer<O, P, R> {
    Peer { keeps_all: false, ..peer }
}

/// Makes a contender that [`Relays`], from `open`, `offer` and `recv_deadline`.
pub(crate) fn relay<Tx, Rx, O, P, R>(name: &'static str, open: O, put: P, take: R) -> Peer<O, P, R>
where
    O: Fn(usize) -> (Tx, Rx),
    P: Fn(&mut Tx, Sentinel) -> bool,
    R: Fn(&mut Rx, Instant) -> Option<Sentinel>,
{
    Peer { name, open, put, take, keeps_all: true }
}

/// Makes a contender whose ends say themselves what they can: [`Awaits`], [`Watches`].
pub(crate) fn ends<Tx, Rx, O: Fn(usize) -> (Tx, Rx)>(name: &'static str, open: O) -> Peer<O> {
    Peer { name, open, put: (), take: (), keeps_all: true }
}

/// Makes a contender whose receiver polls until there is a value.
pub(crate) fn polled<T: Payload>(contender: impl Overwrites<T>) -> impl Blocks<T> {
    peer(
        contender.name(),
        move |capacity| contender.open(capacity),
        move |tx, value| _ = contender.send(tx, value),
        move |rx| poll(LOOKS, || contender.try_recv(rx)),
    )
}

/// What captures nothing, or contenders only.
pub(crate) trait Plain: Copy + Send + Sync + 'static {}
impl<F: Copy + Send + Sync + 'static> Plain for F {}

impl<Tx, Rx, O, P: Plain, R: Plain> Contender for Peer<O, P, R>
where
    Tx: Send + 'static,
    Rx: Send + 'static,
    O: Fn(usize) -> (Tx, Rx) + Plain,
{
    type Tx = Tx;
    type Rx = Rx;

    fn name(&self) -> &'static str {
        self.name
    }

    fn open(&self, capacity: usize) -> (Tx, Rx) {
        (self.open)(capacity)
    }

    fn keeps_all(&self) -> bool {
        self.keeps_all
    }
}

impl<T: Payload, O, P, R> Overwrites<T> for Peer<O, P, R>
where
    Self: Contender,
    P: Fn(&mut Self::Tx, T) -> Option<T>,
    R: Fn(&mut Self::Rx) -> Option<T>,
{
    fn send(&self, tx: &mut Self::Tx, value: T) -> Option<T> {
        (self.put)(tx, value)
    }

    fn try_recv(&self, rx: &mut Self::Rx) -> Option<T> {
        (self.take)(rx)
    }
}

impl<T: Payload, O, P, R> Blocks<T> for Peer<O, P, R>
where
    Self: Contender,
    P: Fn(&mut Self::Tx, T),
    R: Fn(&mut Self::Rx) -> T,
{
    fn put(&self, tx: &mut Self::Tx, value: T) {
        (self.put)(tx, value);
    }

    fn recv(&self, rx: &mut Self::Rx) -> T {
        (self.take)(rx)
    }
}

impl<O, P, R> Relays for Peer<O, P, R>
where
    Self: Contender,
    P: Fn(&mut Self::Tx, Sentinel) -> bool,
    R: Fn(&mut Self::Rx, Instant) -> Option<Sentinel>,
{
    fn offer(&self, tx: &mut Self::Tx, sentinel: Sentinel) -> bool {
        (self.put)(tx, sentinel)
    }

    fn recv_deadline(&self, rx: &mut Self::Rx, deadline: Instant) -> Option<Sentinel> {
        (self.take)(rx, deadline)
    }
}

/// What is opened, and kept meanwhile.
pub(crate) type Opened<C> = (<C as Contender>::Tx, <C as Contender>::Rx);

/// Opens a contender that lies elsewhere each time, because another number of them is opened before it, and kept. How
/// long a cache line takes from core to core depends on where it lies, by a quarter and more.
pub(crate) fn open_elsewhere<C: Contender>(contender: C) -> (C::Tx, C::Rx, Vec<Opened<C>>) {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let before = TIMES.fetch_add(1, Relaxed) % 13;
    let kept = (0..before).map(|_| contender.open(1)).collect();
    let (tx, rx) = contender.open(1);
    (tx, rx, kept)
}

/// What a suite does with a contender that overwrites. A contender that it does not support gives `None`.
pub(crate) trait Visit<T: Payload> {
    type Found;

    fn visit<C: Overwrites<T>>(&mut self, contender: C) -> Option<Self::Found>;

    /// Visits a contender that several threads can send to.
    fn shared<C: Overwrites<T, Tx: Clone>>(&mut self, contender: C) -> Option<Self::Found> {
        self.visit(contender)
    }
}
