//! The channels that people have put between the worker and the migrator.

#![forbid(unsafe_code)]

use crate::{go_channel::GoChannel, sentinel::Sentinel};
use overwrite_channel as overwrite;
use std::{
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    time::Instant,
};

/// A way to make the channel.
pub(crate) trait Policy {
    fn open(max_retries: usize) -> (impl Outbox, impl Inbox);
}

/// The worker's end.
pub(crate) trait Outbox: Send {
    fn send(&mut self, sentinel: Sentinel) -> Sent;
}

/// The migrator's end.
pub(crate) trait Inbox: Send {
    /// Takes sentinels until one is `wanted` or the deadline has passed.
    fn wait_for(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&Sentinel) -> bool,
    ) -> Option<Sentinel>;
}

/// What became of a send.
pub(crate) enum Sent {
    Kept,
    /// It was kept, and this one gave way to it.
    InPlaceOf(Sentinel),
    /// It was not kept.
    Dropped,
    /// The migrator is gone.
    Closed,
}

/// A channel without a buffer: a send waits for its receive.
pub(crate) struct Rendezvous;

impl Policy for Rendezvous {
    fn open(_max_retries: usize) -> (impl Outbox, impl Inbox) {
        sync_channel(0)
    }
}

/// A buffer with room for the sentinel of every attempt there may ever be.
pub(crate) struct Bounded;

impl Policy for Bounded {
    fn open(max_retries: usize) -> (impl Outbox, impl Inbox) {
        sync_channel(max_retries)
    }
}

impl Outbox for SyncSender<Sentinel> {
    fn send(&mut self, sentinel: Sentinel) -> Sent {
        match SyncSender::send(self, sentinel) {
            Ok(()) => Sent::Kept,
            Err(_) => Sent::Closed,
        }
    }
}

impl Inbox for Receiver<Sentinel> {
    fn wait_for(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&Sentinel) -> bool,
    ) -> Option<Sentinel> {
        wait_for(deadline, wanted, |left| {
            self.recv_timeout(left.saturating_duration_since(Instant::now())).ok()
        })
    }
}

/// A buffer of one; a sentinel that finds it full is dropped.
pub(crate) struct DropNewest(SyncSender<Sentinel>);

impl Policy for DropNewest {
    fn open(_max_retries: usize) -> (impl Outbox, impl Inbox) {
        let (tx, rx) = sync_channel(1);
        (Self(tx), rx)
    }
}

impl Outbox for DropNewest {
    fn send(&mut self, sentinel: Sentinel) -> Sent {
        match self.0.try_send(sentinel) {
            Ok(()) => Sent::Kept,
            Err(TrySendError::Full(_)) => Sent::Dropped,
            Err(TrySendError::Disconnected(_)) => Sent::Closed,
        }
    }
}

/// A buffer of one; a send that finds it full empties it first. Three steps, and not one.
pub(crate) struct DrainThenSend(GoChannel<Sentinel>);

impl Policy for DrainThenSend {
    fn open(_max_retries: usize) -> (impl Outbox, impl Inbox) {
        let channel = GoChannel::new();
        (Self(channel.clone()), channel)
    }
}

impl Outbox for DrainThenSend {
    fn send(&mut self, sentinel: Sentinel) -> Sent {
        let Err(sentinel) = self.0.try_send(sentinel) else {
            return Sent::Kept;
        };
        let stale = self.0.try_recv();
        match (self.0.try_send(sentinel), stale) {
            (Ok(()), Some(stale)) => Sent::InPlaceOf(stale),
            (Ok(()), None) => Sent::Kept,
            (Err(_), _) => Sent::Dropped,
        }
    }
}

impl Inbox for GoChannel<Sentinel> {
    fn wait_for(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&Sentinel) -> bool,
    ) -> Option<Sentinel> {
        wait_for(deadline, wanted, |deadline| self.recv_deadline(deadline))
    }
}

/// What [`overwrite::Receiver::recv_matching_deadline`] does, for channels that have no such call.
fn wait_for(
    deadline: Instant,
    mut wanted: impl FnMut(&Sentinel) -> bool,
    mut receive: impl FnMut(Instant) -> Option<Sentinel>,
) -> Option<Sentinel> {
    loop {
        let sentinel = receive(deadline)?;
        if wanted(&sentinel) {
            return Some(sentinel);
        }
    }
}

/// This crate: the latest to arrive replaces what nobody has read.
pub(crate) struct Overwrite;

impl Policy for Overwrite {
    fn open(_max_retries: usize) -> (impl Outbox, impl Inbox) {
        overwrite::channel()
    }
}

impl Outbox for overwrite::Sender<Sentinel> {
    fn send(&mut self, sentinel: Sentinel) -> Sent {
        match overwrite::Sender::send(self, sentinel) {
            Ok(None) => Sent::Kept,
            Ok(Some(stale)) => Sent::InPlaceOf(stale),
            Err(_) => Sent::Closed,
        }
    }
}

impl Inbox for overwrite::Receiver<Sentinel> {
    fn wait_for(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&Sentinel) -> bool,
    ) -> Option<Sentinel> {
        self.recv_matching_deadline(deadline, wanted).ok()
    }
}

/// This crate: the newest stays, whatever the order of arrival.
pub(crate) struct OverwriteNewest(overwrite::Sender<Sentinel>);

impl Policy for OverwriteNewest {
    fn open(_max_retries: usize) -> (impl Outbox, impl Inbox) {
        let (tx, rx) = overwrite::channel();
        (Self(tx), rx)
    }
}

impl Outbox for OverwriteNewest {
    fn send(&mut self, sentinel: Sentinel) -> Sent {
        match self.0.send_newest(sentinel) {
            Ok(None) => Sent::Kept,
            Ok(Some(returned)) if returned == sentinel => Sent::Dropped,
            Ok(Some(stale)) => Sent::InPlaceOf(stale),
            Err(_) => Sent::Closed,
        }
    }
}
