//! The floors: the least that the work can cost.

use crate::suite::contender::{Awaits, Blocks, Contender, Overwrites, Payload};
use crossbeam_utils::CachePadded;
use std::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::{
        Arc, OnceLock,
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
pub(crate) struct BareSwap<const LOOKS: bool>;

impl<const LOOKS: bool> Contender<u64> for BareSwap<LOOKS> {
    const NAME: &'static str = "bare swap";
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let word = Arc::default();
        (Arc::clone(&word), word)
    }
}

impl<const LOOKS: bool> Overwrites<u64> for BareSwap<LOOKS> {
    /// It says 0 if there was nothing: a look at that would cost something.
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        Some(tx.swap(value, AcqRel))
    }

    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        if LOOKS && rx.load(Relaxed) == 0 {
            return None;
        }
        Some(rx.swap(0, AcqRel)).filter(|value| *value != 0)
    }
}

/// A word, and room for one value beside it.
#[repr(C)]
pub(crate) struct Room<T> {
    word: AtomicU64,
    value: UnsafeCell<MaybeUninit<T>>,
}

impl<T> Room<T> {
    fn new() -> Arc<CachePadded<Self>> {
        let value = UnsafeCell::new(MaybeUninit::uninit());
        Arc::new(CachePadded::new(Self { word: AtomicU64::new(0), value }))
    }

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

/// One handle of a [`Room`], used by one thread at a time.
pub(crate) struct Handle<T>(Arc<CachePadded<Room<T>>>);

// SAFETY: a value moves from one thread to another; the two take turns, as their floor says.
unsafe impl<T: Send> Send for Handle<T> {}

/// The least that a slot for values of any type does: one write and one exchange to send, one look and one exchange to
/// receive. It has room for one value only, so it serves one thread only.
pub(crate) struct BareSlot;

impl<T: Payload> Contender<T> for BareSlot {
    const NAME: &'static str = "bare slot";
    type Tx = Handle<T>;
    type Rx = Handle<T>;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let room = Room::new();
        (Handle(Arc::clone(&room)), Handle(room))
    }
}

impl<T: Payload> Overwrites<T> for BareSlot {
    fn send(Handle(room): &mut Self::Tx, value: T) -> Option<T> {
        // A slot with two rooms would exchange first.
        // SAFETY: both handles are on one thread; a full word says that the value was not read.
        let displaced = (room.word.load(Relaxed) != 0).then(|| unsafe { room.read() });
        // SAFETY: both handles are on one thread.
        unsafe { room.write(value) };
        room.word.swap(1, AcqRel);
        displaced
    }

    fn try_recv(Handle(room): &mut Self::Rx) -> Option<T> {
        (room.word.load(Relaxed) != 0).then(|| {
            room.word.swap(0, AcqRel);
            // SAFETY: both handles are on one thread; the word was full.
            unsafe { room.read() }
        })
    }
}

/// The floor between two threads: one stores, the other sees that the value changed and writes nothing. No hand-over
/// costs less, and nothing can be taken out.
pub(crate) struct BareFlag;

/// The receiver's way to the flag, and what it saw last.
pub(crate) struct Watcher(Arc<CachePadded<AtomicU64>>, u64);

impl Contender<u64> for BareFlag {
    const NAME: &'static str = "bare flag";
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Watcher;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let flag = Arc::default();
        (Arc::clone(&flag), Watcher(flag, 0))
    }
}

impl Overwrites<u64> for BareFlag {
    const RETURNS_DISPLACED: bool = false;

    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.store(value, Release);
        None
    }

    fn try_recv(Watcher(flag, last): &mut Self::Rx) -> Option<u64> {
        let value = flag.load(Acquire);
        (value != *last).then(|| {
            *last = value;
            value
        })
    }
}

/// The least for a large value: it is written beside the flag. For an echo only, in which neither side sends again
/// before the other side has answered.
pub(crate) struct FlagAndValue;

impl<T: Payload + Copy> Contender<T> for FlagAndValue {
    const NAME: &'static str = "bare flag and value";
    type Tx = (Handle<T>, u64);
    type Rx = (Handle<T>, u64);

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let room = Room::new();
        ((Handle(Arc::clone(&room)), 0), (Handle(room), 0))
    }
}

impl<T: Payload + Copy> Overwrites<T> for FlagAndValue {
    const RETURNS_DISPLACED: bool = false;

    fn send((Handle(room), sent): &mut Self::Tx, value: T) -> Option<T> {
        // SAFETY: the other side has answered, so it has read the value before and looks at the word only.
        unsafe { room.write(value) };
        *sent += 1;
        room.word.store(*sent, Release);
        None
    }

    fn try_recv((Handle(room), seen): &mut Self::Rx) -> Option<T> {
        let sent = room.word.load(Acquire);
        (sent != *seen).then(|| {
            *seen = sent;
            // SAFETY: the value was written before the word, and is not written again before this side answers. It is
            // plain data, so reading it moves nothing out.
            unsafe { room.read() }
        })
    }
}

/// The floor between two threads of which one parks: a word, and the wake of the thread that waits for it.
pub(crate) struct BarePark;

#[derive(Default)]
pub(crate) struct Word {
    value: AtomicU64,
    /// The thread that waits, known from its first wait on.
    thread: OnceLock<Thread>,
}

impl Contender<u64> for BarePark {
    const NAME: &'static str = "bare park and unpark";
    type Tx = Arc<CachePadded<Word>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let word = Arc::<CachePadded<Word>>::default();
        (Arc::clone(&word), word)
    }
}

impl Blocks<u64> for BarePark {
    fn put(tx: &mut Self::Tx, value: u64) {
        // A read-modify-write, so that the sender or a receiver that comes just now sees the other's write.
        tx.value.swap(value, AcqRel);
        // Before the first wait no thread is parked, and a receiver that comes then sees the value.
        if let Some(thread) = tx.thread.get() {
            thread.unpark();
        }
    }

    fn recv(rx: &mut Self::Rx) -> u64 {
        rx.thread.get_or_init(thread::current);
        loop {
            let value = rx.value.swap(0, AcqRel);
            if value != 0 {
                return value;
            }
            thread::park();
        }
    }
}

/// The floor between two tasks: a word, and the notice.
pub(crate) struct BareNotify;

impl Contender<u64> for BareNotify {
    const NAME: &'static str = "a word and tokio::sync::Notify";
    type Tx = Arc<CachePadded<(AtomicU64, Notify)>>;
    type Rx = Self::Tx;

    fn open(_: usize) -> (Self::Tx, Self::Rx) {
        let pair = Arc::<CachePadded<_>>::default();
        (Arc::clone(&pair), pair)
    }
}

impl Awaits for BareNotify {
    async fn put(tx: &mut Self::Tx, value: u64) {
        tx.0.store(value, Release);
        tx.1.notify_one();
    }

    async fn recv(rx: &mut Self::Rx) -> u64 {
        rx.1.notified().await;
        rx.0.load(Acquire)
    }
}
