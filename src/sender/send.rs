//! Sending, whoever owns the node: what `Sender` and `SharedSender` have in common.

#![forbid(unsafe_code)]

use crate::{SendError, block::Shared, node::Spare};

impl<T> Shared<T> {
    #[inline]
    pub(super) fn send(&self, spare: &mut Spare<T>, value: T) -> Result<Option<T>, SendError<T>> {
        if !self.has_receivers() {
            return Err(SendError(value));
        }
        let displaced = self.put(spare, value);
        if displaced.is_some() {
            self.counts.wait_list.notify_past_stalled();
        }
        Ok(displaced)
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
        let mut displaced = self.put(spare, value);
        let has_replaced = displaced.is_some();
        let not_kept = loop {
            // A panic of `key`, of the comparison or of a key's drop drops this value, and no other.
            let Some(held) = displaced else { break None };
            let found = key(&held);
            if found > newest {
                newest = found;
            } else {
                drop(found); // before `held` leaves for where a panic would leak it: see below
                break Some(held);
            }
            displaced = self.put(spare, held);
        };
        if has_replaced {
            self.counts.wait_list.notify_past_stalled();
        }
        // Dropping these is user code. As this function returned, a panic of theirs would leak what it returns
        // (https://github.com/rust-lang/rust/issues/47949).
        drop(newest);
        drop(key);
        Ok(not_kept)
    }
}
