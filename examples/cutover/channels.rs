//! The channels that people have put between the worker and the migrator, and the bytes that they hold.

use crate::gh_ost::Sentinel;
use clap::ValueEnum;
use overwrite_channel::Sender;
use std::{
    iter,
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicIsize, Ordering::Relaxed},
        mpsc::{self, SyncSender, TrySendError},
    },
    time::Instant,
};
use support::allocator::{Counting, measure};

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

/// The sentinel that a send displaced, or the same sentinel if the channel did not keep it. An error if the migrator is
/// gone.
type Sent = Result<Option<Sentinel>, ()>;

/// The worker's end: sends a sentinel.
pub(crate) type Outbox = Box<dyn FnMut(Sentinel) -> Sent + Send>;

/// The migrator's end: receives until a sentinel is wanted or the deadline has passed.
pub(crate) type Inbox =
    Box<dyn FnMut(Instant, &mut dyn FnMut(&Sentinel) -> bool) -> Option<Sentinel> + Send>;

impl Policy {
    /// Opens a channel with this policy. The boxes do not count as the channel's memory.
    pub(crate) fn open(self, max_retries: u64) -> (Outbox, Inbox) {
        let wait = |tx: &SyncSender<_>, new| tx.send(new).map(|()| None).map_err(drop);
        match self {
            Self::Rendezvous => of_std(0, wait),
            Self::Bounded => of_std(max_retries.try_into().unwrap_or(usize::MAX), wait),
            Self::DropNewest => of_std(1, |tx, new| match tx.try_send(new) {
                Ok(()) => Ok(None),
                Err(TrySendError::Full(new)) => Ok(Some(new)),
                Err(TrySendError::Disconnected(_)) => Err(()),
            }),
            Self::DrainThenSend => {
                let tx = in_channel(Arc::<GoChannel>::default);
                let rx = Arc::clone(&tx);
                let receive = inbox(move |deadline| rx.recv_deadline(deadline));
                (Box::new(move |new| Ok(tx.drain_then_send(new))), receive)
            }
            Self::Send => of_this_crate(Sender::send),
            Self::SendNewest => of_this_crate(Sender::send_newest),
        }
    }
}

/// Opens a channel of `std` with that many places.
fn of_std(places: usize, send: fn(&SyncSender<Sentinel>, Sentinel) -> Sent) -> (Outbox, Inbox) {
    let (tx, rx) = in_channel(|| mpsc::sync_channel(places));
    let receive = move |deadline: Instant| {
        rx.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok()
    };
    (Box::new(move |new| send(&tx, new)), inbox(receive))
}

fn of_this_crate<E: 'static>(
    send: fn(&mut Sender<Sentinel>, Sentinel) -> Result<Option<Sentinel>, E>,
) -> (Outbox, Inbox) {
    let (mut tx, mut rx) = in_channel(overwrite_channel::channel);
    let receive = move |deadline, wanted: &mut dyn FnMut(&Sentinel) -> bool| {
        rx.recv_matching_deadline(deadline, wanted).ok()
    };
    (Box::new(move |new| send(&mut tx, new).map_err(drop)), Box::new(receive))
}

/// Makes up for a channel without `recv_matching_deadline`.
fn inbox(mut receive: impl FnMut(Instant) -> Option<Sentinel> + Send + 'static) -> Inbox {
    Box::new(move |deadline, wanted| iter::from_fn(|| receive(deadline)).find(wanted))
}

/// A Go channel with a buffer of one: a lock, under which each `select` is one step. `std`'s channel cannot stand in for
/// it, because here the sender receives too.
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

#[global_allocator]
static ALLOCATOR: Counting = Counting;

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);

/// Returns the most bytes that the channel held, and starts again at zero for the next channel.
pub(crate) fn take_peak() -> isize {
    HELD.store(0, Relaxed);
    PEAK.swap(0, Relaxed)
}

/// Runs a call into the channel: what it leaves allocated is the channel's.
pub(crate) fn in_channel<R>(call: impl FnOnce() -> R) -> R {
    let (result, counts) = measure(call);
    let held = HELD.fetch_add(counts.live_bytes, Relaxed) + counts.live_bytes;
    PEAK.fetch_max(held, Relaxed);
    result
}
