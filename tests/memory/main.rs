//! What the calls allocate, counted for each thread, and that all of it is given back.
#![cfg(feature = "std")]

mod buffer;
mod channel;
mod crowds;
mod parked;
mod static_channel;
mod tasks;
mod wait_nodes;
#[cfg(feature = "watch")]
mod watch;

use support::allocator::{Counting, Counts, bytes, measure};
use wait_nodes::growth;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So large that its bytes cannot be mistaken for anything else's.
type Large = [u64; 512];
const LARGE: isize = 4096;

const NOTHING: Counts = counts(0, 0);

const fn counts(allocations: usize, live_bytes: isize) -> Counts {
    Counts { allocations, live_bytes }
}

fn cost(body: impl FnOnce()) -> Counts {
    measure(body).1
}

/// Checks that `round` neither allocates nor frees anything, again and again.
#[track_caller]
fn is_free(round: impl FnMut(u64)) {
    assert_eq!(cost(|| (0..100).for_each(round)), NOTHING);
}

/// Checks that owners of wait nodes cost `each`, beside wait nodes as their number doubles. These stay, and are enough
/// for as many owners again, which wait by `wait` for nothing more. There is one owner already.
#[track_caller]
fn grows_as_the_number_doubles<O>(
    most: usize,
    each: Counts,
    make: impl Fn() -> O,
    wait: impl FnOnce(&mut [O]),
) {
    let mut owners = Vec::with_capacity(most);
    for number in 2..=most {
        let counts = cost(|| owners.push(make()));
        assert_eq!(counts, each + growth(number), "{number} owners");
    }
    let all = counts(each.allocations * owners.len(), each.live_bytes * bytes(owners.len()));
    for _ in 0..3 {
        assert_eq!(cost(|| owners.clear()), counts(0, -all.live_bytes));
        assert_eq!(cost(|| owners.extend((2..=most).map(|_| make()))), all);
    }
    assert_eq!(cost(|| wait(&mut owners)), NOTHING);
}
