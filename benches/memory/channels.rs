//! A channel with room for a sentinel of every attempt, behind one trait; and the slot, which needs no room.

use std::{
    pin::pin,
    sync::mpsc,
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

/// "All events up to the lock are applied", as gh-ost's worker says it; 16 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sentinel {
    /// Of the attempt that asked for it.
    pub(crate) challenge: u64,
    /// Where in the log the challenge stands.
    pub(crate) coordinates: u64,
}

impl Sentinel {
    pub(crate) fn of(challenge: u64) -> Self {
        Self { challenge, coordinates: !challenge }
    }
}

/// Both halves of a channel of sentinels.
pub(crate) trait Channel: Send + Sized {
    const NAME: &'static str;
    /// Does the receiver get every value that was accepted, the oldest first?
    const KEEPS_ALL: bool;

    fn new(capacity: usize) -> Self;
    /// Sends without waiting. False if the channel is full, and so refuses.
    fn send(&mut self, sentinel: Sentinel) -> bool;
    /// The next sentinel. None after the deadline, and for a channel whose receivers are tasks if there is
    /// none at once.
    fn receive(&mut self, deadline: Instant) -> Option<Sentinel>;

    /// gh-ost's loop: the sentinel that answers the challenge, and how many others were received before it.
    fn wait_for(&mut self, challenge: u64, deadline: Instant) -> Option<(Sentinel, u64)> {
        let mut stale = 0;
        loop {
            let sentinel = self.receive(deadline)?;
            if sentinel.challenge == challenge {
                return Some((sentinel, stale));
            }
            stale += 1;
        }
    }
}

/// What a task gets that looks once.
pub(crate) fn at_once<F: Future>(future: F) -> Option<F::Output> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}

fn left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

pub(crate) struct Overwrite {
    tx: overwrite_channel::Sender<Sentinel>,
    rx: overwrite_channel::Receiver<Sentinel>,
}

impl Channel for Overwrite {
    const NAME: &'static str = "overwrite_channel";
    const KEEPS_ALL: bool = false;

    fn new(_: usize) -> Self {
        let (tx, rx) = overwrite_channel::channel();
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.send(sentinel).is_ok()
    }

    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        self.rx.recv_deadline(deadline).ok()
    }
}

pub(crate) struct Watch {
    tx: overwrite_channel::watch::Sender<Sentinel>,
    rx: overwrite_channel::watch::Receiver<Sentinel>,
}

impl Channel for Watch {
    const NAME: &'static str = "overwrite_channel::watch";
    const KEEPS_ALL: bool = false;

    /// It has a value from the beginning, which counts as seen.
    fn new(_: usize) -> Self {
        let (tx, rx) = overwrite_channel::watch::channel(Sentinel::of(u64::MAX));
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.send(sentinel).is_ok()
    }

    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        self.rx.blocking_changed_deadline(deadline).ok()?;
        Some(*self.rx.borrow_and_update())
    }
}

pub(crate) struct SyncChannel {
    tx: mpsc::SyncSender<Sentinel>,
    rx: mpsc::Receiver<Sentinel>,
}

impl Channel for SyncChannel {
    const NAME: &'static str = "std sync_channel";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = mpsc::sync_channel(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.try_send(sentinel).is_ok()
    }

    /// It knows no deadline, and what is left is asked for only if there is something to wait for.
    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        self.rx.try_recv().ok().or_else(|| self.rx.recv_timeout(left(deadline)).ok())
    }
}

pub(crate) struct Crossbeam {
    tx: crossbeam_channel::Sender<Sentinel>,
    rx: crossbeam_channel::Receiver<Sentinel>,
}

impl Channel for Crossbeam {
    const NAME: &'static str = "crossbeam-channel";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = crossbeam_channel::bounded(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.try_send(sentinel).is_ok()
    }

    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        self.rx.recv_deadline(deadline).ok()
    }
}

pub(crate) struct Flume {
    tx: flume::Sender<Sentinel>,
    rx: flume::Receiver<Sentinel>,
}

impl Channel for Flume {
    const NAME: &'static str = "flume";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = flume::bounded(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.try_send(sentinel).is_ok()
    }

    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        self.rx.recv_deadline(deadline).ok()
    }
}

pub(crate) struct Kanal {
    tx: kanal::Sender<Sentinel>,
    rx: kanal::Receiver<Sentinel>,
}

impl Channel for Kanal {
    const NAME: &'static str = "kanal";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = kanal::bounded(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        matches!(self.tx.try_send(sentinel), Ok(true))
    }

    /// As for std's.
    fn receive(&mut self, deadline: Instant) -> Option<Sentinel> {
        let now = self.rx.try_recv().ok().flatten();
        now.or_else(|| self.rx.recv_timeout(left(deadline)).ok())
    }
}

pub(crate) struct AsyncChannel {
    tx: async_channel::Sender<Sentinel>,
    rx: async_channel::Receiver<Sentinel>,
}

impl Channel for AsyncChannel {
    const NAME: &'static str = "async-channel";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = async_channel::bounded(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.try_send(sentinel).is_ok()
    }

    fn receive(&mut self, _: Instant) -> Option<Sentinel> {
        at_once(self.rx.recv())?.ok()
    }
}

pub(crate) struct TokioMpsc {
    tx: tokio::sync::mpsc::Sender<Sentinel>,
    rx: tokio::sync::mpsc::Receiver<Sentinel>,
}

impl Channel for TokioMpsc {
    const NAME: &'static str = "tokio mpsc";
    const KEEPS_ALL: bool = true;

    fn new(capacity: usize) -> Self {
        let (tx, rx) = tokio::sync::mpsc::channel(capacity);
        Self { tx, rx }
    }

    fn send(&mut self, sentinel: Sentinel) -> bool {
        self.tx.try_send(sentinel).is_ok()
    }

    fn receive(&mut self, _: Instant) -> Option<Sentinel> {
        at_once(self.rx.recv())?
    }
}
