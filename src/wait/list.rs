//! The wait list: the nodes of all that may wait, claimed by their owners and found by notifiers.
//!
//! Its length is that of the most owners at once: receivers, or futures that wait for the receivers' end.
//!
//! * **W7** *There are more nodes than owners, and each owner has claimed one node at most.* So a node is vacant for
//!   every owner that looks for one. An owner whose node a notifier is still taking leaves it for that one: it waits
//!   for no notifier, however long that is preempted.

use super::{
    Waiter,
    index::{self, Link, Segment},
    node::{Armed, Sought, WaitNode},
    registration::Registration,
};
use crate::sync::{AtomicU8, AtomicUsize, Set};
use core::{
    iter, mem, ptr,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

/// How many nodes lie inside the list.
const INLINE: usize = 2;

/// What a claim uses comes first, what a notification uses last: a channel lays its counts before, and each half fills
/// a cache line.
#[repr(C)]
pub(crate) struct WaitList {
    /// How many nodes there are at least.
    capacity: AtomicUsize,
    /// A place in a segment where a node may be vacant.
    vacancy: AtomicUsize,
    next: Link,
    /// A bit for each of `nodes`.
    claimed: AtomicUsize,
    nodes: [WaitNode; INLINE],
    /// The place behind the waiter that was notified last in a call: the next walk begins here.
    cursor: AtomicUsize,
    /// 1 after a task was notified in a call, until a send that displaces a value has seen to it: such a task may
    /// never poll again.
    may_stall: AtomicU8,
}

impl WaitList {
    pub(crate) fn new() -> Self {
        Self {
            capacity: AtomicUsize::new(INLINE),
            vacancy: AtomicUsize::new(INLINE),
            next: Link::new(),
            claimed: AtomicUsize::new(0),
            nodes: [WaitNode::new(), WaitNode::new()],
            cursor: AtomicUsize::new(0),
            may_stall: AtomicU8::new(0),
        }
    }

    /// Claims a node for one of `owners`, each of which has claimed a node of this list or is about to.
    ///
    /// Lock-free: it looks again only if another claim succeeded. The allocator is outside of that.
    #[inline]
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
    #[inline]
    pub(crate) unsafe fn claim_unbounded(&self, owners: usize) -> Registration<'static> {
        // SAFETY: a registration keeps no reference, and the caller promises the rest.
        let list: &'static Self = unsafe { &*ptr::from_ref(self) };
        list.claim(owners)
    }

    #[inline]
    fn claim_vacant(&self) -> Registration<'_> {
        let mut idle = true;
        loop {
            // The nodes inside the list are the nearest, and the cheapest to wait in.
            if let Some(index) = index::claim(&self.claimed, &self.nodes, idle) {
                return Registration::new(&self.nodes[index], None);
            }
            if let Some(registration) = self.claim_in_segments(idle) {
                return registration;
            }
            // Every vacant node is being taken, or was claimed by another thread meanwhile.
            idle = false;
        }
    }

    /// Looks at each node once, at some twice; for `idle` see [`index::claim`].
    fn claim_in_segments(&self, idle: bool) -> Option<Registration<'_>> {
        // ORDERING: Relaxed; a hint.
        let hint = self.vacancy.load(Relaxed);
        for from in [hint, INLINE] {
            for segment in self.segments().skip_while(|segment| segment.end() <= from) {
                if let Some(place) = segment.claim(from, idle) {
                    // ORDERING: Relaxed; a hint.
                    self.vacancy.store(place, Relaxed);
                    return Some(Registration::new(segment.node(place), Some(segment)));
                }
            }
        }
        None
    }

    fn segments(&self) -> impl Iterator<Item = &Segment> {
        iter::successors(self.next.get(), |segment| segment.next.get())
    }

    /// Makes more nodes than there are owners (W7).
    #[cold]
    fn grow(&self, owners: usize) {
        let mut link = &self.next;
        let (mut base, mut end) = (0, INLINE);
        while end <= owners {
            let segment = link.get_or_append(end, (end - base) * 2);
            (base, end) = (segment.base(), segment.end());
            link = &segment.next;
        }
        // ORDERING: Release pairs with the Acquire of `claim`: this thread has seen the segments linked.
        self.capacity.fetch_max(end, Release);
        // ORDERING: Relaxed; a hint.
        self.vacancy.store(base, Relaxed);
    }

    /// Leaves a node, which is not armed, to the next claimer.
    pub(crate) fn release(&self, registration: &Registration<'_>) {
        let node = registration.node();
        if let Some(segment) = registration.segment() {
            let place = segment.release(node);
            // ORDERING: Relaxed; a hint.
            self.vacancy.store(place, Relaxed);
        } else {
            index::release(&self.claimed, 1 << index::index_of(node, &self.nodes));
        }
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
        Walk { list: self, sought: Sought::Any, all: false }.run();
    }

    /// Notifies every waiter.
    pub(crate) fn notify_all(&self) {
        Walk { list: self, sought: Sought::Any, all: true }.run();
    }

    /// Notifies one more waiter, if a task was notified before: that one may be stalled, and hold up the others. For a
    /// send that has displaced a value.
    #[inline]
    pub(crate) fn notify_past_stalled(&self) {
        // ORDERING: Relaxed; the exchange decides.
        if self.may_stall.load(Relaxed) != 0 {
            self.notify_past_a_task();
        }
    }

    #[cold]
    fn notify_past_a_task(&self) {
        // ORDERING: Acquire pairs with the Release in `Walk::notify`: each node that the notifier of the task saw armed
        // is seen.
        if self.may_stall.swap(0, Acquire) != 0 {
            self.notify_one();
        }
    }
}

/// One walk along the list.
struct Walk<'a> {
    list: &'a WaitList,
    sought: Sought,
    all: bool,
}

impl Walk<'_> {
    fn run(mut self) {
        self.round();
        mem::forget(self); // its drop is for a waker that panics
    }

    /// From the cursor to the end, and from the beginning to the cursor.
    fn round(&mut self) {
        // ORDERING: Relaxed; the slot's word, or the baton, orders one notification of a call before the next.
        let cursor = self.list.cursor.load(Relaxed);
        self.lap(cursor, usize::MAX);
        self.lap(0, cursor);
    }

    fn lap(&mut self, mut from: usize, end: usize) {
        let list = self.list;
        while from < end.min(INLINE) {
            self.notify(&list.nodes[from], from, None);
            from += 1;
        }
        for segment in list.segments().take_while(|segment| segment.base() < end) {
            while let Some(place) = segment.find(from, self.sought).filter(|place| *place < end) {
                self.notify(segment.node(place), place, Some(segment));
                from = place + 1;
            }
        }
    }

    fn notify(&mut self, node: &WaitNode, place: usize, segment: Option<&Segment>) {
        let taken = node.take(self.sought, |armed, waiter| {
            if let Some(segment) = segment {
                segment.clear(armed, node);
            }
            if armed == Armed::InCall && !self.all {
                // ORDERING: Relaxed; see `round`.
                self.list.cursor.store(place + 1, Relaxed);
                if matches!(waiter, Waiter::Task(_)) {
                    // ORDERING: Release pairs with the Acquire of `notify_past_a_task`.
                    self.list.may_stall.set(1, Release);
                }
            }
        });
        if let Some((armed, waiter)) = taken {
            waiter.wake();
            // Only now: a waker that panicked has woken nothing.
            if armed == Armed::InCall && !self.all {
                self.sought = Sought::Detached;
            }
        }
    }
}

/// A waker has panicked: those that are still armed are notified.
impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.round();
    }
}
