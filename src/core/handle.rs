//! Handles: each is counted on its side of the channel, and owns a node.

use super::{
    block::{Block, Header},
    counts::{Counts, Receivers, Senders, Side},
    flavour::{Flavour, Moves},
    node::{Held, Node, OwnedNode},
};
use crate::{
    sync::{AtomicPtr, get_mut},
    wait::{ListOwner, Registration, WaitList, count, uncount},
};
use core::{
    marker::PhantomData,
    mem::ManuallyDrop,
    ops::Deref,
    ptr::{self, NonNull},
    sync::atomic::Ordering::{AcqRel, Relaxed},
};

/// Makes a channel, with one handle on each side.
#[cfg(feature = "alloc")]
pub(crate) fn channel<T>() -> (Handle<T, Senders>, Handle<T, Receivers>) {
    let (block, [slot, sender, receiver]) = Block::allocate();
    let block = block.finish(slot);
    (Handle::new(block.clone(), sender), Handle::new(block, receiver))
}

/// The message of a clone, or a call of a shared sender, that finds no room.
pub(crate) const NO_ROOM: &str =
    "no room in the static channel for one more handle or call: raise HANDLES";

/// A handle of one side, with a node of its own.
pub(crate) struct Handle<T, S: Side> {
    pub(super) block: Block<T, S::Flavour>,
    /// Always there but for the body of `drop`. Empty then.
    pub(super) node: ManuallyDrop<OwnedNode<T>>,
    side: PhantomData<S>,
}

// SAFETY: a handle moves values of type `T` from thread to thread, and shares none.
unsafe impl<T: Send, S: Side> Send for Handle<T, S> {}
// SAFETY: through `&Handle` a thread uses atomics and the wait list, which is `Sync`, and makes another handle, which moves values.
// The handles of a buffer, which also lend `&T`, ask for `T: Sync` themselves.
unsafe impl<T: Send, S: Side> Sync for Handle<T, S> {}

impl<T, S: Side> Handle<T, S> {
    /// Makes a handle that is counted already.
    pub(super) fn new(block: Block<T, S::Flavour>, node: OwnedNode<T>) -> Self {
        Self { block, node: ManuallyDrop::new(node), side: PhantomData }
    }

    /// Makes another handle of the same side, and returns how many there are with it; `None` if the channel has no room for it.
    ///
    /// # Panics
    /// See [`count`].
    pub(crate) fn another(&self) -> Option<(Self, usize)> {
        let (node, handles) = self.block.another::<S>()?;
        Some((Self::new(self.block.clone(), node), handles))
    }

    pub(crate) fn is_same_channel(&self, other: &Self) -> bool {
        self.block.is_same(&other.block)
    }
}

impl<T, F: Flavour> Block<T, F> {
    /// Counts a handle of side `S`. Returns a node for it, and how many there are with it; `None` if there is no room for it.
    fn another<S: Side<Flavour = F>>(&self) -> Option<(OwnedNode<T>, usize)> {
        let handles = count(S::count(&self.counts));
        let node = self.acquire_node();
        if node.is_none() {
            uncount(S::count(&self.counts));
        }
        Some((node?, handles))
    }
}

impl<T, S: Side> Deref for Handle<T, S> {
    type Target = Header<T>;

    #[inline]
    fn deref(&self) -> &Header<T> {
        &self.block
    }
}

impl<T, S: Side> Drop for Handle<T, S> {
    fn drop(&mut self) {
        // SAFETY: the node is not used after this.
        let node = unsafe { ManuallyDrop::take(&mut self.node) };
        // SAFETY: this handle was counted, and ends here with its node.
        unsafe { self.block.clone().end::<S>(node) };
    }
}

impl<T> Handle<T, Senders> {
    #[inline]
    pub(crate) fn access(&mut self) -> Access<'_, T> {
        Access { channel: &self.block, node: &mut self.node }
    }
}

// SAFETY: the list lies in the block, which stays where it is until the handle's drop.
unsafe impl<T, S: Side> ListOwner for Handle<T, S> {
    fn wait_list(&self) -> &WaitList {
        &self.counts.wait_list
    }
}

impl<T> Header<T> {
    /// Puts a node in, and notifies a receiver if it must. Returns what `displaced` makes of the node that comes back, if that
    /// holds a value that no receiver has taken. One exchange.
    ///
    /// # Safety
    /// The node holds a value.
    #[inline]
    pub(super) unsafe fn put<'n, R>(
        &self,
        node: &'n mut OwnedNode<T>,
        displaced: impl FnOnce(&'n mut OwnedNode<T>) -> R,
    ) -> Option<R> {
        let wait_list = &self.counts.wait_list;
        // SAFETY: as the caller promises.
        unsafe { self.slot.put(node, || wait_list.notify_one(), displaced) }
    }

    /// Takes the slot's node if it is full. Returns what `taken` makes of the node that comes back, if that was. One exchange
    /// at most. A receiver that holds the baton owes a notification to the receivers that sleep: its exchange leaves `WAITING`
    /// behind, if there can be any.
    #[inline]
    pub(super) fn take<'n, R>(
        &self,
        node: &'n mut OwnedNode<T>,
        baton: bool,
        taken: impl FnOnce(&'n mut OwnedNode<T>) -> R,
    ) -> Option<R> {
        let counts = &self.counts;
        // ORDERING: Relaxed; a receiver that sleeps while this one lives keeps the count above 1.
        let others_wait = baton && counts.receivers.count.load(Relaxed) > 1;
        self.slot.take(node, others_wait, || counts.wait_list.notify_one(), taken)
    }
}

/// A sender's access to the channel, with the node of its handle.
pub(crate) struct Access<'a, T> {
    channel: &'a Header<T>,
    node: &'a mut OwnedNode<T>,
}

impl<'a, T> Access<'a, T> {
    #[inline]
    pub(crate) fn channel(&self) -> &'a Header<T> {
        self.channel
    }

    /// Puts `value` in, and returns the one that it displaces. One exchange; notifies a receiver first if it must.
    #[inline]
    pub(crate) fn put(&mut self, value: T) -> Option<T> {
        self.channel.slot.prefetch();
        self.node.write(value);
        // SAFETY: the word said `FULL`, so the node that came back holds a value (I2).
        let read = |node: &mut OwnedNode<T>| unsafe { node.read() };
        // SAFETY: written above.
        unsafe { self.channel.put(self.node, read) }
    }

    /// Puts `value` in, unless there is one. Returns it if there is. `must_notify` as in [`take`](Self::take).
    pub(crate) fn put_if_empty(&mut self, value: T, must_notify: impl FnOnce()) -> Result<(), T> {
        self.node.write(value);
        // SAFETY: written above.
        if unsafe { self.channel.slot.put_if_empty(self.node, must_notify) } {
            return Ok(());
        }
        // SAFETY: the node was not exchanged.
        Err(unsafe { self.node.read() })
    }

    /// Takes the unread value back, if there is one. Calls `must_notify` if the exchange removed `WAITING`: the caller must
    /// notify a receiver (I3). `others_wait` as in `Slot::take`.
    pub(crate) fn take(&mut self, others_wait: bool, must_notify: impl FnOnce()) -> Option<T> {
        // SAFETY: the word said `FULL`, so the node that came back holds a value (I2).
        let read = |node: &mut OwnedNode<T>| unsafe { node.read() };
        self.channel.slot.take(self.node, others_wait, must_notify, read)
    }
}

/// A handle of the side that takes.
///
/// # Safety
/// No method replaces the handle by another one: it belongs to its wait list for life.
pub(crate) unsafe trait TakingHandle: ListOwner {
    /// What a call returns that has taken a value.
    type Value;
    /// The same, still in its node.
    type Taken<'a>
    where
        Self: 'a;

    fn counts(&self) -> &Counts;

    /// Returns `true` if there is no value at this moment.
    fn is_empty(&self) -> bool;

    /// Takes the value, if there is one; see [`Header::take`].
    fn take(&mut self, baton: bool) -> Option<Self::Taken<'_>>;

    fn into_value(taken: Self::Taken<'_>) -> Self::Value;

    /// Announces that the receiver waits, and returns the value that was there, if one was.
    fn announce(&mut self) -> Option<Self::Value>;

    /// Announces that the receiver waits, unless there is a value. Returns `false` if there is.
    #[cfg(feature = "std")]
    fn announce_if_empty(&mut self) -> bool;
}

impl<H: TakingHandle> Registration<H> {
    /// See [`TakingHandle::take`].
    #[inline]
    pub(crate) fn take(&mut self, baton: bool) -> Option<H::Taken<'_>> {
        // SAFETY: the handle is not replaced, as `TakingHandle` asks.
        unsafe { self.owner_mut() }.take(baton)
    }

    /// See [`TakingHandle::announce`].
    pub(crate) fn announce(&mut self) -> Option<H::Value> {
        // SAFETY: as in `take`.
        unsafe { self.owner_mut() }.announce()
    }

    /// See [`TakingHandle::announce_if_empty`].
    #[cfg(feature = "std")]
    pub(crate) fn announce_if_empty(&mut self) -> bool {
        // SAFETY: as in `take`.
        unsafe { self.owner_mut() }.announce_if_empty()
    }
}

// SAFETY: no method replaces the handle.
unsafe impl<T> TakingHandle for Handle<T, Receivers> {
    type Value = T;
    type Taken<'a>
        = Held<'a, T>
    where
        T: 'a;

    #[inline]
    fn counts(&self) -> &Counts {
        &self.counts
    }

    #[inline]
    fn is_empty(&self) -> bool {
        self.slot.is_empty()
    }

    #[inline]
    fn take(&mut self, baton: bool) -> Option<Held<'_, T>> {
        // SAFETY: the word said `FULL`, so the node that came back holds a value (I2).
        self.block.take(&mut self.node, baton, |node| unsafe { node.held() })
    }

    #[inline]
    fn into_value(taken: Held<'_, T>) -> T {
        taken.into_inner()
    }

    fn announce(&mut self) -> Option<T> {
        let taken = self.block.slot.announce(&mut self.node);
        // SAFETY: read only if the word said `FULL`: the node that came back holds a value (I2).
        taken.then(|| unsafe { self.node.read() })
    }

    #[cfg(feature = "std")]
    fn announce_if_empty(&mut self) -> bool {
        self.block.slot.announce_if_empty(&mut self.node)
    }
}

/// A sender's handle that puts values through `&self`.
pub(crate) struct SharedHandle<T> {
    block: Block<T, Moves>,
    /// The node at home; null while a send has it.
    home: AtomicPtr<Node<T>>,
}

// SAFETY: a handle moves values of type `T` from thread to thread, and shares none.
unsafe impl<T: Send> Send for SharedHandle<T> {}
// SAFETY: `&SharedHandle` puts and takes: both move values. The node at home has one owner, by an exchange.
unsafe impl<T: Send> Sync for SharedHandle<T> {}

impl<T> SharedHandle<T> {
    /// Makes a handle that is counted already.
    #[expect(clippy::needless_pass_by_value, reason = "the handle owns the node from now on")]
    fn new(block: Block<T, Moves>, node: OwnedNode<T>) -> Self {
        Self { block, home: AtomicPtr::new(node.as_ptr()) }
    }

    /// Makes another sender's handle; `None` if the channel has no room for it.
    ///
    /// # Panics
    /// See [`count`].
    pub(crate) fn another(&self) -> Option<Self> {
        let (node, _) = self.block.another::<Senders>()?;
        Some(Self::new(self.block.clone(), node))
    }

    pub(crate) fn is_same_channel(&self, other: &Self) -> bool {
        self.block.is_same(&other.block)
    }

    /// Returns a node for one send: the one at home, or another one while a send has the one at home.
    ///
    /// # Panics
    /// If a static channel has no room for another one.
    #[track_caller]
    pub(crate) fn borrow(&self) -> Borrowed<'_, T> {
        // ORDERING: AcqRel. Acquire pairs with `Borrowed::drop`: the send before is done with the node. Release pairs with the
        // Acquire here of a send that finds no node: what this thread gave back before is seen by `acquire_node`.
        let home = self.home.swap(ptr::null_mut(), AcqRel);
        let node = match NonNull::new(home) {
            // SAFETY: this exchange brought the node out of `home` (I1).
            Some(node) => unsafe { OwnedNode::from_owned(node) },
            None => self.acquire_node(),
        };
        Borrowed { handle: self, node: ManuallyDrop::new(node) }
    }

    /// Acquires a node for a send that finds none at home.
    #[cold]
    #[track_caller]
    fn acquire_node(&self) -> OwnedNode<T> {
        self.block.acquire_node().expect(NO_ROOM)
    }
}

impl<T> From<Handle<T, Senders>> for SharedHandle<T> {
    fn from(handle: Handle<T, Senders>) -> Self {
        // The new handle is the old one, and stays counted.
        let mut handle = ManuallyDrop::new(handle);
        // SAFETY: `handle` is not dropped, so the node is taken once.
        let node = unsafe { ManuallyDrop::take(&mut handle.node) };
        Self::new(handle.block.clone(), node)
    }
}

impl<T> Deref for SharedHandle<T> {
    type Target = Header<T>;

    fn deref(&self) -> &Header<T> {
        &self.block
    }
}

impl<T> Drop for SharedHandle<T> {
    fn drop(&mut self) {
        // SAFETY: no send is under way, so the node is at home.
        let home = unsafe { NonNull::new_unchecked(get_mut(&mut self.home)) };
        // SAFETY: the handle owns the node at home (I1).
        let node = unsafe { OwnedNode::from_owned(home) };
        // SAFETY: this handle was counted, and ends here with its node.
        unsafe { self.block.clone().end::<Senders>(node) };
    }
}

/// A node for one send, which comes home even if a key or a waker panics.
pub(crate) struct Borrowed<'a, T> {
    handle: &'a SharedHandle<T>,
    node: ManuallyDrop<OwnedNode<T>>,
}

impl<T> Borrowed<'_, T> {
    pub(crate) fn access(&mut self) -> Access<'_, T> {
        Access { channel: &self.handle.block, node: &mut self.node }
    }
}

impl<T> Drop for Borrowed<'_, T> {
    fn drop(&mut self) {
        // ORDERING: AcqRel. Release gives the node up: this send is done with it; pairs with `borrow` and with the
        // Acquire here, which takes over the node that another send has brought home.
        let other = self.handle.home.swap(self.node.as_ptr(), AcqRel);
        if let Some(other) = NonNull::new(other) {
            // SAFETY: this exchange brought the node out of `home` (I1).
            self.handle.block.release_node(unsafe { OwnedNode::from_owned(other) });
        }
    }
}
