//! The channels that people have put between the worker and the migrator.

#![forbid(unsafe_code)]

use crate::{gh_ost::Sentinel, memory::in_channel};
use clap::ValueEnum;
use overwrite_channel as overwrite;
use std::{
    iter,
    sync::{Arc, Condvar, Mutex, mpsc},
    time::Instant,
};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Policy {
    /// A channel without a buffer.
    Rendezvous,
    /// A buffer of `--max-retries`, made in a child process first.
    Bounded,
    /// A buffer of one; a sentinel that finds it full is dropped.
    DropNewest,
    /// A buffer of one; a send that finds it full empties it first, as in gh-ost today.
    DrainThenSend,
    /// This crate's `send`: the latest to arrive replaces the unread sentinel.
    Send,
    /// This crate's `send_newest`: the newest stays, whatever the order of arrival.
    SendNewest,
}

/// The worker's end: sends a sentinel. Hands back the sentinel that it displaced, or the same
/// sentinel if the channel did not keep it. Fails if the migrator is gone.
pub(crate) type Outbox = Box<dyn FnMut(Sentinel) -> Result<Option<Sentinel>, ()> + Send>;

/// The migrator's end: receives until a sentinel is wanted or the deadline has passed.
pub(crate) type Inbox =
    Box<dyn FnMut(Instant, &mut dyn FnMut(&Sentinel) -> bool) -> Option<Sentinel> + Send>;

impl Policy {
    /// Opens a channel with this policy. The boxes do not count as the channel's memory.
    pub(crate) fn open(self, max_retries: u64) -> (Outbox, Inbox) {
        match self {
            Self::Rendezvous => blocking(0),
            Self::Bounded => blocking(max_retries.try_into().unwrap_or(usize::MAX)),
            Self::DropNewest => {
                let (tx, rx) = in_channel(|| mpsc::sync_channel(1));
                let send = move |new| match tx.try_send(new) {
                    Ok(()) => Ok(None),
                    Err(mpsc::TrySendError::Full(new)) => Ok(Some(new)),
                    Err(mpsc::TrySendError::Disconnected(_)) => Err(()),
                };
                (Box::new(send), std_inbox(rx))
            }
            Self::DrainThenSend => {
                let tx = in_channel(Arc::<GoChannel>::default);
                let rx = Arc::clone(&tx);
                let receive = inbox(move |deadline| rx.recv_deadline(deadline));
                (Box::new(move |new| Ok(tx.drain_then_send(new))), receive)
            }
            Self::Send => {
                let (mut tx, rx) = in_channel(overwrite::channel);
                (Box::new(move |new| tx.send(new).map_err(drop)), overwrite_inbox(rx))
            }
            Self::SendNewest => {
                let (mut tx, rx) = in_channel(overwrite::channel);
                (Box::new(move |new| tx.send_newest(new).map_err(drop)), overwrite_inbox(rx))
            }
        }
    }
}

/// A channel of `std` with that many places, whose sends wait for a place.
fn blocking(places: usize) -> (Outbox, Inbox) {
    let (tx, rx) = in_channel(|| mpsc::sync_channel(places));
    (Box::new(move |new| tx.send(new).map(|()| None).map_err(drop)), std_inbox(rx))
}

fn overwrite_inbox(mut rx: overwrite::Receiver<Sentinel>) -> Inbox {
    Box::new(move |deadline, wanted| rx.recv_matching_deadline(deadline, wanted).ok())
}

fn std_inbox(rx: mpsc::Receiver<Sentinel>) -> Inbox {
    inbox(move |deadline| rx.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok())
}

/// Makes up for a channel without `recv_matching_deadline`.
fn inbox(mut receive: impl FnMut(Instant) -> Option<Sentinel> + Send + 'static) -> Inbox {
    Box::new(move |deadline, wanted| iter::from_fn(|| receive(deadline)).find(wanted))
}

/// A Go channel with a buffer of one: a lock, under which each `select` is one step.
///
/// `std`'s channel cannot stand in for it, because here the sender receives too.
#[derive(Default)]
struct GoChannel {
    buffer: Mutex<Option<Sentinel>>,
    filled: Condvar,
}

impl GoChannel {
    /// Makes up to three steps; between two of them anything may happen.
    fn drain_then_send(&self, new: Sentinel) -> Option<Sentinel> {
        let new = self.try_send(new)?;
        let stale = self.buffer.lock().unwrap().take();
        self.try_send(new).or(stale)
    }

    /// `select { case channel <- new: default: }`; hands `new` back if the buffer is full.
    fn try_send(&self, new: Sentinel) -> Option<Sentinel> {
        let mut buffer = self.buffer.lock().unwrap();
        if buffer.is_some() {
            return Some(new);
        }
        *buffer = Some(new);
        self.filled.notify_one();
        None
    }

    /// `select { case value := <-channel: case <-timeout: }`
    fn recv_deadline(&self, deadline: Instant) -> Option<Sentinel> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let buffer = self.buffer.lock().unwrap();
        let empty = |buffer: &mut Option<_>| buffer.is_none();
        self.filled.wait_timeout_while(buffer, timeout, empty).unwrap().0.take()
    }
}
