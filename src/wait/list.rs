//! The wait list: the nodes of all that may wait, claimed by their owners and found by notifiers.
//!
//! Its length is at most twice that of the most owners at once: receivers, or futures that wait for the receivers' end. In a
//! static channel it is fixed.
//!
//! * **W7** *An owner looks for a node only after it has seen more nodes than there were owners when it was counted, and an owner
//!   has one node at most.* So a node is vacant for every owner that looks for one. An owner whose node a notifier is still
//!   taking leaves that node to the notifier, and looks for another node. In a static channel there are more nodes than there can
//!   be owners: each receiver has a handle, and a future for which there is no node does not become an owner.

use super::{
    OnceBox, Waiter,
    index::{self, Segment},
    node::{Armed, Sought, WaitNode},
};
use crate::sync::{AtomicBool, AtomicUsize};
use core::{
    mem,
    ptr::NonNull,
    sync::atomic::Ordering::{Acquire, Relaxed, Release},
};

/// Number of nodes inside the list.
pub(super) const INLINE: usize = 2;

/// A node that is the caller's, and the segment in which it lies.
type Claimed = (NonNull<WaitNode>, Option<NonNull<Segment>>);

/// The fields of a claim come first, those of a notification last: a channel lays its counts before, and each half
/// fills a cache line.
#[repr(C)]
pub(crate) struct WaitList {
    /// Number of nodes, or less while another thread makes more. All nodes beside the list count, or none.
    capacity: AtomicUsize,
    /// A place in a segment where a node may be vacant.
    vacancy: AtomicUsize,
    /// The first segment; or, unless `beside` is 0, the first of so many nodes beside the list.
    next: OnceBox<Segment>,
    /// A bit for each of `nodes`, and for each node beside the list.
    claimed: AtomicUsize,
    nodes: [WaitNode; INLINE],
    /// The place behind the waiter of a call that was notified last: the next walk begins here.
    cursor: AtomicUsize,
    /// A task was notified in a call, and may never poll again. The next send that displaces a value, or the next call of a sender
    /// that takes one back, notifies one more waiter.
    may_stall: AtomicBool,
    /// Number of nodes beside the list.
    beside: u8,
}

/// The nodes that follow those inside the list.
enum More<'a> {
    Segments(&'a Segment),
    Beside(&'a [WaitNode]),
}

impl WaitList {
    pub(crate) fn new() -> Self {
        Self::with(OnceBox::new(), 0)
    }

    /// Makes the list of a static channel, which has these nodes and those inside it, and makes no more.
    ///
    /// # Safety
    /// The list is never dropped. No other list has the nodes. With those inside the list they are more than there can be owners,
    /// apart from those that ask [`has_room_for`](Self::has_room_for).
    pub(super) unsafe fn of_static(nodes: &'static [WaitNode]) -> Self {
        let beside = u8::try_from(nodes.len()).expect("as few as bits in a word");
        // SAFETY: as the caller promises.
        Self::with(unsafe { OnceBox::lent(NonNull::from(nodes).cast()) }, beside)
    }

    fn with(next: OnceBox<Segment>, beside: u8) -> Self {
        Self {
            capacity: AtomicUsize::new(INLINE),
            vacancy: AtomicUsize::new(INLINE),
            next,
            claimed: AtomicUsize::new(0),
            nodes: [WaitNode::new(), WaitNode::new()],
            cursor: AtomicUsize::new(0),
            may_stall: AtomicBool::new(false),
            beside,
        }
    }

    /// Returns the nodes that follow those inside the list, if there are any.
    #[inline]
    fn more(&self) -> Option<More<'_>> {
        let first = NonNull::new(self.next.load())?;
        if self.beside == 0 {
            // SAFETY: it is a segment, and lives as long as the list.
            return Some(More::Segments(unsafe { first.as_ref() }));
        }
        let nodes = NonNull::slice_from_raw_parts(first.cast(), self.beside.into());
        // SAFETY: they are so many nodes, as the caller of `of_static` has promised, and they outlive the list.
        Some(More::Beside(unsafe { nodes.as_ref() }))
    }

    /// Lets walks look at the nodes beside the list from now on. As long as one owner has those inside, that would be in vain.
    fn count_beside(&self) {
        // ORDERING: Relaxed; the owner of a node beside the list has done this before it announces that it waits, so each notifier
        // that must see the node armed sees this, too.
        self.capacity.store(INLINE + usize::from(self.beside), Relaxed);
    }

    /// Returns the room for handles, if it is the list of a static channel. Otherwise 0.
    #[inline]
    pub(crate) fn static_handles(&self) -> usize {
        self.beside.into()
    }

    /// Returns `true` if there are more nodes than that, or can be made.
    pub(super) fn has_room_for(&self, owners: usize) -> bool {
        self.beside == 0 || owners < INLINE + usize::from(self.beside)
    }

    /// Claims a node for one of `owners`; see [`Registration::new`](super::Registration::new).
    #[inline]
    pub(super) fn claim(&self, owners: usize) -> Claimed {
        // ORDERING: Acquire pairs with the Release of `grow_on_heap`: the segments are linked.
        if self.capacity.load(Acquire) <= owners {
            self.grow(owners);
        }
        self.claim_vacant()
    }

    /// Claims a node for an owner that has none. Lock-free: after the second look it looks again only if another claim
    /// succeeded.
    #[inline]
    pub(super) fn claim_vacant(&self) -> Claimed {
        let mut idle = true;
        loop {
            // The nodes inside the list are the nearest, and the cheapest to wait in.
            if let Some(index) = index::claim(&self.claimed, 0, &self.nodes, idle) {
                return (NonNull::from(&self.nodes[index]), None);
            }
            if let Some(claimed) = self.claim_more(idle) {
                return claimed;
            }
            // Every vacant node is being taken, or was claimed or released by another thread meanwhile.
            idle = false;
        }
    }

    /// Looks at each node once, at some twice; for `idle` see [`index::claim`].
    fn claim_more(&self, idle: bool) -> Option<Claimed> {
        let first = match self.more()? {
            More::Segments(first) => first,
            More::Beside(nodes) => {
                // One owner may come here, while notifiers are at work in both nodes inside the list.
                self.count_beside();
                let index = index::claim(&self.claimed, INLINE, nodes, idle)?;
                return Some((NonNull::from(&nodes[index]), None));
            }
        };
        // ORDERING: Relaxed; a hint.
        let hint = self.vacancy.load(Relaxed);
        for from in [hint, INLINE] {
            for segment in first.and_next().skip_while(|segment| segment.end() <= from) {
                if let Some(place) = segment.claim(from, idle) {
                    // ORDERING: Relaxed; a hint.
                    self.vacancy.store(place, Relaxed);
                    let node = NonNull::from(segment.node(place));
                    return Some((node, Some(NonNull::from(segment))));
                }
            }
        }
        None
    }

    /// Makes more nodes than there are owners (W7). Those of a static channel are there.
    #[cold]
    fn grow(&self, owners: usize) {
        if self.beside != 0 {
            self.count_beside();
            return;
        }
        #[cfg(feature = "alloc")]
        self.grow_on_heap(owners);
        #[cfg(not(feature = "alloc"))]
        unreachable!("no room to wait for {owners}");
    }

    #[cfg(feature = "alloc")]
    fn grow_on_heap(&self, owners: usize) {
        let mut link = &self.next;
        let (mut base, mut end) = (0, INLINE);
        while end <= owners {
            let segment = link.get_or_init(|| Segment::new(end, (end - base) * 2));
            (base, end) = (segment.base(), segment.end());
            link = &segment.next;
        }
        // ORDERING: Release pairs with the Acquire of `claim`: this thread has seen the segments linked.
        self.capacity.fetch_max(end, Release);
        // ORDERING: Relaxed; a hint.
        self.vacancy.store(base, Relaxed);
    }

    /// Leaves a node to the next claimer.
    ///
    /// # Safety
    /// The caller owns the node, which is one of this list and lies in `segment`, if in any. It has disarmed the node, or seen that a
    /// notifier has begun to take the waiter, and does not use the node again.
    pub(super) unsafe fn release(&self, node: &WaitNode, segment: Option<&Segment>) {
        if let Some(segment) = segment {
            let place = segment.release(node);
            // ORDERING: Relaxed; a hint.
            self.vacancy.store(place, Relaxed);
        } else {
            let index = match index::index_of(node, self.nodes.as_ptr()) {
                index if index < INLINE => index,
                _ => INLINE + self.index_beside(node),
            };
            index::release(&self.claimed, 1 << index);
        }
    }

    #[cold]
    fn index_beside(&self, node: &WaitNode) -> usize {
        match self.more() {
            Some(More::Beside(nodes)) => index::index_of(node, nodes.as_ptr()),
            _ => unreachable!("a node of another list"),
        }
    }

    /// Notifies one of the calls that wait, if there is one, and hands it the baton; and all detached waiters.
    ///
    /// Wait-free but for the wakes themselves: a step for each word of nodes, and for each armed node that it meets.
    #[cold]
    pub(crate) fn notify_one(&self) {
        Walk::new(self, Sought::OneCall).run();
    }

    /// Notifies every waiter.
    pub(crate) fn notify_all(&self) {
        Walk::new(self, Sought::All).run();
    }

    /// Notifies one more waiter, if a task was notified before: that one may be stalled, and hold up the others. For a
    /// send that has displaced a value.
    #[inline]
    pub(crate) fn notify_past_stalled(&self) {
        if self.lower_may_stall() {
            self.notify_one();
        }
    }

    /// Lowers the flag that a task was notified. Returns `true` if it was raised: then the caller must notify one more waiter.
    #[inline]
    pub(crate) fn lower_may_stall(&self) -> bool {
        // ORDERING: Relaxed, the exchange decides. Its Acquire pairs with the Release in `Walk::advance`: each node that
        // the notifier of the task saw armed is seen.
        self.may_stall.load(Relaxed) && self.may_stall.swap(false, Acquire)
    }
}

/// One walk along the list.
struct Walk<'a> {
    list: &'a WaitList,
    sought: Sought,
    /// Where it begins.
    start: usize,
}

impl<'a> Walk<'a> {
    fn new(list: &'a WaitList, sought: Sought) -> Self {
        // ORDERING: Relaxed; a cursor that is out of date costs a turn.
        Self { list, sought, start: list.cursor.load(Relaxed) }
    }

    fn run(mut self) {
        self.round();
        mem::forget(self); // its drop is for a waker that panics
    }

    /// Walks from the start to the end of the list, and from its beginning to the start.
    fn round(&mut self) {
        self.lap(self.start, usize::MAX);
        self.lap(0, self.start);
    }

    fn lap(&mut self, mut from: usize, end: usize) {
        let list = self.list;
        while from < end.min(INLINE) {
            self.notify(&list.nodes[from], from, None);
            from += 1;
        }
        match list.more() {
            None => {}
            Some(More::Segments(first)) => {
                for segment in first.and_next().take_while(|segment| segment.base() < end) {
                    while let Some(place) = segment.find(from, self.sought) {
                        if place >= end {
                            return;
                        }
                        self.notify(segment.node(place), place, Some(segment));
                        from = place + 1;
                    }
                }
            }
            Some(More::Beside(nodes)) => {
                // ORDERING: Relaxed; see `count_beside`.
                for place in from..end.min(list.capacity.load(Relaxed)) {
                    self.notify(&nodes[place - INLINE], place, None);
                }
            }
        }
    }

    fn notify(&mut self, node: &WaitNode, place: usize, segment: Option<&Segment>) {
        let is_sought_call = |armed| armed == Armed::InCall && self.sought == Sought::OneCall;
        let taken = node.take(self.sought, |armed, waiter| {
            if let Some(segment) = segment {
                segment.clear(armed, node);
            }
            if is_sought_call(armed) {
                self.advance(place, waiter);
            }
        });
        let Some((armed, waiter)) = taken else { return };
        let found = is_sought_call(armed);
        waiter.wake();
        // Only now: a waker that panicked has woken nothing.
        if found {
            self.sought = Sought::Detached;
        }
    }

    /// Moves the cursor behind the call at `place`, before that is notified, and notes a task, which may stall.
    fn advance(&self, place: usize, waiter: &Waiter) {
        let WaitList { capacity, cursor, may_stall, .. } = self.list;
        if self.start != place + 1 {
            // If another walk has moved it meanwhile, it stays: a walk that is late costs a turn, and no more.
            // ORDERING: Relaxed, both; see `new`.
            let _ = cursor.compare_exchange(self.start, place + 1, Relaxed, Relaxed);
        }
        // With the inline nodes alone there has been one owner at most (W7), and a stalled task holds up no other.
        // ORDERING: Relaxed; an owner that waits has made its node before it announced that.
        if matches!(waiter, Waiter::Task(_)) && capacity.load(Relaxed) > INLINE {
            // ORDERING: Release pairs with the Acquire of `lower_may_stall`; and a read-modify-write, because that
            // must acquire from every walk that has raised the flag, not only from the last one.
            may_stall.swap(true, Release);
        }
    }
}

/// A waker has panicked: those that are still armed are notified.
impl Drop for Walk<'_> {
    fn drop(&mut self) {
        self.round();
    }
}
