//! The slot: one word, exchanged whole.
//!
//! The word is a pointer to the slot's node; two low bits are tags.
//!
//! | word            | meaning                                                      |
//! |-----------------|--------------------------------------------------------------|
//! | node            | empty, and nobody has announced that it waits                |
//! | node, `WAITING` | empty; some receiver may be asleep: the next send must wake  |
//! | node, `FULL`    | the node holds a value nobody has taken                      |
//!
//! Every write to the word is a read-modify-write, so every one of them continues the release
//! sequences of all before it. The transitions, with what each brings back:
//!
//! | call       | before          | after              | brings back                          |
//! |------------|-----------------|--------------------|--------------------------------------|
//! | `put`      | a               | mine, `FULL`       | a, empty                             |
//! |            | a, `WAITING`    | mine, `FULL`       | a, empty, and the duty to wake (I3)  |
//! |            | a, `FULL`       | mine, `FULL`       | a, with the stale value              |
//! | `take`     | a, `FULL`       | mine (`WAITING`?)  | a, with the value                    |
//! |            | a               | mine (`WAITING`?)  | a, empty: another taker was faster   |
//! |            | a, `WAITING`    | mine               | a, empty, and the duty to wake (I3)  |
//! |            | a, `WAITING`    | mine, `WAITING`    | a, empty                             |
//! | `announce` | a (`WAITING`?)  | mine, `WAITING`    | a, empty                             |
//! |            | a, `FULL`       | mine, `WAITING`    | a, with the value                    |
//! | `announce_ | a (`WAITING`?)  | mine, `WAITING`    | a, empty                             |
//! |  if_empty` | a, `FULL`       | unchanged          | nothing                              |
//!
//! * **I3** `WAITING` is set only on an empty slot, after those who wait have published who they
//!   are. Whoever's exchange removes `WAITING` without setting it again must wake.
//! * **I4** That a side is gone is its count being zero. Who is about to sleep until then has armed its
//!   node and reads the count by a read-modify-write: either that comes first, and the last handle
//!   sees the node, or the last handle does, and the count is seen at zero.

use crate::{
    node::{Node, Spare, Taken},
    sync::{AtomicPtr, prefetch},
};
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
    unsafe fn into_node(self) -> Spare<T> {
        let node = self.0.map_addr(|word| word & !TAGS);
        // SAFETY: the word always points to a node, and tags only use bits below its alignment.
        let node = unsafe { NonNull::new_unchecked(node) };
        // SAFETY: the caller took the slot's ownership over.
        unsafe { Spare::from_owned(node) }
    }
}

fn tagged<T>(spare: &Spare<T>, tags: usize) -> *mut Node<T> {
    spare.as_ptr().map_addr(|node| node | tags)
}

impl<T> Slot<T> {
    /// A slot that is empty and owns `node` from now on.
    #[expect(clippy::needless_pass_by_value, reason = "the slot owns the node from now on")]
    pub(crate) fn new(node: Spare<T>) -> Self {
        Self { word: AtomicPtr::new(node.as_ptr()) }
    }

    /// Is the slot empty at this moment?
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        // ORDERING: Relaxed; nothing is read through it. Who acts on the answer exchanges.
        !Word(self.word.load(Relaxed)).is_full()
    }

    /// Puts `value` in, and returns the one that it displaces. Wait-free: one exchange, and `wake` if the slot was
    /// empty and said `WAITING` (I3).
    #[inline]
    pub(crate) fn put(&self, spare: &mut Spare<T>, value: T, wake: impl FnOnce()) -> Option<T> {
        // The exchange has to wait for any before it, on whatever channel, to end; fetching its line
        // need not. An echo between two threads is shorter for it (`cargo bench --bench ratios`).
        prefetch(&raw const self.word);
        spare.write(value);
        let before = self.exchange(spare, FULL);
        if before.full {
            // SAFETY: the word said `FULL`, so the node that came back holds a value (I2).
            return Some(unsafe { spare.read() });
        }
        if before.waiting {
            wake();
        }
        None
    }

    /// Takes the value, if there is one. Wait-free: at most one exchange. With `others_wait` the
    /// exchange leaves `WAITING` behind, on behalf of those who are asleep without it; else `wake` is called
    /// if it removed that (I3).
    #[inline]
    pub(crate) fn take<'a>(
        &self,
        spare: &'a mut Spare<T>,
        others_wait: bool,
        wake: impl FnOnce(),
    ) -> Option<Taken<'a, T>> {
        if self.is_empty() {
            return None;
        }
        let before = self.exchange(spare, if others_wait { WAITING } else { 0 });
        if before.full {
            // SAFETY: the word said `FULL`, so the node that came back holds a value (I2).
            return Some(unsafe { spare.taken() });
        }
        if before.waiting && !others_wait {
            wake();
        }
        None
    }

    #[inline]
    fn exchange(&self, spare: &mut Spare<T>, tags: usize) -> Before {
        // ORDERING: AcqRel. Release gives up the node: what I wrote into it (put) or read out of it
        // (take) comes before the next owner's use; pairs with that owner's Acquire. Acquire takes
        // the other node over from the one who put it in, and, where it brings `WAITING`, sees the
        // nodes armed before the announcement.
        let word = Word(self.word.swap(tagged(spare, tags), AcqRel));
        let before = Before { full: word.is_full(), waiting: word.is_waiting() };
        // SAFETY: this very exchange replaced the word.
        *spare = unsafe { word.into_node() };
        before
    }

    /// Announces that the caller waits: puts its empty node in with `WAITING`, and returns the value
    /// that was there, if one was. Wait-free: one exchange.
    pub(crate) fn announce(&self, spare: &mut Spare<T>) -> Option<T> {
        let before = self.exchange(spare, WAITING);
        // SAFETY: read only if the word said `FULL`: the node that came back holds a value (I2).
        before.full.then(|| unsafe { spare.read() })
    }

    /// Announces that the caller waits, if the slot is empty: what is in it stays there. False if there
    /// is a value. Lock-free: it tries again only if another handle changed the word.
    #[cfg(feature = "std")]
    pub(crate) fn announce_if_empty(&self, spare: &mut Spare<T>) -> bool {
        // ORDERING: Relaxed; only the exchange counts.
        let mut word = self.word.load(Relaxed);
        while !Word(word).is_full() {
            // ORDERING: AcqRel, as in `exchange`. Relaxed when it fails: no node changes hands. An equal
            // word may belong to a node that went round meanwhile: it is as empty.
            let waiting = tagged(spare, WAITING);
            match self.word.compare_exchange(word, waiting, AcqRel, Relaxed) {
                Ok(word) => {
                    // SAFETY: this very exchange replaced the word.
                    *spare = unsafe { Word(word).into_node() };
                    return true;
                }
                Err(now) => word = now,
            }
        }
        false
    }

    /// Takes the slot's node out for good, and says whether it holds a value.
    ///
    /// # Safety
    /// Nobody uses the slot any more, and nobody will.
    pub(crate) unsafe fn dismantle(&self) -> (Spare<T>, bool) {
        // ORDERING: Relaxed; the caller has synchronised with every handle's end.
        let word = Word(self.word.load(Relaxed));
        let is_full = word.is_full();
        // SAFETY: nobody exchanges the word again, so its node is ours (I1).
        (unsafe { word.into_node() }, is_full)
    }
}

/// The tags that an exchange replaced.
struct Before {
    full: bool,
    waiting: bool,
}
