//! The peers that keep the newest value, each in the way that its documentation shows.

use super::{Shared, blocking::Slot, both};
use crate::suite::prelude::*;
use arc_swap::ArcSwapOption;
use crossbeam_queue::ArrayQueue;
use crossbeam_utils::{CachePadded, atomic::AtomicCell};
use overwrite_channel::{Receiver, Sender, StaticChannel, channel};
use std::{num::NonZeroU64, num::NonZeroUsize, sync::Mutex};
use tokio::sync::{broadcast, mpsc, mpsc::error::TrySendError, watch};

/// Splits memory whose last channel is gone. If there is none, makes another one, for good.
fn split<T>(memories: &mut Vec<&'static StaticChannel<T, 8>>) -> (Sender<T>, Receiver<T>) {
    if let Some(ends) = memories.iter().find_map(|memory| memory.split()) {
        return ends;
    }
    let memory = &*Box::leak(Box::new(StaticChannel::new()));
    memories.push(memory);
    memory.split().expect("new memory")
}

/// Visits the peers that take a value of any type.
#[expect(clippy::too_many_lines, reason = "it is a table")]
pub(crate) fn each<T: Payload, V: Visit<T>>(visit: &mut V) -> Vec<V::Found> {
    let found = [
        // This crate's channel, with a handle for each thread that sends, and with one handle that they share.
        visit.shared(peer(
            OURS,
            |_| channel(),
            |tx, value| tx.send(value).expect("a receiver is left"),
            |rx| rx.try_recv().ok(),
        )),
        visit.shared(peer(
            "overwrite-channel, one SharedSender",
            |_| {
                let (tx, rx) = channel();
                (Arc::new(CachePadded::new(tx.into_shared())), rx)
            },
            |tx, value| tx.send(value).expect("a receiver is left"),
            |rx| rx.try_recv().ok(),
        )),
        visit.shared(peer(
            "overwrite-channel, StaticChannel",
            {
                // A contender is copied.
                let memories: &Mutex<Vec<_>> = Box::leak(Box::default());
                move |_| split(&mut memories.lock().expect("no panic"))
            },
            |tx, value| tx.send(value).expect("a receiver is left"),
            |rx| rx.try_recv().ok(),
        )),
        // Those without a wait.
        // One sender and one receiver. The displaced value stays in the buffer.
        visit.visit(lossy(peer(
            "triple_buffer",
            |_| triple_buffer::triple_buffer(&T::default()),
            |tx, value| {
                tx.write(value);
                None
            },
            // The receiver may change its own buffer, so it need not clone.
            |rx| rx.update().then(|| rx.output_buffer_mut().take()),
        ))),
        visit.shared(peer(
            "ring-channel (1)",
            |_| ring_channel::ring_channel(NonZeroUsize::MIN),
            |tx, value| tx.send(value).expect("a receiver is left"),
            |rx| rx.try_recv().ok(),
        )),
        visit.shared(peer(
            "crossbeam ArrayQueue (1), force_push",
            |capacity| {
                let queue = Arc::new(ArrayQueue::new(capacity));
                (Arc::clone(&queue), queue)
            },
            |tx, value| tx.force_push(value),
            |rx| rx.pop(),
        )),
        // A type larger than a word, such as `Option<u64>`, goes through one of a fixed number of locks that the whole
        // program shares.
        visit.shared(peer(
            "crossbeam AtomicCell<Option<T>> (locks)",
            |_| both(AtomicCell::new(None)),
            |tx, value| tx.swap(Some(value)),
            |rx| rx.take(),
        )),
        // It is made to be read far more often than written: a write looks at a list that has an entry for each thread
        // that used any `ArcSwap`, as many as there ever were at once. Each value needs an `Arc` of its own.
        visit.shared(peer(
            "arc-swap",
            |_| both(ArcSwapOption::empty()),
            // The value is cloned only if the receiver is looking at it just now.
            |tx, value| tx.swap(Some(Arc::new(value))).map(Arc::unwrap_or_clone),
            // Reading is cheap, exchanging is not.
            |rx| {
                let is_empty = rx.load().is_none();
                if is_empty { None } else { rx.swap(None).map(Arc::unwrap_or_clone) }
            },
        )),
        // Those for which tasks wait.
        visit.shared(peer(
            "async-channel (1), force_send",
            async_channel::bounded,
            |tx, value| tx.force_send(value).expect("a receiver is left"),
            |rx| rx.try_recv().ok(),
        )),
        // Every receiver gets a clone, the last receiver the value itself.
        visit.shared(peer(
            "async-broadcast (1), overflow",
            |capacity| {
                let (mut tx, rx) = async_broadcast::broadcast(capacity);
                tx.set_overflow(true);
                (tx, rx)
            },
            |tx, value| {
                tx.try_broadcast(value).expect("a receiver is left, and a full one overflows")
            },
            |rx| unless_overtaken(|| rx.try_recv(), async_broadcast::TryRecvError::is_overflowed),
        )),
        // What tokio's documentation says to use where only the most recent value counts. The value stays, for every
        // receiver to look at; a receiver that wants to own it clones it.
        visit.shared(lossy(peer(
            "tokio watch (clones)",
            |_| watch::channel(T::default()),
            |tx, value| {
                tx.send(value).expect("a receiver is left");
                None
            },
            |rx| {
                let changed = rx.has_changed().expect("a sender is left");
                changed.then(|| rx.borrow_and_update().clone())
            },
        ))),
        // Every receiver gets a clone.
        visit.shared(lossy(peer(
            "tokio broadcast (1) (clones)",
            broadcast::channel,
            |tx, value| {
                assert!(tx.send(value).is_ok(), "a receiver is left");
                None
            },
            |rx| {
                let is_overtaken =
                    |error: &_| matches!(error, broadcast::error::TryRecvError::Lagged(_));
                unless_overtaken(|| rx.try_recv(), is_overtaken)
            },
        ))),
        // A `try_send` alone would keep the oldest value. So the sender takes it out and tries again; because there is
        // only one receiver, the two threads share it under a lock.
        visit.shared(lossy(peer(
            "tokio mpsc (1), drain and send",
            |capacity| {
                let (tx, rx) = mpsc::channel(capacity);
                let (inbox, rx) = both(Mutex::new(rx));
                ((tx, inbox), rx)
            },
            |(tx, inbox), value| {
                let try_send = |value| match tx.try_send(value) {
                    Ok(()) => None,
                    Err(TrySendError::Full(value)) => Some(value),
                    Err(TrySendError::Closed(_)) => panic!("a receiver is left"),
                };
                drain_and_send(value, try_send, || take(inbox))
            },
            |rx| take(rx),
        ))),
        // Those for which threads wait. In a queue, a sender has a receiver too, to take the oldest value out. Between
        // two tries there may have been another sender's value to take out.
        visit.shared(peer(
            "std Mutex<Option<T>> and Condvar",
            |_| both(Slot::std()),
            |tx, value| tx.send(value),
            |rx| rx.try_recv(),
        )),
        visit.shared(peer(
            "parking_lot Mutex<Option<T>> and Condvar",
            |_| both(Slot::parking_lot()),
            |tx, value| tx.send(value),
            |rx| rx.try_recv(),
        )),
        visit.shared(lossy(peer(
            "crossbeam-channel (1), drain and send",
            |capacity| with_receiver(crossbeam_channel::bounded(capacity)),
            |(tx, rx), value| {
                let try_send = |value| Some(tx.try_send(value).err()?.into_inner());
                drain_and_send(value, try_send, || rx.try_recv().ok())
            },
            |rx| rx.try_recv().ok(),
        ))),
        visit.shared(lossy(peer(
            "flume (1), drain and send",
            |capacity| with_receiver(flume::bounded(capacity)),
            |(tx, rx), value| {
                let try_send = |value| Some(tx.try_send(value).err()?.into_inner());
                drain_and_send(value, try_send, || rx.try_recv().ok())
            },
            |rx| rx.try_recv().ok(),
        ))),
        // Its plain `try_send` drops a value that has no room.
        visit.shared(lossy(peer(
            "kanal (1), drain and send",
            |capacity| with_receiver(kanal::bounded(capacity)),
            |(tx, rx), value| {
                let (mut value, mut displaced) = (Some(value), None);
                while !tx.try_send_option(&mut value).expect("a receiver is left") {
                    displaced = rx.try_recv().expect("a sender is left");
                }
                displaced
            },
            |rx| rx.try_recv().expect("a sender is left"),
        ))),
    ];
    found.into_iter().flatten().collect()
}

/// Visits the peers that take plain data.
pub(crate) fn each_copy<T: Payload + Copy, V: Visit<T>>(visit: &mut V) -> Vec<V::Found> {
    let mut found = each(visit);
    // One sender and one receiver, no wait. The value is copied word by word, and again if it was overwritten meanwhile.
    let nexus_slot = lossy(peer(
        "nexus-slot",
        |_| nexus_slot::spsc::slot(),
        |tx, value| {
            tx.write(value);
            None
        },
        nexus_slot::spsc::Reader::read,
    ));
    found.extend(visit.visit(nexus_slot));
    found
}

/// Visits the peers that take a number.
pub(crate) fn each_word<V: Visit<u64>>(visit: &mut V) -> Vec<V::Found> {
    let mut found = each_copy(visit);
    // For a type that fits into a word together with "nothing": one atomic exchange.
    let word_cell = peer(
        "crossbeam AtomicCell<Option<NonZeroU64>>",
        |_| both(AtomicCell::new(None)),
        |tx, value| tx.swap(NonZeroU64::new(value)).map(NonZeroU64::get),
        // The look spares the exchange where there is nothing; only plain data can be looked at.
        |rx| rx.load().and_then(|_| rx.take()).map(NonZeroU64::get),
    );
    found.extend(visit.shared(word_cell));
    found
}

fn with_receiver<Tx, Rx: Clone>((tx, rx): (Tx, Rx)) -> ((Tx, Rx), Rx) {
    ((tx, rx.clone()), rx)
}

/// Sends into a queue that cannot overwrite: takes the oldest value out and tries again until the queue has room.
/// A sender that gives up after the second try, as one often sees it, loses the newest value if another sender was
/// faster. Returns the value that was taken out last.
fn drain_and_send<T>(
    mut value: T,
    try_send: impl Fn(T) -> Option<T>,
    try_recv: impl Fn() -> Option<T>,
) -> Option<T> {
    let mut displaced = None;
    while let Some(refused) = try_send(value) {
        value = refused;
        displaced = try_recv();
    }
    displaced
}

/// Receives again where some values were missed: the next look brings the newest.
fn unless_overtaken<T, E>(
    mut try_recv: impl FnMut() -> Result<T, E>,
    is_overtaken: impl Fn(&E) -> bool,
) -> Option<T> {
    loop {
        match try_recv() {
            Ok(value) => return Some(value),
            Err(error) if is_overtaken(&error) => {}
            Err(_) => return None,
        }
    }
}

fn take<T>(inbox: &Shared<Mutex<mpsc::Receiver<T>>>) -> Option<T> {
    inbox.lock().expect("nothing panics under the lock").try_recv().ok()
}
