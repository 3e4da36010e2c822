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
    let mut owed = Owed::new(&access);
    loop {
        if !access.channel().slot.is_empty() {
            owed.must_notify |= owed.wait_list.lower_may_stall();
        }
        // While it owes a notification, its exchange sets `WAITING`: a send notifies meanwhile, however long `merge` takes.
        if let Some(unread) = access.take(owed.must_notify, || owed.must_notify = true) {
            owed.has_taken = true;
            value = merge(unread, value);
        }
        match access.put_if_empty(value, || owed.must_notify = true) {
            Ok(()) => return Ok(owed.has_taken),
            Err(held) => value = held,
        }
    }
}

/// See `Sender::withdraw`.
pub(super) fn withdraw<T>(mut access: Access<'_, T>) -> Option<T> {
    let mut owed = Owed::new(&access);
    let value = access.take(false, || owed.must_notify = true);
    owed.has_taken = value.is_some();
    drop(owed); // not as this returns: see above
    value
}

/// Notifies a receiver at the end of a call that takes values, if it owes that: after `send_merged` has put its value in, because a
/// waker that panics must not lose it; or while a panic of `merge` unwinds.
struct Owed<'a> {
    wait_list: &'a WaitList,
    /// The call has removed `WAITING` (I3), or has lowered the flag that a task may be stalled.
    must_notify: bool,
    /// It took a value of which a task may have been notified, which may stall. The next send finds the slot empty, and would not
    /// notify another receiver.
    has_taken: bool,
}

impl<'a> Owed<'a> {
    fn new<T>(access: &Access<'a, T>) -> Self {
        let wait_list = &access.channel().counts.wait_list;
        Self { wait_list, must_notify: false, has_taken: false }
    }
}

impl Drop for Owed<'_> {
    fn drop(&mut self) {
        // A notifier may have raised the flag after the call looked.
        self.must_notify |= self.has_taken && self.wait_list.lower_may_stall();
        if self.must_notify {
            self.wait_list.notify_one();
        }
    }
}
