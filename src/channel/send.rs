//! The calls that both senders share, each with the access of a handle of either kind.

#![forbid(unsafe_code)]

use crate::{SendError, core::Access, wait::WaitList};

/// See `Sender::send`.
#[inline]
pub(super) fn send<T>(mut access: Access<'_, T>, value: T) -> Result<Option<T>, SendError<T>> {
    if !access.channel().counts.has_receivers() {
        return Err(SendError(value));
    }
    let displaced = access.put(value);
    if displaced.is_some() {
        access.channel().counts.wait_list.notify_past_stalled();
    }
    Ok(displaced)
}

/// See `Sender::send_newest_by_key`.
pub(super) fn send_newest_by_key<T, K: Ord>(
    mut access: Access<'_, T>,
    value: T,
    mut key: impl FnMut(&T) -> K,
) -> Result<Option<T>, SendError<T>> {
    if !access.channel().counts.has_receivers() {
        drop(key); // not as this returns: see below
        return Err(SendError(value));
    }
    let mut newest = key(&value);
    let mut displaced = access.put(value);
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
        displaced = access.put(held);
    };
    if has_replaced {
        access.channel().counts.wait_list.notify_past_stalled();
    }
    // Dropping these is user code. As this function returned, a panic of theirs would leak what it returns
    // (https://github.com/rust-lang/rust/issues/47949).
    drop(newest);
    drop(key);
    Ok(not_kept)
}

/// See `Sender::send_merged`.
pub(super) fn send_merged<T>(
    mut access: Access<'_, T>,
    mut value: T,
    mut merge: impl FnMut(T, T) -> T,
) -> Result<bool, SendError<T>> {
    if !access.channel().counts.has_receivers() {
        drop(merge); // not as this returns: see above
        return Err(SendError(value));
    }
    let mut taken_back = None;
    loop {
        if let Some(unread) = access.take() {
            // One for all: to drop one here would notify with the values in hand, which a panic of a waker would lose.
            let wait_list = &access.channel().counts.wait_list;
            taken_back.get_or_insert_with(|| TakenBack(wait_list));
            value = merge(unread, value);
        }
        match access.put_if_empty(value) {
            Ok(()) => break,
            Err(held) => value = held,
        }
    }
    let has_merged = taken_back.is_some();
    // Notifies, with the value in the slot. If `merge` panics, the drop notifies while that unwinds.
    drop(taken_back);
    Ok(has_merged)
}

/// See `Sender::withdraw`.
pub(super) fn withdraw<T>(mut access: Access<'_, T>) -> Option<T> {
    let value = access.take()?;
    drop(TakenBack(&access.channel().counts.wait_list));
    Some(value)
}

/// A sender took a value of which a task may have been notified, which may stall. The drop notifies one more receiver, because the
/// next send finds the slot empty and would not.
struct TakenBack<'a>(&'a WaitList);

impl Drop for TakenBack<'_> {
    fn drop(&mut self) {
        self.0.notify_past_stalled();
    }
}
