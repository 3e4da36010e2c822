//! Everything that is compared, behind one trait: the floors, this crate and its peers, each in a
//! small file. Each peer is used as its documentation shows for "the newest value wins", with room for
//! one value.
//!
//! To add one: a file here with a type that implements [`Peer`], its `mod` line, and a line in one of
//! the lists ([`each`], [`each_copy`], [`each_word`], [`each_with_senders`]).

mod arc_swap;
mod async_broadcast;
mod async_channel;
mod atomic_cell;
mod check;
mod drained;
mod floors;
mod mutex;
mod nexus_slot;
mod overwrite;
mod payload;
mod queue;
mod ring_channel;
mod tokio;
mod triple_buffer;

use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

pub(crate) use check::check_all;
pub(crate) use floors::{BareFlag, BareSlot, BareSwap, FlagAndValue};
pub(crate) use overwrite::{Overwrite, Shared};
pub(crate) use payload::{Payload, Words};

/// Something with two ends that keeps the newest value. Two values sent in a row have different
/// numbers, and none is 0.
pub(crate) trait Peer<T: Payload>: 'static {
    const NAME: &'static str;

    /// Does it hand back every value that it displaces, even if several threads send?
    const TELLS: bool;

    type Tx: Send + 'static;
    type Rx: Send + 'static;

    fn open() -> (Self::Tx, Self::Rx);

    /// Returns the value it displaced, where a peer can tell.
    fn send(tx: &mut Self::Tx, value: T) -> Option<T>;

    /// The receiver owns what it gets: who keeps the value must clone it, as the documentation of
    /// `watch` and `broadcast` says.
    fn try_recv(rx: &mut Self::Rx) -> Option<T>;

    /// Checks what the measurements do not use, but pay for.
    fn check_more() {}
}

/// Opens some, for one to be used and the others to be kept meanwhile: another number each time, so that
/// it lies elsewhere each time. How long a cache line takes from core to core depends on where it
/// lies, by a quarter and more.
pub(crate) fn open_elsewhere<T: Payload, P: Peer<T>>() -> (P::Tx, P::Rx, Kept<T, P>) {
    static TIMES: AtomicUsize = AtomicUsize::new(0);
    let before = TIMES.fetch_add(1, Relaxed) % 13;
    let kept = (0..before).map(|_| P::open()).collect();
    let (tx, rx) = P::open();
    (tx, rx, kept)
}

type Kept<T, P> = Vec<(<P as Peer<T>>::Tx, <P as Peer<T>>::Rx)>;

/// What is done with each peer.
pub(crate) trait Visit<T: Payload> {
    fn visit<P: Peer<T>>(&mut self);
}

/// What is done with each peer whose senders can be cloned.
pub(crate) trait VisitSenders<T: Payload> {
    fn visit<P: Peer<T, Tx: Clone>>(&mut self);
}

/// Those that take a value of any type.
pub(crate) fn each<T: Payload>(visitor: &mut impl Visit<T>) {
    visitor.visit::<Overwrite>();
    visitor.visit::<Shared>();
    visitor.visit::<triple_buffer::TripleBuffer>();
    visitor.visit::<ring_channel::RingChannel>();
    visitor.visit::<queue::Queue>();
    visitor.visit::<atomic_cell::Cell>();
    visitor.visit::<arc_swap::Swap>();
    visitor.visit::<async_channel::ForceSend>();
    visitor.visit::<async_broadcast::Overflowing>();
    visitor.visit::<tokio::Watch>();
    visitor.visit::<tokio::Broadcast>();
    visitor.visit::<tokio::Mpsc>();
    visitor.visit::<mutex::Std>();
    visitor.visit::<mutex::ParkingLot>();
    visitor.visit::<drained::Crossbeam>();
    visitor.visit::<drained::Flume>();
    visitor.visit::<drained::Kanal>();
}

/// Those that take plain data, too.
pub(crate) fn each_copy<T: Payload + Copy>(visitor: &mut impl Visit<T>) {
    each(visitor);
    visitor.visit::<nexus_slot::Nexus>();
}

/// Those that take a number, too.
pub(crate) fn each_word(visitor: &mut impl Visit<u64>) {
    each_copy(visitor);
    visitor.visit::<atomic_cell::WordCell>();
}

/// Those that have several senders.
pub(crate) fn each_with_senders(visitor: &mut impl VisitSenders<u64>) {
    visitor.visit::<Overwrite>();
    visitor.visit::<Shared>();
    visitor.visit::<ring_channel::RingChannel>();
    visitor.visit::<queue::Queue>();
    visitor.visit::<atomic_cell::WordCell>();
    visitor.visit::<atomic_cell::Cell>();
    visitor.visit::<arc_swap::Swap>();
    visitor.visit::<async_channel::ForceSend>();
    visitor.visit::<async_broadcast::Overflowing>();
    visitor.visit::<tokio::Watch>();
    visitor.visit::<tokio::Broadcast>();
    visitor.visit::<tokio::Mpsc>();
    visitor.visit::<mutex::Std>();
    visitor.visit::<mutex::ParkingLot>();
    visitor.visit::<drained::Crossbeam>();
    visitor.visit::<drained::Flume>();
    visitor.visit::<drained::Kanal>();
}
