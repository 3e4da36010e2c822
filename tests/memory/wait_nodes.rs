//! What wait lists take, from how they are laid out: two nodes lie inside a list, and segments of 4, 8, 16 … nodes come
//! as there must be more nodes than owners.

use crate::{NOTHING, counts};
use std::{ops::Add, task::Waker, thread::Thread};
use support::allocator::{Counts, bytes};

#[expect(dead_code, reason = "only its size counts")]
enum Waiter {
    Thread(Thread),
    Task(Waker),
}

const WORD: usize = size_of::<usize>();

/// A state, and a waiter.
const WAIT_NODE: usize = size_of::<(u8, Waiter)>();

/// Two nodes, where to look for a vacant one, the first segment, and where to begin to notify.
pub(crate) const WAIT_LIST: usize = 6 * WORD + 2 * WAIT_NODE;

/// A list of futures that wait for the receivers' end, and how many wait.
pub(crate) fn closing() -> Counts {
    counts(1, bytes(WAIT_LIST + WORD))
}

/// A segment of so many nodes.
fn segment(nodes: usize) -> Counts {
    // The nodes of a word have three bits each. A count stands for 64 words; one word needs none.
    let words = nodes.div_ceil(WORD * 8);
    let sums = if words > 1 { words.div_ceil(64) } else { 0 };
    let size = (8 + 3 * words + 2 * sums) * WORD + nodes * WAIT_NODE;
    counts(3 + usize::from(sums > 0), bytes(size))
}

/// What an owner more allocates, where there were never so many at once, by the number of them.
pub(crate) fn growth(owners: usize) -> Counts {
    let (mut nodes, mut more) = (2, 4);
    while nodes < owners {
        nodes += more;
        more *= 2;
    }
    if nodes == owners { segment(more) } else { NOTHING }
}

/// What so many owners allocate, beside the list.
pub(crate) fn grown(owners: usize) -> Counts {
    (1..=owners).map(growth).fold(NOTHING, Add::add)
}

#[test]
fn segments_come_as_the_number_of_owners_doubles() {
    let growths = (1..600).filter(|owners| growth(*owners) != NOTHING);
    assert!(growths.eq([2, 6, 14, 30, 62, 126, 254, 510]));
}
