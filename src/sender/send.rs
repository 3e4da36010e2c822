//! Sending, whoever owns the node: what `Sender` and `SharedSender` have in common.

use crate::{
    SendError,
    block::Shared,
    node::{Node, Spare},
};
use core::mem::ManuallyDrop;

impl<T> Shared<T> {
    #[inline]
    pub(super) fn send(&self, spare: &mut Spare<T>, value: T) -> Result<Option<T>, SendError<T>> {
        if !self.has_receivers() {
            return Err(SendError(value));
        }
        Ok(self.put(spare, value))
    }

    pub(super) fn send_newest_by_key<K: Ord>(
        &self,
        spare: &mut Spare<T>,
        value: T,
        mut key: impl FnMut(&T) -> K,
    ) -> Result<Option<T>, SendError<T>> {
        if !self.has_receivers() {
            drop(key); // not as this returns: see below
            return Err(SendError(value));
        }
        let mut newest = key(&value);
        let mut held = value;
        let mut first = true;
        let not_kept = loop {
            let put = spare.as_ptr();
            let Some(displaced) = self.put(spare, held) else {
                break None;
            };
            let looked_at = LookedAt {
                shared: self,
                spare,
                // What a later round put in came from the slot: it may not be withdrawn.
                withdraw: first.then_some(put),
                value: ManuallyDrop::new(displaced),
            };
            let found = key(&looked_at.value);
            let is_newer = found > newest;
            // Dropping a key is user code, too: before the displaced value leaves its guard.
            if is_newer {
                newest = found;
            } else {
                drop(found);
            }
            held = looked_at.into_inner();
            if !is_newer {
                break Some(held);
            }
            first = false;
        };
        // Dropping these is user code. As this function returned, a panic of theirs would leak what it returns
        // (https://github.com/rust-lang/rust/issues/47949).
        drop(newest);
        drop(key);
        Ok(not_kept)
    }
}

/// A displaced value while user code looks at it. If that panics, the value goes back to where it
/// was and what had been put in its place is withdrawn; or, if that cannot be, the value is dropped.
struct LookedAt<'a, T> {
    shared: &'a Shared<T>,
    spare: &'a mut Spare<T>,
    withdraw: Option<*mut Node<T>>,
    value: ManuallyDrop<T>,
}

impl<T> LookedAt<'_, T> {
    fn into_inner(self) -> T {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` is not dropped, so the value is taken once.
        unsafe { ManuallyDrop::take(&mut this.value) }
    }
}

impl<T> Drop for LookedAt<'_, T> {
    fn drop(&mut self) {
        // SAFETY: nothing touches the value after this.
        let value = unsafe { ManuallyDrop::take(&mut self.value) };
        let _dropped = match self.withdraw {
            Some(put) => self.shared.slot.restore(self.spare, put, value),
            None => value,
        };
    }
}
