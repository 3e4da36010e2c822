//! Where wait nodes lie, and the index that finds the armed and the vacant ones.
//!
//! The first nodes lie inside the list and need no index: their state is as near as a bit would be. More nodes come
//! in segments, each twice as large as the one before, which are freed only with the list. A segment keeps three bits
//! for each node, in words of as many nodes as a `usize` has bits:
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
//! * **W5** *An armed node of a segment has its bit, and a count is never below the number of set bits it stands for.*
//!   The owner adds to the count before it sets the bit; the party that clears the bit subtracts afterwards.
//! * **W6** *The party that owns the waiter by the node's state (W4) is the one that sets and clears the bit.* So bits
//!   and counts need no ordering of their own: what orders the state and the slot's word orders them.

use super::node::{Armed, Sought, WaitNode};
use crate::sync::{AtomicPtr, AtomicUsize};
use alloc::boxed::Box;
use core::{
    mem, ptr,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

/// How many nodes lie inside the list.
const INLINE: usize = 2;

/// How many nodes share a word. A model has few threads, and so small words.
const NODES_PER_WORD: usize = if cfg!(overwrite_loom) { 2 } else { usize::BITS as usize };

/// How many words share a count.
const WORDS_PER_COUNT: usize = if cfg!(overwrite_loom) { 1 } else { 16 };

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
            Sought::Any => detached | self.in_call.load(Relaxed),
            Sought::Detached => detached,
        }
    }
}

struct Word {
    claimed: AtomicUsize,
    armed: PerKind,
}

/// The nodes inside the list.
pub(super) struct Inline {
    claimed: AtomicUsize,
    next: AtomicPtr<Segment>,
    nodes: [WaitNode; INLINE],
}

pub(super) struct Segment {
    /// The place of its first node.
    base: usize,
    next: AtomicPtr<Segment>,
    words: Box<[Word]>,
    counts: Box<[PerKind]>,
    nodes: Box<[WaitNode]>,
}

impl Inline {
    pub(super) fn new() -> Self {
        Self {
            claimed: AtomicUsize::new(0),
            next: AtomicPtr::new(ptr::null_mut()),
            nodes: [const { () }; INLINE].map(|()| WaitNode::new()),
        }
    }
}

impl Drop for Inline {
    fn drop(&mut self) {
        let mut next = Part::Inline(self).next_pointer();
        while !next.is_null() {
            // SAFETY: each segment was leaked from a box into this list, once, and nothing points to it any more.
            let segment = unsafe { Box::from_raw(next) };
            next = Part::Segment(&segment).next_pointer();
        }
    }
}

impl Segment {
    fn new(base: usize, len: usize) -> Box<Self> {
        let words = len.div_ceil(NODES_PER_WORD);
        let counts = if words > 1 { words.div_ceil(WORDS_PER_COUNT) } else { 0 };
        Box::new(Self {
            base,
            next: AtomicPtr::new(ptr::null_mut()),
            words: (0..words)
                .map(|_| Word { claimed: AtomicUsize::new(0), armed: PerKind::new() })
                .collect(),
            counts: (0..counts).map(|_| PerKind::new()).collect(),
            nodes: (0..len).map(|_| WaitNode::new()).collect(),
        })
    }

    /// Makes the node at `place` visible to notifiers, before its owner arms it.
    pub(super) fn set(&self, armed: Armed, place: usize) {
        let (word, bit) = self.locate(place);
        if let Some(count) = self.counts.get(word / WORDS_PER_COUNT) {
            // ORDERING: Relaxed; see W6.
            count.of(armed).fetch_add(1, Relaxed);
        }
        // ORDERING: Relaxed; see W6.
        self.words[word].armed.of(armed).fetch_or(bit, Relaxed);
    }

    /// Undoes [`set`](Self::set), after the node was disarmed or taken.
    pub(super) fn clear(&self, armed: Armed, place: usize) {
        let (word, bit) = self.locate(place);
        // ORDERING: Relaxed; see W6.
        self.words[word].armed.of(armed).fetch_and(!bit, Relaxed);
        if let Some(count) = self.counts.get(word / WORDS_PER_COUNT) {
            // ORDERING: Relaxed; see W6.
            count.of(armed).fetch_sub(1, Relaxed);
        }
    }

    fn locate(&self, place: usize) -> (usize, usize) {
        let offset = place - self.base;
        (offset / NODES_PER_WORD, 1 << (offset % NODES_PER_WORD))
    }
}

/// The inline nodes, or a segment.
#[derive(Clone, Copy)]
pub(super) enum Part<'a> {
    Inline(&'a Inline),
    Segment(&'a Segment),
}

impl<'a> Part<'a> {
    pub(super) fn base(self) -> usize {
        match self {
            Self::Inline(_) => 0,
            Self::Segment(segment) => segment.base,
        }
    }

    pub(super) fn nodes(self) -> &'a [WaitNode] {
        match self {
            Self::Inline(inline) => &inline.nodes,
            Self::Segment(segment) => &segment.nodes,
        }
    }

    pub(super) fn segment(self) -> Option<&'a Segment> {
        match self {
            Self::Inline(_) => None,
            Self::Segment(segment) => Some(segment),
        }
    }

    pub(super) fn end(self) -> usize {
        self.base() + self.nodes().len()
    }

    fn words(self) -> usize {
        self.nodes().len().div_ceil(NODES_PER_WORD)
    }

    fn next_field(self) -> &'a AtomicPtr<Segment> {
        match self {
            Self::Inline(inline) => &inline.next,
            Self::Segment(segment) => &segment.next,
        }
    }

    fn next_pointer(self) -> *mut Segment {
        // ORDERING: Acquire pairs with the Release of `append`: the segment is initialised.
        self.next_field().load(Acquire)
    }

    pub(super) fn next(self) -> Option<Self> {
        // SAFETY: a pointer in the list is null or to a segment that lives as long as the list.
        unsafe { self.next_pointer().as_ref() }.map(Part::Segment)
    }

    /// Returns the part behind the last one, and makes it if no other thread has.
    pub(super) fn append(self) -> Self {
        let segment = Box::into_raw(Segment::new(self.end(), self.nodes().len() * 2));
        // ORDERING: Release publishes the segment; pairs with `next_pointer`. Acquire when it fails: the segment that
        // another thread appended is initialised.
        let segment = match self.next_field().compare_exchange(ptr::null_mut(), segment, Release, Acquire) {
            Ok(_) => segment,
            Err(found) => {
                // SAFETY: it was not published, so it still belongs to this thread alone.
                drop(unsafe { Box::from_raw(segment) });
                found
            }
        };
        // SAFETY: it is in the list, and lives as long as the list.
        Part::Segment(unsafe { &*segment })
    }

    fn claimed(self, word: usize) -> &'a AtomicUsize {
        match self {
            Self::Inline(inline) => &inline.claimed,
            Self::Segment(segment) => &segment.words[word].claimed,
        }
    }

    /// The nodes of `word` that may be armed in a way that a notifier looks for.
    fn armed(self, word: usize, sought: Sought) -> usize {
        match self {
            Self::Inline(inline) => {
                let armed = inline.nodes.iter().map(|node| usize::from(node.armed(sought).is_some()));
                armed.enumerate().fold(0, |bits, (bit, armed)| bits | armed << bit)
            }
            Self::Segment(segment) => segment.words[word].armed.load(sought),
        }
    }

    /// Returns `true` if no node of the words that share a count with `word` is armed in such a way.
    fn is_skipped(self, word: usize, sought: Sought) -> bool {
        self.segment()
            .and_then(|segment| segment.counts.get(word / WORDS_PER_COUNT))
            .is_some_and(|count| count.load(sought) == 0)
    }

    /// Claims a vacant node of `word` among `wanted`, and returns its place. With `idle` it passes over nodes that a
    /// notifier is still taking, and over those whose vacancy it might see too late.
    pub(super) fn claim(self, word: usize, mut wanted: usize, idle: bool) -> Option<usize> {
        let first = word * NODES_PER_WORD;
        let nodes = &self.nodes()[first..];
        let nodes = &nodes[..nodes.len().min(NODES_PER_WORD)];
        if nodes.len() < usize::BITS as usize {
            wanted &= (1 << nodes.len()) - 1;
        }
        let claimed = self.claimed(word);
        // ORDERING: Relaxed: the `fetch_or` below decides. It is a read-modify-write without `idle`, because a load may
        // be out of date, and the caller would look again for as long as it is.
        let mut seen = if idle { claimed.load(Relaxed) } else { claimed.fetch_or(0, Relaxed) };
        loop {
            let vacant = !seen & wanted;
            if vacant == 0 {
                return None;
            }
            let offset = vacant.trailing_zeros() as usize;
            let bit = 1 << offset;
            wanted &= !bit;
            if idle && !nodes[offset].is_idle() {
                continue;
            }
            // ORDERING: Acquire pairs with `release`: the owner before is done with the node.
            seen = claimed.fetch_or(bit, Acquire);
            if seen & bit == 0 {
                return Some(self.base() + first + offset);
            }
        }
    }

    /// Leaves the node at `place` to the next claimer.
    pub(super) fn release(self, place: usize) {
        let offset = place - self.base();
        // ORDERING: Release pairs with `claim`.
        self.claimed(offset / NODES_PER_WORD).fetch_and(!(1 << (offset % NODES_PER_WORD)), Release);
    }
}

/// Some nodes that share a word.
#[derive(Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) part: Part<'a>,
    pub(super) word: usize,
    /// The bits of those that lie in this round.
    pub(super) nodes: usize,
}

impl<'a> Group<'a> {
    /// Those of them that may be armed in a way that a notifier looks for.
    pub(super) fn armed(mut self, sought: Sought) -> Self {
        self.nodes &= self.part.armed(self.word, sought);
        self
    }

    /// Takes the first of them out, and returns its place with it.
    pub(super) fn pop(&mut self) -> Option<(usize, &'a WaitNode)> {
        if self.nodes == 0 {
            return None;
        }
        let offset = self.word * NODES_PER_WORD + self.nodes.trailing_zeros() as usize;
        self.nodes &= self.nodes - 1;
        Some((self.part.base() + offset, &self.part.nodes()[offset]))
    }
}

/// One round through the words of a list.
pub(super) struct Round<'a> {
    first: &'a Inline,
    part: Part<'a>,
    word: usize,
    /// This lap is about the places from here
    from: usize,
    /// to here.
    end: usize,
}

impl<'a> Round<'a> {
    /// Begins at the place `start`, or at the first one if there is no such place.
    pub(super) fn new(first: &'a Inline, start: usize) -> Self {
        let mut part = Part::Inline(first);
        let mut from = start;
        while from >= part.end() {
            if let Some(next) = part.next() {
                part = next;
            } else {
                part = Part::Inline(first);
                from = 0;
            }
        }
        Self { first, part, word: (from - part.base()) / NODES_PER_WORD, from, end: usize::MAX }
    }

    /// A group of no nodes.
    pub(super) fn nothing(&self) -> Group<'a> {
        Group { part: self.part, word: 0, nodes: 0 }
    }

    /// Returns the next word. With `sought`, it may pass over words without such a node.
    pub(super) fn next(&mut self, sought: Option<Sought>) -> Option<Group<'a>> {
        loop {
            if self.word >= self.part.words() {
                if let Some(next) = self.part.next() {
                    self.part = next;
                } else if self.from == 0 {
                    return None;
                } else {
                    self.part = Part::Inline(self.first);
                    self.end = mem::take(&mut self.from);
                }
                self.word = 0;
            }
            let base = self.part.base() + self.word * NODES_PER_WORD;
            if base >= self.end {
                return None;
            }
            let (part, word) = (self.part, self.word);
            let begins_a_count = word % WORDS_PER_COUNT == 0;
            if sought.is_some_and(|sought| begins_a_count && part.is_skipped(word, sought)) {
                self.word += WORDS_PER_COUNT;
                continue;
            }
            self.word += 1;
            let mut nodes = usize::MAX;
            if base < self.from {
                nodes <<= self.from - base;
            }
            if self.end - base < NODES_PER_WORD {
                nodes &= (1 << (self.end - base)) - 1;
            }
            return Some(Group { part, word, nodes });
        }
    }
}
