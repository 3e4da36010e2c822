//! The slot: one word, exchanged whole.
//!
//! The word is a pointer to the slot's node; two low bits are tags.
//!
//! | word            | meaning                                                            |
//! |-----------------|--------------------------------------------------------------------|
//! | node            | empty; no receiver has announced that it waits                     |
//! | node, `WAITING` | empty; a receiver may be asleep, and the next send must notify one |
//! | node, `FULL`    | the node holds a value that no receiver has taken                  |
//!
//! The slot moves nodes and never looks into them. "Empty" stands for "not `FULL`": in `channel` such a node holds no value,
//! in `buffer` one that was taken before (I2).
//!
//! Every write to the word is a read-modify-write, so every one of them continues the release
//! sequences of all before it. The transitions, with what each brings back:
//!
//! | call       | before          | after              | brings back                            |
//! |------------|-----------------|--------------------|----------------------------------------|
//! | `put`      | a               | mine, `FULL`       | a, empty                               |
//! |            | a, `WAITING`    | mine, `FULL`       | a, empty, and the duty to notify (I3)  |
//! |            | a, `FULL`       | mine, `FULL`       | a, with the stale value                |
//! | `take`     | a, `FULL`       | mine (`WAITING`?)  | a, with the value                      |
//! |            | a               | mine (`WAITING`?)  | a, empty: another taker was faster     |
//! |            | a, `WAITING`    | mine               | a, empty, and the duty to notify (I3)  |
//! |            | a, `WAITING`    | mine, `WAITING`    | a, empty                               |
//! | `announce` | a (`WAITING`?)  | mine, `WAITING`    | a, empty                               |
//! |            | a, `FULL`       | mine, `WAITING`    | a, with the value                      |
//! | `announce_ | a (`WAITING`?)  | mine, `WAITING`    | a, empty                               |
//! |  if_empty` | a, `FULL`       | unchanged          | nothing                                |
//! | `put_      | a               | mine, `FULL`       | a, empty                               |
//! |  if_empty` | a, `WAITING`    | mine, `FULL`       | a, empty, and the duty to notify (I3)  |
//! |            | a, `FULL`       | unchanged          | nothing                                |

use super::node::{Node, OwnedNode};
use crate::sync::AtomicPtr;
use core::{
    ptr::NonNull,
    sync::atomic::Ordering::{AcqRel, Relaxed},
};

const FULL: usize = 0b01;
const WAITING: usize = 0b10;
const TAGS: usize = FULL | WAITING;

pub(crate) struct Slot<T> {
    word: AtomicPtr<Node<T>>,
}

/// The word as it was at one moment.
struct Word<T>(*mut Node<T>);

impl<T> Word<T> {
    fn is_full(&self) -> bool {
        self.0.addr() & FULL != 0
    }

    fn is_waiting(&self) -> bool {
        self.0.addr() & WAITING != 0
    }

    /// # Safety
    /// The word was exchanged for another, so its node is the caller's now (I1).
    #[inline]
    unsafe fn into_node(self) -> OwnedNode<T> {
        let node = self.0.map_addr(|word| word & !TAGS);
        // SAFETY: the word always points to a node, and tags only use bits below its alignment.
        let node = unsafe { NonNull::new_unchecked(node) };
        // SAFETY: the caller took the slot's ownership over.
        unsafe { OwnedNode::from_owned(node) }
    }
}

fn tagged<T>(node: &OwnedNode<T>, tags: usize) -> *mut Node<T> {
    node.as_ptr().map_addr(|address| address | tags)
}

impl<T> Slot<T> {
    /// Makes an empty slot, which owns `node`.
    #[expect(clippy::needless_pass_by_value, reason = "the slot owns the node from now on")]
    pub(super) fn new(node: OwnedNode<T>) -> Self {
        Self { word: AtomicPtr::new(node.as_ptr()) }
    }

    /// Returns `true` if the slot is empty at this moment.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // ORDERING: Relaxed; nothing is read through it. A caller that acts on the answer exchanges.
        !Word(self.word.load(Relaxed)).is_full()
    }

    /// Fetches the word's line for an exchange that follows soon.
    ///
    /// The exchange has to wait for earlier ones of this thread, on any channel, to end; fetching its line need not. An echo
    /// between two threads is shorter with it (see `ratios` in docs/benchmarks.md). It does nothing on targets for which stable
    /// Rust has no such instruction.
    #[inline]
    pub(super) fn prefetch(&self) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: a prefetch never faults, whatever the address.
        unsafe {
            use core::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            _mm_prefetch::<_MM_HINT_T0>((&raw const self.word).cast());
        }
    }

    /// Exchanges `node`, with `FULL`. Returns what `displaced` makes of the node that came back, if that was `FULL`.
    /// Wait-free: one exchange, and a notification if the slot was empty and said `WAITING` (I3).
    ///
    /// # Safety
    /// The node holds a value.
    #[inline]
    pub(super) unsafe fn put<'n, R>(
        &self,
        node: &'n mut OwnedNode<T>,
        notify: impl FnOnce(),
        displaced: impl FnOnce(&'n mut OwnedNode<T>) -> R,
    ) -> Option<R> {
        let before = self.exchange(node, FULL);
        if before.full {
            return Some(displaced(node));
        }
        if before.waiting {
            notify();
        }
        None
    }

    /// Exchanges `node`, if the slot is full. Returns what `taken` makes of the node that came back, if that was `FULL`.
    /// Wait-free: at most one exchange. With `others_wait` the exchange leaves `WAITING` behind, for receivers that sleep
    /// although the word does not say so. Without it, `take` calls `notify` if the exchange removed `WAITING` (I3).
    #[inline]
    pub(super) fn take<'n, R>(
        &self,
        node: &'n mut OwnedNode<T>,
        others_wait: bool,
        notify: impl FnOnce(),
        taken: impl FnOnce(&'n mut OwnedNode<T>) -> R,
    ) -> Option<R> {
        if self.is_empty() {
            return None;
        }
        let before = self.exchange(node, if others_wait { WAITING } else { 0 });
        if before.full {
            return Some(taken(node));
        }
        if before.waiting && !others_wait {
            notify();
        }
        None
    }

    #[inline]
    fn exchange(&self, node: &mut OwnedNode<T>, tags: usize) -> Before {
        // ORDERING: AcqRel. Release gives up the node: what this thread wrote into it (put) or read out of it (take) comes
        // before the next owner's use; pairs with that owner's Acquire. Acquire takes the other node over from the thread
        // that put it in, and, if the word said `WAITING`, sees the nodes armed before the announcement.
        let word = Word(self.word.swap(tagged(node, tags), AcqRel));
        let before = Before { full: word.is_full(), waiting: word.is_waiting() };
        // SAFETY: this very exchange replaced the word.
        *node = unsafe { word.into_node() };
        before
    }

    /// Announces that the caller waits: exchanges `node`, with `WAITING`. Returns `true` if the node that came back was `FULL`:
    /// its value is taken. Wait-free: one exchange.
    pub(super) fn announce(&self, node: &mut OwnedNode<T>) -> bool {
        self.exchange(node, WAITING).full
    }

    /// Announces that the caller waits, if the slot is empty, and leaves a value where it is. Returns `false` if there is
    /// a value. Lock-free.
    #[cfg(feature = "std")]
    pub(super) fn announce_if_empty(&self, node: &mut OwnedNode<T>) -> bool {
        self.exchange_if_empty(node, WAITING).is_some()
    }

    /// Exchanges `node`, with `FULL`, if the slot is empty, and leaves a value where it is. Returns `false` if there is a value.
    /// Lock-free. Calls `notify` if the slot said `WAITING` (I3).
    ///
    /// # Safety
    /// The node holds a value.
    pub(super) unsafe fn put_if_empty(
        &self,
        node: &mut OwnedNode<T>,
        notify: impl FnOnce(),
    ) -> bool {
        let Some(before) = self.exchange_if_empty(node, FULL) else { return false };
        if before.waiting {
            notify();
        }
        true
    }

    /// Exchanges `node` if the slot is empty. Tries again only if another handle changed the word.
    fn exchange_if_empty(&self, node: &mut OwnedNode<T>, tags: usize) -> Option<Before> {
        // ORDERING: Relaxed; only the exchange counts.
        let mut word = self.word.load(Relaxed);
        while !Word(word).is_full() {
            // ORDERING: AcqRel, as in `exchange`. Relaxed when it fails: no node changes hands. An equal
            // word may belong to a node that went round meanwhile: it is as empty.
            match self.word.compare_exchange(word, tagged(node, tags), AcqRel, Relaxed) {
                Ok(word) => {
                    let before = Before { full: false, waiting: Word(word).is_waiting() };
                    // SAFETY: this very exchange replaced the word.
                    *node = unsafe { Word(word).into_node() };
                    return Some(before);
                }
                Err(now) => word = now,
            }
        }
        None
    }

    /// Takes the slot's node out for good. Returns `true` with it if it was `FULL`.
    ///
    /// # Safety
    /// No thread uses the slot any more.
    pub(super) unsafe fn dismantle(&self) -> (OwnedNode<T>, bool) {
        // ORDERING: Relaxed; the caller has synchronised with every handle's end.
        let word = Word(self.word.load(Relaxed));
        let is_full = word.is_full();
        // SAFETY: no thread exchanges the word again, so its node is the caller's (I1).
        (unsafe { word.into_node() }, is_full)
    }
}

/// The tags that an exchange replaced.
struct Before {
    full: bool,
    waiting: bool,
}
