//! The contenders: the floors, and for each use a table with this crate's and the peers that support it.
//!
//! To add a peer, add an entry to the table of each use. The suites take it from there.
//!
//! To add a family of peers, write a table such as [`each_copy`] for its payloads, and contests of it: `rounds` and
//! `trips` of `ratios` for one thread and for polling threads, `Echo::timed` of `waits` for threads that wait.

mod awaiting;
mod blocking;
mod floors;
mod in_place;
mod overwriting;
mod relaying;
mod watching;

pub(crate) use self::{
    awaiting::{awaiting, overwrite},
    blocking::blocking,
    floors::{
        bare_flag, bare_notify, bare_park, bare_place, bare_slot, bare_swap, flag_and_value,
        swap_alone,
    },
    in_place::{each_in_place, tokio_watch_in_place, waiting_in_place},
    overwriting::{each, each_copy, each_word},
    relaying::{Relaying, relaying},
    watching::{tokio_watch, tokio_watch_on_thread, watch, watch_on_thread},
};
use crossbeam_utils::CachePadded;
use std::sync::Arc;

/// This crate's channel, where nothing more is said of its use.
pub(crate) const OURS: &str = "overwrite-channel";
/// The floors, which are no peers but the least that the work can cost.
const FLOORS: [&str; 4] = ["bare ", "nothing", "a word and", "arc-swap alone"];
/// No receiver can wait for these; some are for one sender and one receiver only.
const CANNOT_WAIT: [&str; 5] =
    ["triple_buffer", "nexus-slot", "crossbeam ArrayQueue", "crossbeam AtomicCell", "arc-swap"];

/// Returns `true` for a name of this crate's, which is drawn stronger.
pub(crate) fn is_ours(name: &str) -> bool {
    name.starts_with(OURS)
}

pub(crate) fn is_peer(name: &str) -> bool {
    !is_ours(name) && !FLOORS.iter().any(|floor| name.starts_with(floor))
}

/// Returns `true` for a peer whose receiver can wait for a value, as this crate's can.
pub(crate) fn can_be_waited_for(name: &str) -> bool {
    is_peer(name) && !CANNOT_WAIT.iter().any(|peer| name.starts_with(peer))
}

/// Puts what is found of floors before what is found of the peers.
pub(crate) fn after<F>(floors: impl IntoIterator<Item = Option<F>>, peers: Vec<F>) -> Vec<F> {
    floors.into_iter().flatten().chain(peers).collect()
}

/// What a suite does with a contender, whatever its type.
type Use<With, Found = ()> = Box<dyn Fn(With) -> Found>;

/// What both ends share, on cache lines of its own.
type Shared<T> = Arc<CachePadded<T>>;

/// The two ends of what is shared.
fn both<T>(shared: T) -> (Shared<T>, Shared<T>) {
    let shared = Arc::new(CachePadded::new(shared));
    (Arc::clone(&shared), shared)
}
