//! The handles that steps use, and what borrows from them.

use super::{Bytes, Interpreter, Poller, poller::InARow};
use overwrite_channel::ClosedFuture;
use std::{ptr::NonNull, task::Poll};
use support::panics::caught;

/// What stays where it is, so that a future may borrow it.
pub(crate) struct Lender<H>(NonNull<H>);

impl<H> Lender<H> {
    pub(crate) fn new(handle: H) -> Self {
        Self(NonNull::from(Box::leak(Box::new(handle))))
    }

    /// # Safety
    /// What was lent before is gone, and this will be before the lender is.
    pub(crate) unsafe fn lend<'a>(&self) -> &'a mut H {
        // SAFETY: it comes from a box, and this is its only use, as the caller promises.
        unsafe { &mut *self.0.as_ptr() }
    }

    /// # Safety
    /// What is lent so is gone before the lender is, and nothing is lent otherwise.
    unsafe fn share<'a>(&self) -> &'a H {
        // SAFETY: it comes from a box, and nothing writes to it, as the caller promises.
        unsafe { &*self.0.as_ptr() }
    }
}

impl<H> Drop for Lender<H> {
    fn drop(&mut self) {
        // SAFETY: nothing that was lent is left.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// Futures that wait for the receivers' end, one or many; and the waker that each left behind.
#[derive(Default)]
pub(crate) struct Closing {
    pub(super) waits: Vec<(ClosedFuture<'static>, Option<Poller>)>,
    pub(super) in_a_row: InARow,
    /// Since they were polled.
    pub(super) was_closed: bool,
}

impl Closing {
    /// Checks that each waker that was left behind was called once if the channel was closed since, and else never.
    pub(super) fn check(&mut self, is_closed: bool) {
        self.was_closed |= is_closed;
        for poller in self.waits.iter().flat_map(|(_, poller)| poller) {
            assert_eq!(poller.calls(), usize::from(self.was_closed), "wakes of `closed`");
        }
    }
}

/// A sender, with what borrows from it.
pub(crate) struct HeldSender<I: Interpreter> {
    // First what borrows, because what it borrows is dropped last.
    pub(crate) kept: Vec<I::Kept>,
    pub(super) closing: Closing,
    tx: Lender<I::Tx>,
}

impl<I: Interpreter> HeldSender<I> {
    pub(crate) fn new(tx: I::Tx) -> Self {
        Self { kept: Vec::new(), closing: Closing::default(), tx: Lender::new(tx) }
    }

    pub(crate) fn tx(&self) -> &'static I::Tx {
        // SAFETY: what borrows from it is used in the same step, or lies before it in this struct. What borrows it
        // mutably does so within one step.
        unsafe { self.tx.share() }
    }

    /// Returns the sender, from which nothing borrows any more.
    pub(crate) fn idle(&mut self) -> &'static mut I::Tx {
        self.kept.clear();
        for wait in self.closing.waits.drain(..) {
            caught(|| drop(wait));
        }
        // SAFETY: nothing that was lent is left, and the borrow ends with the call of the caller's.
        unsafe { self.tx.lend() }
    }
}

/// A poller that was answered `Pending`, and must be woken.
pub(crate) struct Asleep {
    pub(crate) poller: Poller,
    /// By a future, which may be forgotten by now. Else a waker was left behind.
    pub(crate) in_call: bool,
}

/// A receiver, with what borrows from it and what is known of it.
pub(crate) struct HeldReceiver<I: Interpreter> {
    // First what borrows, because what it borrows is dropped last.
    pub(crate) wait: Option<I::Waiting>,
    pub(crate) kept: Vec<I::Kept>,
    rx: Lender<I::Rx>,
    /// What the model knows of the receiver.
    pub(crate) known: I::Known,
    pub(crate) asleep: Option<Asleep>,
    /// A future was woken, and panicked before it could take a value or wait again. So the receiver has the baton until
    /// its next wait.
    pub(crate) owes: bool,
    /// Its stream has returned `None`, and was not marked as changed since.
    pub(crate) has_ended: bool,
    pub(crate) in_a_row: InARow,
}

impl<I: Interpreter> HeldReceiver<I> {
    pub(crate) fn new(rx: I::Rx, known: I::Known) -> Self {
        let (wait, kept, asleep, owes, has_ended, in_a_row) = Default::default();
        Self { wait, kept, rx: Lender::new(rx), known, asleep, owes, has_ended, in_a_row }
    }

    /// Returns the receiver, from which nothing borrows any more.
    pub(crate) fn idle(&mut self) -> &'static mut I::Rx {
        assert!(self.wait.is_none());
        self.kept.clear();
        // SAFETY: nothing that was lent is left. What borrows from it now is used in the same step, or lies before it
        // in this struct.
        unsafe { self.rx.lend() }
    }

    /// Returns the receiver, unless a future waits in it.
    pub(crate) fn rx(&self) -> Option<&'static I::Rx> {
        // SAFETY: as in `idle`; without a future, nothing borrows it mutably.
        self.wait.is_none().then(|| unsafe { self.rx.share() })
    }

    /// After a poll that did not yield, by `now`: it sleeps; or it is over; or a panic came out of it, and it may be
    /// polled again. The `last` poller is not needed any more.
    pub(crate) fn polled(
        &mut self,
        poll: Option<Poll<bool>>,
        now: Poller,
        last: Option<Asleep>,
        bytes: &mut Bytes<'_>,
    ) {
        match poll {
            Some(Poll::Pending) => {
                now.check_clones(true);
                if let Some(last) = &last {
                    last.poller.check_released();
                }
                self.asleep = Some(Asleep { poller: now, in_call: self.wait.is_some() });
                caught(|| drop(last));
            }
            None if self.wait.is_some() && bytes.one_in(2) => drop(caught(|| drop((last, now)))),
            poll => {
                if poll.is_some() {
                    now.check_clones(false);
                }
                if let (Some(_), Some(last)) = (poll, &last) {
                    last.poller.check_released();
                }
                self.end_wait((last, now));
            }
        }
    }

    /// Drops the future, what it borrows, and then its pollers. All may panic.
    pub(crate) fn end_wait(&mut self, pollers: impl Sized) {
        self.owes = false;
        let wait = self.wait.take();
        caught(|| drop(wait));
        caught(|| self.kept.clear());
        caught(|| drop(pollers));
    }
}
