//! Waiting for the receivers' end.

use super::{Armed, Budget, ListOwner, OnceBox, Registration, WaitList, Waiter, count, reschedule};
use crate::sync::AtomicUsize;
use core::{
    fmt,
    future::Future,
    panic::{RefUnwindSafe, UnwindSafe},
    pin::Pin,
    ptr::NonNull,
    sync::atomic::Ordering::{AcqRel, Release},
    task::{Context, Poll, ready},
};

/// The receivers, as senders see them: how many there are, and the futures that wait until there are none.
#[repr(C)]
pub(crate) struct ReceiverCount {
    pub(crate) count: AtomicUsize,
    /// Made by the first future that waits. In a static channel it is there.
    closing: OnceBox<Closing>,
}

/// The futures that wait for the receivers' end.
pub(super) struct Closing {
    futures: AtomicUsize,
    wait_list: WaitList,
}

impl Closing {
    pub(super) fn new(wait_list: WaitList) -> Self {
        Self { futures: AtomicUsize::new(0), wait_list }
    }
}

impl ReceiverCount {
    /// Counts one receiver, and no future that waits.
    pub(crate) fn one() -> Self {
        Self { count: AtomicUsize::new(1), closing: OnceBox::new() }
    }

    /// Counts one receiver, of a static channel.
    ///
    /// # Safety
    /// As of [`OnceBox::lent`].
    pub(super) unsafe fn one_of_static(closing: &'static Closing) -> Self {
        // SAFETY: as the caller promises.
        Self { closing: unsafe { OnceBox::lent(NonNull::from(closing)) }, ..Self::one() }
    }

    /// Notifies the futures that wait for the receivers' end. The caller was the last receiver, and has acquired the count.
    pub(crate) fn notify_closed(&self) {
        if let Some(closing) = self.closing.get() {
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

    /// Counts a future, and claims a node for it; `None` if there are as many as a static channel has room for.
    fn register(&self) -> Option<Registration<CountedFuture<'_>>> {
        #[cfg(feature = "alloc")]
        let closing = self.closing.get_or_init(|| Closing::new(WaitList::new()));
        #[cfg(not(feature = "alloc"))]
        let closing = self.closing.get()?;
        let futures = count(&closing.futures);
        let future = CountedFuture(closing);
        closing.wait_list.has_room_for(futures).then(|| Registration::new(future, futures))
    }
}

/// A future that is counted among those that wait. The drop uncounts it.
struct CountedFuture<'a>(&'a Closing);

// SAFETY: the list is borrowed.
unsafe impl ListOwner for CountedFuture<'_> {
    fn wait_list(&self) -> &WaitList {
        &self.0.wait_list
    }
}

impl Drop for CountedFuture<'_> {
    fn drop(&mut self) {
        // ORDERING: Release pairs with the Acquire of `count`: the node is vacant.
        self.0.futures.fetch_sub(1, Release);
    }
}

/// The future of `closed`, a method of every sender: see [`Sender::closed`](crate::Sender::closed).
#[must_use = "futures do nothing unless they are polled"]
pub struct ClosedFuture<'a> {
    /// `None` once the future was ready.
    receivers: Option<&'a ReceiverCount>,
    /// The sender's.
    budget: &'a Budget,
    /// `None` before the first poll that waits.
    registration: Option<Registration<CountedFuture<'a>>>,
}

// No panic leaves a wait half done.
impl UnwindSafe for ClosedFuture<'_> {}
impl RefUnwindSafe for ClosedFuture<'_> {}

impl<'a> ClosedFuture<'a> {
    pub(crate) fn new(receivers: &'a ReceiverCount, budget: &'a Budget) -> Self {
        Self { receivers: Some(receivers), budget, registration: None }
    }

    /// Stops waiting. Returns the waiter, if no notifier has taken it: dropping a waker is user code.
    fn release(&mut self) -> Option<Waiter> {
        let mut registration = self.registration.take()?;
        registration.disarm().into_waiter()
    }
}

impl Future for ClosedFuture<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let receivers = self.receivers.expect("`ClosedFuture` polled after it had finished");
        ready!(self.budget.poll_proceed(cx.waker()));
        let last = self.registration.as_mut().and_then(|node| node.disarm().into_waiter());
        if receivers.confirm_open() {
            if self.registration.is_none() {
                self.registration = receivers.register();
            }
            let Some(registration) = &mut self.registration else {
                return reschedule(cx.waker());
            };
            if !registration.arm(Armed::InCall, Waiter::task(last, cx.waker())) {
                return reschedule(cx.waker());
            }
            if receivers.confirm_open() {
                return self.budget.charge(Poll::Pending);
            }
        }
        // Dropped last: a waker's drop is user code.
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
