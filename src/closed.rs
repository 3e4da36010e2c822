//! Waiting for the receivers' end.

use crate::{
    channel::count,
    sync::{AtomicPtr, AtomicUsize},
    wait::{Armed, Budget, Disarmed, Registration, WaitList, Waiter, reschedule},
};
use alloc::boxed::Box;
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    ptr,
    sync::atomic::Ordering::{AcqRel, Acquire, Release},
    task::{Context, Poll, ready},
};

/// The receivers, as senders see them: how many there are, and who waits for their end.
#[repr(C)]
pub(crate) struct Receivers {
    pub(crate) count: AtomicUsize,
    /// Made by the first future that waits; null before.
    closing: AtomicPtr<Closing>,
}

/// The futures that wait for the receivers' end.
struct Closing {
    futures: AtomicUsize,
    wait_list: WaitList,
}

impl Receivers {
    /// One receiver, and no future that waits.
    pub(crate) fn one() -> Self {
        Self { count: AtomicUsize::new(1), closing: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Notifies all that wait for the receivers' end. The caller was the last receiver, and has acquired the count.
    pub(crate) fn notify_closed(&self) {
        // ORDERING: Acquire pairs with the Release of `closing`: the list is initialised.
        let closing = self.closing.load(Acquire);
        // SAFETY: null, or the list that `closing` has published, which is freed with `self`.
        if let Some(closing) = unsafe { closing.as_ref() } {
            closing.wait_list.notify_all();
        }
    }

    /// Returns `true` if there is a receiver left that, if it is the last to go, sees the node that this thread has
    /// armed.
    fn confirm_open(&self) -> bool {
        // ORDERING: AcqRel. Release, and a write, to stand before or after the last receiver's decrement; if before,
        // that receiver sees the armed node. Acquire pairs with the same, if after: what the receivers did is seen.
        self.count.fetch_add(0, AcqRel) != 0
    }

    fn closing(&self) -> &Closing {
        // ORDERING: Acquire pairs with the Release below: the list is initialised.
        let mut closing = self.closing.load(Acquire);
        if closing.is_null() {
            let fresh = Closing { futures: AtomicUsize::new(0), wait_list: WaitList::new() };
            let fresh = Box::into_raw(Box::new(fresh));
            // ORDERING: Release publishes the list. Acquire when it fails, as above.
            closing = match self.closing.compare_exchange(closing, fresh, Release, Acquire) {
                Ok(_) => fresh,
                Err(found) => {
                    // SAFETY: it was not published, so it still belongs to this thread alone.
                    drop(unsafe { Box::from_raw(fresh) });
                    found
                }
            };
        }
        // SAFETY: it is published, and freed with `self`.
        unsafe { &*closing }
    }
}

impl Drop for Receivers {
    fn drop(&mut self) {
        // ORDERING: Acquire, as in `notify_closed`.
        let closing = self.closing.load(Acquire);
        if !closing.is_null() {
            // SAFETY: it was leaked from a box once, and no future is left that borrows from `self`.
            drop(unsafe { Box::from_raw(closing) });
        }
    }
}

/// The future of `closed`: of [`Sender::closed`](crate::Sender::closed), and of its like.
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<'a> {
    /// Until it is finished.
    receivers: Option<&'a Receivers>,
    /// The sender's.
    budget: &'a Budget,
    /// From the first poll that waits.
    registration: Option<Registration<'a>>,
}

// No panic leaves a wait half done.
impl UnwindSafe for ClosedFuture<'_> {}
impl RefUnwindSafe for ClosedFuture<'_> {}

impl<'a> ClosedFuture<'a> {
    pub(crate) fn new(receivers: &'a Receivers, budget: &'a Budget) -> Self {
        Self { receivers: Some(receivers), budget, registration: None }
    }

    /// Stops waiting. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    fn release(&mut self) -> Option<Waiter> {
        let mut registration = self.registration.take()?;
        let closing = self.receivers?.closing();
        let disarmed = registration.disarm();
        closing.wait_list.release(&registration);
        // ORDERING: Release pairs with the Acquire of `count`: the node is vacant.
        closing.futures.fetch_sub(1, Release);
        match disarmed {
            Disarmed::Cancelled(waiter) => Some(waiter),
            Disarmed::Idle | Disarmed::Notified(_) => None,
        }
    }
}

impl Future for ClosedFuture<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let receivers = self.receivers.expect("`ClosedFuture` polled after it had finished");
        ready!(self.budget.poll_proceed(cx.waker()));
        let mut last = match self.registration.as_mut().map(Registration::disarm) {
            Some(Disarmed::Cancelled(waiter)) => Some(waiter),
            _ => None,
        };
        if receivers.confirm_open() {
            let Closing { futures, wait_list } = receivers.closing();
            let registration =
                self.registration.get_or_insert_with(|| wait_list.claim(count(futures)));
            if !wait_list.settle(registration) {
                return reschedule(cx.waker());
            }
            registration.arm(Armed::InCall, Waiter::task(last.take(), cx.waker()));
            if receivers.confirm_open() {
                return self.budget.charge(Poll::Pending);
            }
        }
        // Dropped last, as `last` is: a waker's drop is user code.
        let _left = self.release();
        self.receivers = None;
        self.budget.charge(Poll::Ready(()))
    }
}

#[cfg(feature = "stream")]
impl futures_core::FusedFuture for ClosedFuture<'_> {
    fn is_terminated(&self) -> bool {
        self.receivers.is_none()
    }
}

impl Drop for ClosedFuture<'_> {
    fn drop(&mut self) {
        drop(self.release());
    }
}

impl fmt::Debug for ClosedFuture<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClosedFuture").finish_non_exhaustive()
    }
}
