//! The handles, who borrows from them, and who sleeps there.

use crate::mishaps::{Closing, InARow, Lender, Sleeper, Value, caught};
use futures::future::FusedFuture;
use overwrite_channel::{
    ClosedFuture, Receiver, RecvError, RecvFuture, RecvMatchingFuture, SendError, Sender,
    SharedSender,
};
use std::{
    future::Future,
    mem,
    pin::Pin,
    task::{Context, Poll},
};

pub(super) type Predicate = Box<dyn FnMut(&Value) -> bool>;

pub(super) enum Wait {
    Any(RecvFuture<'static, Value>),
    /// And the predicate, which it borrows: when the one is forgotten, the other is not.
    Matching(RecvMatchingFuture<'static, Value, &'static mut Predicate>, Lender<Predicate>),
}

impl Wait {
    pub(super) fn new(rx: &'static mut Receiver<Value>, predicate: Option<Predicate>) -> Self {
        let Some(predicate) = predicate else { return Self::Any(rx.recv_async()) };
        let predicate = Lender::new(predicate);
        // SAFETY: the future is dropped, or forgotten, before the lender is.
        Self::Matching(rx.recv_matching_async(unsafe { predicate.lend() }), predicate)
    }

    pub(super) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<Value, RecvError>> {
        match self {
            Self::Any(future) => Pin::new(future).poll(cx),
            Self::Matching(future, _) => Pin::new(future).poll(cx),
        }
    }

    pub(super) fn is_matching(&self) -> bool {
        matches!(self, Self::Matching(..))
    }

    pub(super) fn is_terminated(&self) -> bool {
        match self {
            Self::Any(future) => future.is_terminated(),
            Self::Matching(future, _) => future.is_terminated(),
        }
    }

    pub(super) fn forget(self) {
        match self {
            Self::Any(future) => mem::forget(future),
            Self::Matching(future, predicate) => {
                mem::forget(future);
                drop(predicate);
            }
        }
    }
}

/// Who was told `Pending`, and must be woken.
pub(super) struct Asleep {
    pub(super) sleeper: Sleeper,
    /// By a future, which may be forgotten by now; else a waker was left behind.
    pub(super) in_call: bool,
}

/// A receiver.
pub(super) struct Seat {
    /// First, because what it borrows is dropped last.
    pub(super) wait: Option<Wait>,
    rx: Lender<Receiver<Value>>,
    pub(super) asleep: Option<Asleep>,
    /// A future was woken, and has panicked before it could take a value or wait again: so it still owes the
    /// others that wake, until the next wait.
    pub(super) owes: bool,
    /// Its stream has returned `None`.
    pub(super) has_ended: bool,
    pub(super) in_a_row: InARow,
}

impl Seat {
    pub(super) fn new(rx: Receiver<Value>) -> Self {
        Self {
            wait: None,
            rx: Lender::new(rx),
            asleep: None,
            owes: false,
            has_ended: false,
            in_a_row: InARow::default(),
        }
    }

    /// Nobody waits in it.
    pub(super) fn idle(&mut self) -> &'static mut Receiver<Value> {
        assert!(self.wait.is_none());
        // SAFETY: no future is there. What borrows from it now is used in the same step, or lies before it in its seat.
        unsafe { self.rx.lend() }
    }

    pub(super) fn rx(&self) -> Option<&'static Receiver<Value>> {
        // SAFETY: as in `idle`; without a future, nobody borrows it mutably.
        self.wait.is_none().then(|| unsafe { self.rx.share() })
    }

    /// A future was polled there, and is neither polled again nor dropped.
    pub(super) fn has_forgotten(&self) -> bool {
        let in_call = self.asleep.as_ref().is_some_and(|asleep| asleep.in_call);
        self.wait.is_none() && (in_call || self.owes)
    }

    /// A call that blocks begins by making up for a forgotten future; and if it parks, it drops the waker that a
    /// poll left behind.
    pub(super) fn begin(&mut self, may_park: bool) -> Option<Asleep> {
        let goes = may_park || self.has_forgotten();
        self.owes = false;
        if goes { self.asleep.take() } else { None }
    }
}

pub(super) enum Handle {
    Own(Sender<Value>),
    Shared(SharedSender<Value>),
}

impl Handle {
    pub(super) fn send(&mut self, value: Value) -> Result<Option<Value>, SendError<Value>> {
        match self {
            Self::Own(tx) => tx.send(value),
            Self::Shared(tx) => tx.send(value),
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Own(tx) => tx.is_closed(),
            Self::Shared(tx) => tx.is_closed(),
        }
    }

    pub(super) fn duplicate(&self) -> Self {
        match self {
            Self::Own(tx) => Self::Own(tx.clone()),
            Self::Shared(tx) => Self::Shared(tx.clone()),
        }
    }

    pub(super) fn closed(&self) -> ClosedFuture<'_> {
        match self {
            Self::Own(tx) => tx.closed(),
            Self::Shared(tx) => tx.closed(),
        }
    }

    /// Only those of one kind can be asked.
    pub(super) fn same_channel(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Own(tx), Self::Own(other)) => Some(tx.same_channel(other)),
            (Self::Shared(tx), Self::Shared(other)) => Some(tx.same_channel(other)),
            _ => None,
        }
    }
}

/// A sender.
pub(super) struct Desk {
    pub(super) closed: Option<(ClosedFuture<'static>, Option<Sleeper>)>,
    pub(super) in_a_row: InARow,

    pub(super) closing: Closing,
    tx: Lender<Handle>,
}

impl Desk {
    pub(super) fn new(tx: Handle) -> Self {
        Self {
            closed: None,
            in_a_row: InARow::default(),
            closing: Closing::default(),
            tx: Lender::new(tx),
        }
    }

    pub(super) fn tx(&self) -> &'static Handle {
        // SAFETY: what borrows from it is used in the same step, or lies before it in its desk. Who borrows it mutably
        // does so within one step.
        unsafe { self.tx.share() }
    }

    /// Nobody borrows from it any more.
    pub(super) fn idle(&mut self) -> &'static mut Handle {
        let closed = self.closed.take();
        caught(|| drop(closed));
        self.closing.end();
        // SAFETY: no future is there, and the borrow ends with the call of the caller's.
        unsafe { self.tx.lend() }
    }
}
