//! The contenders: the floors, this crate, and each peer in a small file.
//!
//! To add a peer: write a file with a type that implements [`Contender`](super::contender::Contender) and the trait of
//! each use that the peer supports; add its `mod` line, and a line to the list of each use. The suites take it from there.

use super::{
    check,
    contender::{Awaits, Blocks, Payload, Relays, Visit},
    fresh, latency,
    measure::Row,
    memory,
    threads::Pair,
    waits,
};
use ::std::sync::Arc;
use ::tokio::runtime::Runtime;

mod arc_swap;
mod async_broadcast;
mod async_channel;
mod crossbeam;
mod floors;
mod flume;
mod kanal;
mod nexus_slot;
mod overwrite;
mod parking_lot;
mod ring_channel;
mod std;
mod tokio;
mod triple_buffer;

pub(crate) use self::{
    arc_swap::SwapAlone,
    crossbeam::Crossbeam,
    floors::{BareFlag, BareNotify, BarePark, BareSlot, BareSwap, FlagAndValue},
    overwrite::{Overwrite, Watch},
    tokio::{Watch as TokioWatch, WatchOnThread},
};
use self::{
    async_channel::AsyncChannel,
    flume::Flume,
    kanal::Kanal,
    overwrite::{Next, Parks, Shared, Task},
    parking_lot::ParkingLot,
    std::{Mutexed, SyncChannel},
    tokio::Mpsc,
};

/// The floors, which are no peers but the least that the work can cost.
const FLOORS: [&str; 4] = ["bare ", "nothing", "a word and", "arc-swap alone"];
/// No receiver can wait for these; some are for one sender and one receiver only.
const CANNOT_WAIT: [&str; 5] =
    ["triple_buffer", "nexus-slot", "crossbeam ArrayQueue", "crossbeam AtomicCell", "arc-swap"];

/// Returns `true` for a name of this crate's, which is drawn stronger.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with("overwrite-channel")
}

pub(crate) fn is_peer(name: &str) -> bool {
    !is_ours(name) && !FLOORS.iter().any(|floor| name.starts_with(floor))
}

/// Returns `true` for a peer whose receiver can wait for a value, as this crate's can.
pub(crate) fn can_be_waited_for(name: &str) -> bool {
    is_peer(name) && !CANNOT_WAIT.iter().any(|peer| name.starts_with(peer))
}

/// What the suites do with a contender for which a thread waits.
pub(crate) struct Blocking {
    pub(crate) name: &'static str,
    pub(crate) check: fn(),
    pub(crate) round_trips: fn(Option<Pair>) -> Row,
    pub(crate) hand_overs: fn(Option<Pair>) -> Vec<Vec<u64>>,
}

const fn blocking<C: Blocks<u64>>() -> Blocking {
    Blocking {
        name: C::NAME,
        check: check::wakes::<C>,
        round_trips: waits::thread_row::<C>,
        hand_overs: latency::to_parked::<C>,
    }
}

/// The floor first.
pub(crate) const BLOCKING: [Blocking; 9] = [
    blocking::<BarePark>(),
    blocking::<Parks>(),
    blocking::<Overwrite>(),
    blocking::<Mutexed>(),
    blocking::<ParkingLot>(),
    blocking::<SyncChannel>(),
    blocking::<Crossbeam>(),
    blocking::<Flume>(),
    blocking::<Kanal>(),
];

/// What the suites do with a contender for which a task waits.
pub(crate) struct Awaiting {
    pub(crate) name: &'static str,
    pub(crate) round_trips: fn(&Arc<Runtime>) -> Row,
    pub(crate) hand_overs: fn(&Runtime) -> Vec<u64>,
}

const fn awaiting<C: Awaits>() -> Awaiting {
    Awaiting {
        name: C::NAME,
        round_trips: waits::task_row::<C>,
        hand_overs: latency::between_tasks::<C>,
    }
}

/// The floor first.
pub(crate) const AWAITING: [Awaiting; 6] = [
    awaiting::<BareNotify>(),
    awaiting::<Overwrite>(),
    awaiting::<Next>(),
    awaiting::<TokioWatch>(),
    awaiting::<Mpsc>(),
    awaiting::<AsyncChannel>(),
];

/// What the suites do with a channel of sentinels.
pub(crate) struct Relaying {
    pub(crate) name: &'static str,
    pub(crate) wait_for: fn(u32, Option<Pair>) -> Row,
    pub(crate) build: memory::Build,
}

const fn relaying<C: Relays>() -> Relaying {
    Relaying { name: C::NAME, wait_for: fresh::row::<C>, build: memory::build::<C> }
}

/// This crate's channel first, which is the floor, and by a task last.
pub(crate) const RELAYING: [Relaying; 9] = [
    relaying::<Overwrite>(),
    relaying::<Watch>(),
    relaying::<SyncChannel>(),
    relaying::<Crossbeam>(),
    relaying::<Flume>(),
    relaying::<Kanal>(),
    relaying::<AsyncChannel>(),
    relaying::<Mpsc>(),
    relaying::<Task>(),
];

/// Visits the peers that take a value of any type.
pub(crate) fn each<T: Payload, V: Visit<T>>(visit: &mut V) -> Vec<V::Found> {
    let found = [
        visit.visit_shared::<Overwrite>(),
        visit.visit_shared::<Shared>(),
        visit.visit::<triple_buffer::TripleBuffer>(),
        visit.visit_shared::<ring_channel::RingChannel>(),
        visit.visit_shared::<crossbeam::Queue>(),
        visit.visit_shared::<crossbeam::Cell>(),
        visit.visit_shared::<arc_swap::Swap>(),
        visit.visit_shared::<AsyncChannel>(),
        visit.visit_shared::<async_broadcast::Overflowing>(),
        visit.visit_shared::<TokioWatch>(),
        visit.visit_shared::<tokio::Broadcast>(),
        visit.visit_shared::<tokio::DrainedMpsc>(),
        visit.visit_shared::<Mutexed>(),
        visit.visit_shared::<ParkingLot>(),
        visit.visit_shared::<Crossbeam>(),
        visit.visit_shared::<Flume>(),
        visit.visit_shared::<Kanal>(),
    ];
    found.into_iter().flatten().collect()
}

/// Visits the peers that take plain data.
pub(crate) fn each_copy<T: Payload + Copy, V: Visit<T>>(visit: &mut V) -> Vec<V::Found> {
    let mut found = each(visit);
    found.extend(visit.visit::<nexus_slot::Nexus>());
    found
}

/// Visits the peers that take a number.
pub(crate) fn each_word<V: Visit<u64>>(visit: &mut V) -> Vec<V::Found> {
    let mut found = each_copy(visit);
    found.extend(visit.visit_shared::<crossbeam::WordCell>());
    found
}

/// Puts what is found of floors before what is found of the peers.
pub(crate) fn after<F>(floors: impl IntoIterator<Item = Option<F>>, peers: Vec<F>) -> Vec<F> {
    floors.into_iter().flatten().chain(peers).collect()
}

/// Sends into a queue that cannot overwrite: takes the oldest value out and tries again until the queue has room.
/// A sender that gives up after the second try, as one often sees it, loses the newest value if another sender was
/// faster. Returns the value that was taken out last.
fn drain_and_send<T>(
    mut value: T,
    try_send: impl Fn(T) -> Option<T>,
    try_recv: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut displaced = None;
    while let Some(refused) = try_send(value) {
        value = refused;
        displaced = try_recv();
    }
    displaced
}

/// What a mutex guards in a slot that one writes without a crate. A sender notifies only if a receiver waits, and after
/// it has let go of the lock: `notify_one` is a system call in std even if no receiver waits, and a woken receiver wants
/// the lock.
struct State<T> {
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
