//! The state that all handles share: the value, the word that publishes it, and the wait list.

#![forbid(unsafe_code)]

use super::{
    state::State,
    value::{Ref, Value},
};
use crate::{
    sync::{ArcSwap, AtomicUsize, Guard},
    wait::{CountsOwners, ReceiverCount, WaitList},
};
use alloc::sync::Arc;
use core::sync::atomic::Ordering::{AcqRel, Relaxed};

/// A look at the slot's content.
type Content<T> = Guard<Arc<Value<T>>>;

pub(super) struct Shared<T> {
    slot: ArcSwap<Value<T>>,
    pub(super) state: State,
    pub(super) senders: AtomicUsize,
    pub(super) receivers: ReceiverCount,
    /// Where receivers wait for a newer version, or for the senders' end. Every waiter is notified, so there is no baton.
    pub(super) wait_list: WaitList,
}

impl<T> Shared<T> {
    /// Makes a channel with one handle on each side.
    pub(super) fn new(init: T) -> Self {
        Self {
            slot: ArcSwap::new(Arc::new(Value::new(0, init))),
            state: State::new(),
            senders: AtomicUsize::new(1),
            receivers: ReceiverCount::one(),
            wait_list: WaitList::new(),
        }
    }

    /// Returns the newest value, with its version, for a caller that can observe it. If a version is published in the
    /// word, it is that or a newer one; and when this returns, it is published.
    #[inline]
    pub(super) fn look(&self) -> Content<T> {
        let value = self.slot.load();
        self.state.raise(value.version());
        value
    }

    pub(super) fn has_receivers(&self) -> bool {
        // ORDERING: Relaxed; nothing is read because of it, and it may change at any moment.
        self.receivers.count.load(Relaxed) != 0
    }

    /// Stores `value`, and returns the one it replaced. Lock-free: if it has to try again, another
    /// sender was faster.
    pub(super) fn replace(&self, value: T) -> Ref<'static, T> {
        let mut current = self.slot.load();
        let value = Arc::new(Value::new(0, value));
        loop {
            value.set_version(current.version() + 1);
            match self.try_store(&current, Arc::clone(&value)) {
                Ok(()) => break,
                Err(faster) => current = faster,
            }
        }
        // If it was replaced meanwhile, this may drop it, which is user code: as this function returned, a panic
        // of that would leak what it returns (https://github.com/rust-lang/rust/issues/47949).
        drop(value);
        Ref::new(current, false)
    }

    /// Replaces the value by what `make` makes of it, if that is something. Lock-free: if `make` is called again, another
    /// sender was faster.
    pub(super) fn update(&self, mut make: impl FnMut(&T) -> Option<T>) -> bool {
        let mut current = self.slot.load();
        loop {
            // `make` observes it.
            self.state.raise(current.version());
            let Some(value) = make(&current) else { return false };
            let value = Value::new(current.version() + 1, value);
            match self.try_store(&current, Arc::new(value)) {
                Ok(()) => return true,
                Err(faster) => current = faster,
            }
        }
    }

    /// Stores `value` instead of `current`, and notifies the receivers that wait. Or returns what is there instead.
    fn try_store(&self, current: &Content<T>, value: Arc<Value<T>>) -> Result<(), Content<T>> {
        let version = value.version();
        // No other value can have got the address of `current`, which this keeps from being freed.
        let found = self.slot.compare_and_swap(current, value);
        if !Arc::ptr_eq(&found, current) {
            return Err(found);
        }
        if self.state.publish(version) {
            self.wait_list.notify_all();
        }
        Ok(())
    }
}

impl<T> CountsOwners for Shared<T> {
    fn wait_list(&self) -> &WaitList {
        &self.wait_list
    }

    /// Uncounts a receiver. The last one notifies the futures that wait for the receivers' end.
    fn uncount(&self) {
        // ORDERING: AcqRel. Release: what this receiver did comes before the receivers' end, and its node is vacant
        // before `count` says so. Acquire: the last receiver sees the same of all the others, and the nodes armed
        // before `ReceiverCount::confirm_open`.
        if self.receivers.count.fetch_sub(1, AcqRel) == 1 {
            self.receivers.notify_closed();
        }
    }
}
