//! Where wait nodes lie, and the index that finds the armed and the vacant ones.
//!
//! The first nodes lie inside the list, those of a static channel beside it. They need no index: they are few, and their state is
//! as near as a bit would be. More come in segments on the heap, each twice as large as the one before, which are freed with the
//! list. A segment keeps three bits for each node, in words of as many nodes as a `usize` has bits:
//!
//! | bit        | set                                    | cleared                                                 |
//! |------------|----------------------------------------|---------------------------------------------------------|
//! | `claimed`  | by the claimer                         | by the owner that releases the node                     |
//! | `in_call`, | by the owner, in `IDLE`, before it     | by the notifier, in `TAKING`, before `IDLE`; or by the  |
//! | `detached` | arms the node                          | owner, after it disarmed the node                       |
//!
//! Segments of more than one word keep a *count* for every few words, so that a walk skips those without a bit.
//! A bit that summarises other bits would not do: a notifier that clears it, looks at the bits again and sets it, hides
//! a node from a second notifier in between.
//!
//! * **W5** *An armed node of a segment has its bit set, and a count is at least the number of armed nodes it stands for.*
//! * **W6** *A bit and its share of the count change only at the hands of the party that may touch the waiter (W4).* So
//!   bits and counts need no ordering of their own: they are ordered by what orders the node's state against the
//!   notifiers.
//! * **W8** *A node has one owner at most: the party that set its `claimed` bit owns it until that party clears the bit.*

#![forbid(unsafe_code)]

use super::{
    OnceBox,
    node::{Armed, Sought, WaitNode},
};
use crate::sync::AtomicUsize;
#[cfg(feature = "alloc")]
use alloc::boxed::Box;
use core::{
    iter,
    mem::size_of,
    ptr,
    sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release},
};

/// Number of nodes that share a word. A model has few threads, and so small words.
const NODES_PER_WORD: usize = if cfg!(overwrite_loom) { 2 } else { usize::BITS as usize };

/// Number of words that share a count.
const WORDS_PER_COUNT: usize = if cfg!(overwrite_loom) { 1 } else { 64 };

#[cfg(feature = "alloc")]
type Many<T> = Box<[T]>;
/// No segment is made.
#[cfg(not(feature = "alloc"))]
type Many<T> = &'static [T];

/// One number for each way of arming a node.
struct PerKind {
    in_call: AtomicUsize,
    detached: AtomicUsize,
}

impl PerKind {
    fn new() -> Self {
        Self { in_call: AtomicUsize::new(0), detached: AtomicUsize::new(0) }
    }

    fn of(&self, armed: Armed) -> &AtomicUsize {
        match armed {
            Armed::InCall => &self.in_call,
            Armed::Detached => &self.detached,
        }
    }

    /// Loads the numbers of what a notifier looks for, as one that is zero if all of them are.
    fn load(&self, sought: Sought) -> usize {
        // ORDERING: Relaxed, both; see W6.
        let detached = self.detached.load(Relaxed);
        match sought {
            Sought::OneCall | Sought::All => detached | self.in_call.load(Relaxed),
            Sought::Detached => detached,
        }
    }
}

struct IndexWord {
    claimed: AtomicUsize,
    armed: PerKind,
}

/// Some nodes, the places of which follow those of all segments before.
pub(super) struct Segment {
    /// The place of its first node.
    base: usize,
    pub(super) next: OnceBox<Segment>,
    words: Many<IndexWord>,
    counts: Many<PerKind>,
    nodes: Many<WaitNode>,
}

impl Segment {
    #[cfg(feature = "alloc")]
    pub(super) fn new(base: usize, len: usize) -> Self {
        let words = len.div_ceil(NODES_PER_WORD);
        let counts = if words > 1 { words.div_ceil(WORDS_PER_COUNT) } else { 0 };
        Self {
            base,
            next: OnceBox::new(),
            words: (0..words)
                .map(|_| IndexWord { claimed: AtomicUsize::new(0), armed: PerKind::new() })
                .collect(),
            counts: (0..counts).map(|_| PerKind::new()).collect(),
            nodes: (0..len).map(|_| WaitNode::new()).collect(),
        }
    }

    /// Returns this segment and all that follow.
    pub(super) fn and_next(&self) -> impl Iterator<Item = &Self> {
        iter::successors(Some(self), |segment| segment.next.get())
    }

    pub(super) fn base(&self) -> usize {
        self.base
    }

    /// Returns the place behind its last node.
    pub(super) fn end(&self) -> usize {
        self.base + self.nodes.len()
    }

    pub(super) fn node(&self, place: usize) -> &WaitNode {
        &self.nodes[place - self.base]
    }

    /// Makes a node visible to notifiers, before its owner arms it.
    pub(super) fn set(&self, armed: Armed, node: &WaitNode) {
        let (word, bit) = self.locate(node);
        if let Some(count) = self.counts.get(word / WORDS_PER_COUNT) {
            // ORDERING: Relaxed; see W6.
            count.of(armed).fetch_add(1, Relaxed);
        }
        // ORDERING: Relaxed; see W6.
        self.words[word].armed.of(armed).fetch_or(bit, Relaxed);
    }

    /// Undoes [`set`](Self::set), after the node was disarmed or taken.
    pub(super) fn clear(&self, armed: Armed, node: &WaitNode) {
        let (word, bit) = self.locate(node);
        // ORDERING: Relaxed; see W6.
        self.words[word].armed.of(armed).fetch_and(!bit, Relaxed);
        if let Some(count) = self.counts.get(word / WORDS_PER_COUNT) {
            // ORDERING: Relaxed; see W6.
            count.of(armed).fetch_sub(1, Relaxed);
        }
    }

    /// Returns the first place from `from` on whose node may be armed in a way that a notifier looks for.
    pub(super) fn find(&self, from: usize, sought: Sought) -> Option<usize> {
        let from = from.saturating_sub(self.base);
        let mut word = from / NODES_PER_WORD;
        let mut wanted = usize::MAX << (from % NODES_PER_WORD);
        while word < self.words.len() {
            let count = self.counts.get(word / WORDS_PER_COUNT);
            if count.is_some_and(|count| count.load(sought) == 0) {
                word = (word / WORDS_PER_COUNT + 1) * WORDS_PER_COUNT;
            } else {
                let found = self.words[word].armed.load(sought) & wanted;
                if found != 0 {
                    let offset = word * NODES_PER_WORD + found.trailing_zeros() as usize;
                    return Some(self.base + offset);
                }
                word += 1;
            }
            wanted = usize::MAX;
        }
        None
    }

    /// Claims a vacant node at or behind the word of the place `from`, and returns its place; see [`claim`].
    pub(super) fn claim(&self, from: usize, idle: bool) -> Option<usize> {
        let first = from.saturating_sub(self.base) / NODES_PER_WORD;
        let words = self.words.iter().zip(self.nodes.chunks(NODES_PER_WORD)).enumerate();
        words.skip(first).find_map(|(index, (word, nodes))| {
            let offset = claim(&word.claimed, 0, nodes, idle)?;
            Some(self.base + index * NODES_PER_WORD + offset)
        })
    }

    /// Leaves a node to the next claimer, and returns a place in its word.
    pub(super) fn release(&self, node: &WaitNode) -> usize {
        let (word, bit) = self.locate(node);
        release(&self.words[word].claimed, bit);
        self.base + word * NODES_PER_WORD
    }

    /// Returns the word of a node, and its bit there.
    fn locate(&self, node: &WaitNode) -> (usize, usize) {
        let index = index_of(node, self.nodes.as_ptr());
        (index / NODES_PER_WORD, 1 << (index % NODES_PER_WORD))
    }
}

/// Returns the distance of the node from `first`, in nodes. If `first` begins other nodes, it is no index of theirs.
pub(super) fn index_of(node: &WaitNode, first: *const WaitNode) -> usize {
    ptr::from_ref(node).addr().wrapping_sub(first.addr()) / size_of::<WaitNode>()
}

/// Claims one of `nodes` that is vacant by the word `claimed`, in which their bits begin at `first`, and returns which. With
/// `idle`, it passes over nodes that a notifier is still taking, and may overlook one whose vacancy it sees too late.
#[inline]
pub(super) fn claim(
    claimed: &AtomicUsize,
    first: usize,
    nodes: &[WaitNode],
    idle: bool,
) -> Option<usize> {
    // ORDERING: Relaxed with `idle`: the `fetch_or` below decides. Without it, the caller looks until it finds a node,
    // and must find one. So it reads the latest value, and Acquire pairs with the `fetch_or` of the claimer of each node
    // that is not vacant: what that had seen of the list is seen (W7).
    let mut seen = if idle { claimed.load(Relaxed) } else { claimed.fetch_or(0, Acquire) };
    let mut index = 0;
    loop {
        // The first vacant one from `index` on.
        index += (!seen >> (first + index)).trailing_zeros() as usize;
        if index >= nodes.len() {
            return None;
        }
        // Before this thread owns the node, that it is idle is a hint.
        if !idle || nodes[index].is_idle() {
            let bit = 1 << (first + index);
            // ORDERING: AcqRel. Acquire pairs with `release`: the owner before is done with the node. Release pairs with
            // the Acquire above.
            seen = claimed.fetch_or(bit, AcqRel);
            if seen & bit == 0 {
                return Some(index);
            }
        }
        index += 1;
        if index >= nodes.len() {
            return None;
        }
    }
}

/// Leaves a node to the next claimer.
pub(super) fn release(claimed: &AtomicUsize, bit: usize) {
    // ORDERING: Release pairs with `claim`.
    claimed.fetch_and(!bit, Release);
}
