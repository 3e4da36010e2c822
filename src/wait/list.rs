//! The wait list: the nodes of all that may wait, claimed by their owners and found by notifiers.
//!
//! Its length is that of the most owners at once: receivers, or futures that wait for the receivers' end.
//!
//! * **W7** *There are more nodes than owners, and each owner has claimed one node at most.* So a node is vacant for
//!   every owner that looks for one. An owner whose node a notifier is still taking leaves it for that one: it waits
//!   for no notifier, however long that is preempted.

use super::{
    Waiter,
    index::{Group, Inline, Part, Round},
    node::{Armed, Sought},
    registration::Registration,
};
use crate::sync::{AtomicU8, AtomicUsize, store_release};
use core::{
    mem, ptr,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

/// The fields that a claim uses come first, those that a notification uses last: a channel lays its counts before
/// them, and each half fills a cache line.
#[repr(C)]
pub(crate) struct WaitList {
    /// How many nodes there are at least.
    capacity: AtomicUsize,
    /// A place where a node may be vacant.
    vacancy: AtomicUsize,
    inline: Inline,
    /// The place behind the one that was notified last in a call: the next round begins here.
    cursor: AtomicUsize,
    /// 1 after a task was notified in a call, until a send that displaces a value has seen to it: such a task may
    /// never poll again.
    may_stall: AtomicU8,
}

impl WaitList {
    pub(crate) fn new() -> Self {
        let inline = Inline::new();
        Self {
            capacity: AtomicUsize::new(Part::Inline(&inline).end()),
            vacancy: AtomicUsize::new(0),
            inline,
            cursor: AtomicUsize::new(0),
            may_stall: AtomicU8::new(0),
        }
    }

    /// Claims a node for one of `owners`, each of which has claimed a node of this list or is about to.
    ///
    /// Lock-free: it looks again only if another claim succeeded. The allocator is outside of that.
    pub(crate) fn claim(&self, owners: usize) -> Registration<'_> {
        // ORDERING: Acquire pairs with the Release of `grow`: the segments are linked.
        if self.capacity.load(Acquire) <= owners {
            self.grow(owners);
        }
        self.claim_vacant()
    }

    /// As [`claim`](Self::claim), for an owner that keeps the list alive by itself.
    ///
    /// # Safety
    /// The list outlives every use of the registration, and stays where it is.
    pub(crate) unsafe fn claim_unbounded(&self, owners: usize) -> Registration<'static> {
        // SAFETY: a registration keeps no reference, and the caller promises the rest.
        let list: &'static Self = unsafe { &*ptr::from_ref(self) };
        list.claim(owners)
    }

    fn claim_vacant(&self) -> Registration<'_> {
        let mut idle = true;
        loop {
            // ORDERING: Relaxed; a hint.
            let mut round = Round::new(&self.inline, self.vacancy.load(Relaxed));
            while let Some(Group { part, word, nodes }) = round.next(None) {
                if let Some(place) = part.claim(word, nodes, idle) {
                    // ORDERING: Relaxed; a hint.
                    self.vacancy.store(place, Relaxed);
                    return Registration::new(part, place);
                }
            }
            // Every vacant node is being taken, or was claimed by another thread meanwhile.
            idle = false;
        }
    }

    #[cold]
    fn grow(&self, owners: usize) {
        let mut last = Part::Inline(&self.inline);
        while last.end() <= owners {
            last = last.next().unwrap_or_else(|| last.append());
        }
        // ORDERING: Release pairs with the Acquire of `claim`: this thread has seen the segments linked.
        self.capacity.fetch_max(last.end(), Release);
        // ORDERING: Relaxed; a hint.
        self.vacancy.store(last.base(), Relaxed);
    }

    /// Leaves a node, which is not armed, to the next claimer.
    pub(crate) fn release(&self, registration: &Registration<'_>) {
        let part = registration.segment().map_or(Part::Inline(&self.inline), Part::Segment);
        part.release(registration.place());
        // ORDERING: Relaxed; a hint.
        self.vacancy.store(registration.place(), Relaxed);
    }

    /// Makes sure that the owner may arm its node, which is not armed. If a notifier is still taking the waiter, it
    /// claims another node. Returns `false` if notifiers are at work in every vacant node.
    ///
    /// Lock-free, without the allocator.
    #[inline]
    pub(crate) fn settle<'a>(&'a self, registration: &mut Registration<'a>) -> bool {
        registration.is_idle() || self.move_away(registration)
    }

    #[cold]
    fn move_away<'a>(&'a self, registration: &mut Registration<'a>) -> bool {
        // In this order: an owner never has two nodes (W7).
        self.release(registration);
        *registration = self.claim_vacant();
        registration.is_idle()
    }

    /// Notifies one of the calls that wait, if there is one, and hands it the baton; and all detached waiters.
    ///
    /// Wait-free but for the wakes themselves: a step for each word of nodes.
    #[cold]
    pub(crate) fn notify_one(&self) {
        // ORDERING: Relaxed; each notification in a call is ordered before the next by the slot's word.
        self.walk(self.cursor.load(Relaxed), false);
    }

    /// Notifies every waiter.
    pub(crate) fn notify_all(&self) {
        self.walk(0, true);
    }

    /// Notifies one more waiter, if a task was notified since: that may be stalled, and hold up the others. For a send
    /// that has displaced a value.
    #[inline]
    pub(crate) fn notify_past_stalled(&self) {
        // ORDERING: Relaxed; the exchange decides.
        if self.may_stall.load(Relaxed) != 0 {
            self.notify_past_a_task();
        }
    }

    #[cold]
    fn notify_past_a_task(&self) {
        // ORDERING: Acquire pairs with the Release of the walk that notified a task: every node which that saw armed
        // is seen.
        if self.may_stall.swap(0, Acquire) != 0 {
            self.notify_one();
        }
    }

    fn walk(&self, start: usize, all: bool) {
        let round = Round::new(&self.inline, start);
        let mut walk = Walk { list: self, group: round.nothing(), round, sought: Sought::Any, all };
        walk.run();
        mem::forget(walk); // it has ended, and owns nothing
    }
}

/// One round of notifications. If a waker panics, those behind it are notified while that unwinds.
struct Walk<'a> {
    list: &'a WaitList,
    round: Round<'a>,
    /// Nodes that were armed when this walk came by.
    group: Group<'a>,
    sought: Sought,
    all: bool,
}

impl Walk<'_> {
    fn run(&mut self) {
        loop {
            while let Some((place, node)) = self.group.pop() {
                let Self { list, sought, all, .. } = *self;
                let taken = node.take(sought, |armed, waiter| {
                    if let Some(segment) = self.group.part.segment() {
                        segment.clear(armed, place);
                    }
                    if armed == Armed::InCall && !all {
                        list.note(place, waiter);
                    }
                });
                if let Some((armed, waiter)) = taken {
                    waiter.wake();
                    // Only now: a waker that panicked has woken nothing.
                    if armed == Armed::InCall && !all {
                        self.sought = Sought::Detached;
                    }
                }
            }
            match self.round.next(Some(self.sought)) {
                Some(group) => self.group = group.armed(self.sought),
                None => return,
            }
        }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.run();
    }
}

impl WaitList {
    /// Notes that the waiter at `place`, in a call, is being notified.
    fn note(&self, place: usize, waiter: &Waiter) {
        // ORDERING: Relaxed; see `notify_one`.
        self.cursor.store(place + 1, Relaxed);
        if matches!(waiter, Waiter::Task(_)) {
            // ORDERING: Release pairs with the Acquire of `notify_past_a_task`.
            store_release(&self.may_stall, 1);
        }
    }
}
