//! What `buffer` costs: values that are filled, and looked at, where they lie. Beside it `channel`, whose values are
//! moved, or are boxes that go round, and the peers for which this is work.
//!
//! The sender writes every word of a value, and the receiver looks at the first and the last.

use super::{
    prelude::*,
    ratios::{Numbers, RoundTrip},
    waits::{Echo, between_tasks},
};
use tokio::runtime::Runtime;

fn contest<T: Payload>(what: &str, batch: u32, contenders: Vec<Timed>) -> Contest {
    Contest::new(format!("in place: {what}, {}", T::size()), batch, contenders)
}

/// On one thread, and between two that poll.
fn polling<T: Payload + Copy>(pair: Option<Pair>, batch: u32) -> Vec<Contest> {
    let mut both = Numbers::<true>::SendAndReceive;
    let floor = both.visit(bare_place::<T, false>());
    let peers = after([floor], each_in_place::<T, _>(&mut both));
    let mut contests = vec![contest::<T>("publish + update", batch, peers)];
    if let Some(pair) = pair {
        let mut trip = RoundTrip(pair);
        // A flag carries a number by itself.
        let floor = if size_of::<T>() == size_of::<u64>() {
            trip.visit(bare_flag())
        } else {
            trip.visit(bare_place::<T, true>())
        };
        let peers = after([floor], each_in_place::<T, _>(&mut trip));
        contests.push(contest::<T>("round trip, polling", 30, peers));
    }
    contests
}

/// Between two threads that park, and between two tasks. The floors do the waking and nothing else.
fn waiting<T: Payload>(pair: Option<Pair>, runtime: &Arc<Runtime>) -> [Contest; 2] {
    let peers = waiting_in_place::<T>();
    let mut threads = vec![Echo::timed(bare_park(), pair)];
    threads.extend(peers.iter().map(|contender| (contender.threads)(pair)));
    let mut tasks = vec![between_tasks(bare_notify(), Arc::clone(runtime))];
    tasks.extend(peers.iter().map(|contender| (contender.tasks)(Arc::clone(runtime))));
    tasks.push(between_tasks(tokio_watch_in_place::<T>(), Arc::clone(runtime)));
    [
        contest::<T>("round trip, two threads that park", 30, threads),
        contest::<T>("round trip, two tasks on one thread of tokio's", 50, tasks),
    ]
}

/// The contests whose receivers poll.
pub(super) fn contests(pair: Option<Pair>) -> Vec<Contest> {
    [
        polling::<u64>(pair, 500),
        polling::<Words<8>>(pair, 500),
        polling::<Words<128>>(pair, 200),
        polling::<Words<8192>>(pair, 20),
    ]
    .into_iter()
    .flatten()
    .collect()
}

pub(super) fn measured(setup: &Setup) -> Section {
    let (pair, runtime) = (setup.pair(), &setup.runtimes[0]);
    let mut contests = contests(pair);
    contests.extend(waiting::<u64>(pair, runtime));
    contests.extend(waiting::<Words<8>>(pair, runtime));
    contests.extend(waiting::<Words<128>>(pair, runtime));
    contests.extend(waiting::<Words<8192>>(pair, runtime));
    let head = "## `buffer`: values that stay in place\n\n\
                The sender writes every word of a value, and the receiver looks at the first and the last. `channel` \
                moves the value in and out, or sends boxes that go round, so that none is allocated. A `nexus-slot` \
                copies the value; a `watch` of tokio's has one value, under a lock. The threads that park do so at once, \
                without spinning.";
    Section::of_ratios(setup, head, contests)
}
