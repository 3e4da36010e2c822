//! The floors: the least that the work can cost.

use super::{Shared, both};
use crate::suite::prelude::*;
use arc_swap::ArcSwap;
use crossbeam_utils::CachePadded;
use std::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::{
        OnceLock,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
    thread::{self, Thread},
};
use tokio::sync::Notify;

/// The floor on one thread, and of several senders: a word that is exchanged, and nothing else. With `LOOKS`, the
/// receiver exchanges it only if there is something in it.
pub(crate) fn bare_swap<const LOOKS: bool>() -> impl Overwrites<u64, Tx: Clone> {
    lossy(peer(
        "bare swap",
        |_| both(AtomicU64::new(0)),
        // It says 0 if there was nothing: a look at that would cost something.
        |tx, value| Some(tx.swap(value, AcqRel)),
        |rx| {
            if LOOKS && rx.load(Relaxed) == 0 {
                return None;
            }
            Some(rx.swap(0, AcqRel)).filter(|value| *value != 0)
        },
    ))
}

/// A word, and room for one value beside it.
#[repr(C)]
struct Room<T> {
    word: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Room<T> {
    /// Writes a value. The value before it is forgotten.
    ///
    /// # Safety
    /// No other thread uses the value now.
    unsafe fn write(&self, value: T) {
        // SAFETY: the caller is alone.
        unsafe { self.value.get().write(MaybeUninit::new(value)) };
    }

    /// Moves the value out.
    ///
    /// # Safety
    /// There is a value, no other thread uses it now, and it is read once for each `write`.
    unsafe fn read(&self) -> T {
        // SAFETY: the caller is alone.
        let value = unsafe { self.value.get().read() };
        // SAFETY: the caller says that it was written, and is read once.
        unsafe { value.assume_init() }
    }
}

/// One handle of a [`Room`], used by one thread at a time, and the number of values that it has written or read.
struct Handle<T> {
    room: Arc<CachePadded<Room<T>>>,
    values: u64,
}

// SAFETY: a value moves from one thread to another; the two take turns, as their floor says.
unsafe impl<T: Send> Send for Handle<T> {}

fn handles<T>() -> (Handle<T>, Handle<T>) {
    let value = UnsafeCell::new(MaybeUninit::uninit());
    let (one, other) = both(Room { word: AtomicU64::new(0), value });
    (Handle { room: one, values: 0 }, Handle { room: other, values: 0 })
}

/// The least that a slot for values of any type does: one write and one exchange to send, one look and one exchange to
/// receive. It has room for one value only, so it serves one thread only.
pub(crate) fn bare_slot<T: Payload>() -> impl Overwrites<T> {
    peer(
        "bare slot",
        |_| handles(),
        |Handle { room, .. }, value: T| {
            // A slot with two rooms would exchange first.
            // SAFETY: both handles are on one thread; a full word says that the value was not read.
            let displaced = (room.word.load(Relaxed) != 0).then(|| unsafe { room.read() });
            // SAFETY: both handles are on one thread.
            unsafe { room.write(value) };
            room.word.swap(1, AcqRel);
            displaced
        },
        |Handle { room, .. }| {
            (room.word.load(Relaxed) != 0).then(|| {
                room.word.swap(0, AcqRel);
                // SAFETY: both handles are on one thread; the word was full.
                unsafe { room.read() }
            })
        },
    )
}

/// The floor between two threads: one stores, the other sees that the value changed and writes nothing. No hand-over
/// costs less, and nothing can be taken out.
pub(crate) fn bare_flag() -> impl Overwrites<u64> {
    lossy(peer(
        "bare flag",
        |_| {
            let (flag, watched) = both(AtomicU64::new(0));
            // The receiver's way to the flag, and what it saw last.
            (flag, (watched, 0))
        },
        |flag, value| {
            flag.store(value, Release);
            None
        },
        |(flag, last)| {
            let value = flag.load(Acquire);
            (value != *last).then(|| {
                *last = value;
                value
            })
        },
    ))
}

/// The least for a large value: it is written beside the flag. For an echo only, in which neither side sends again
/// before the other side has answered.
pub(crate) fn flag_and_value<T: Payload + Copy>() -> impl Overwrites<T> {
    lossy(peer(
        "bare flag and value",
        |_| handles(),
        |Handle { room, values: sent }, value: T| {
            // SAFETY: the other side has answered, so it has read the value before and looks at the word only.
            unsafe { room.write(value) };
            *sent += 1;
            room.word.store(*sent, Release);
            None
        },
        |Handle { room, values: seen }| {
            let sent = room.word.load(Acquire);
            (sent != *seen).then(|| {
                *seen = sent;
                // SAFETY: the value was written before the word, and is not written again before this side answers. It
                // is plain data, so reading it moves nothing out.
                unsafe { room.read() }
            })
        },
    ))
}

/// A word, and a value on cache lines of its own, so that a receiver that polls does not disturb a sender that fills.
#[derive(Default)]
struct Place<T> {
    word: CachePadded<AtomicU64>,
    value: CachePadded<UnsafeCell<T>>,
}

// SAFETY: the two ends take turns with the value, as their floor says.
unsafe impl<T: Send> Sync for Place<T> {}

/// The least for a value that stays in place: it is filled beside the word, and has no second place. On one thread the
/// word is exchanged to publish, and looked at and exchanged to update. With `ECHO` it is a flag, for an echo only, as in
/// [`flag_and_value`].
pub(crate) fn bare_place<T: Payload, const ECHO: bool>() -> impl Overwrites<u64> {
    lossy(peer(
        if ECHO { "bare flag and value in place" } else { "bare value in place" },
        |_| {
            let (place, watched) = both(Place::<T>::default());
            // The receiver's way to the value, and what it saw last.
            (place, (watched, 0))
        },
        |place, number| {
            // SAFETY: both ends are on one thread, or the other side has answered.
            unsafe { &mut *place.value.get() }.fill(number);
            if ECHO {
                place.word.store(number, Release);
            } else {
                place.word.swap(number, AcqRel);
            }
            None
        },
        |(place, last)| {
            let word = place.word.load(Acquire);
            let is_new = if ECHO { word != *last } else { word != 0 };
            is_new.then(|| {
                *last = word;
                if !ECHO {
                    place.word.swap(0, AcqRel);
                }
                // SAFETY: both ends are on one thread, or the other side waits for the answer.
                black_box(unsafe { &*place.value.get() }).number()
            })
        },
    ))
}

#[derive(Default)]
struct Word {
    value: AtomicU64,
    /// The thread that waits, known from its first wait on.
    thread: OnceLock<Thread>,
}

/// The floor between two threads of which one parks: a word, and the wake of the thread that waits for it.
pub(crate) fn bare_park() -> impl Blocks<u64> {
    peer(
        "bare park and unpark",
        |_| both(Word::default()),
        |tx, value| {
            // A read-modify-write, so that the sender or a receiver that comes just now sees the other's write.
            tx.value.swap(value, AcqRel);
            // Before the first wait no thread is parked, and a receiver that comes then sees the value.
            if let Some(thread) = tx.thread.get() {
                thread.unpark();
            }
        },
        |rx| {
            rx.thread.get_or_init(thread::current);
            loop {
                let value = rx.value.swap(0, AcqRel);
                if value != 0 {
                    return value;
                }
                thread::park();
            }
        },
    )
}

type Notified = Shared<(AtomicU64, Notify)>;

/// The floor between two tasks: a word, and the notice.
pub(crate) fn bare_notify() -> impl Awaits {
    ends("a word and tokio::sync::Notify", |_| both((AtomicU64::new(0), Notify::new())))
}

impl AsyncSend for Notified {
    async fn put(&mut self, value: u64) {
        self.0.store(value, Release);
        self.1.notify_one();
    }
}

impl AsyncReceive for Notified {
    async fn take(&mut self) -> u64 {
        self.1.notified().await;
        self.0.load(Acquire)
    }
}

type Swap = Shared<ArcSwap<u64>>;

/// The slot that this crate's `watch` is made of: it has no versions, and no receiver can wait for it.
pub(crate) fn swap_alone() -> impl Watches {
    ends("arc-swap alone", |_| both(ArcSwap::from_pointee(0)))
}

impl Replace for Swap {
    fn replace(&self, value: u64) {
        self.store(Arc::new(value));
    }

    fn increment(&self) {
        self.rcu(|value| **value + 1);
    }
}

impl Look for Swap {
    fn look(&self) -> u64 {
        **self.load()
    }

    /// Looks at the value, because there is nothing else to look at.
    fn is_changed(&self) -> bool {
        **self.load() != 0
    }
}
