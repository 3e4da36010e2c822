//! The floors: nobody can do it for less.

use super::{Payload, Peer};
use crossbeam_utils::CachePadded;
use std::{
    cell::UnsafeCell,
    mem::MaybeUninit,
    sync::{
        Arc,
        atomic::{
            AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
};

/// The floor on one thread, and of several senders: the word that all others exchange, and nothing
/// else.
pub(crate) struct BareSwap;

impl Peer<u64> for BareSwap {
    const NAME: &'static str = "bare swap";
    /// It says 0 if there was nothing: to look at that would cost something.
    const TELLS: bool = false;
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let word = Arc::default();
        (Arc::clone(&word), word)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        Some(tx.swap(value, AcqRel))
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
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

    /// What was there is forgotten.
    ///
    /// # Safety
    /// Nobody else uses the value now.
    #[inline]
    unsafe fn write(&self, value: T) {
        // SAFETY: the caller is alone.
        unsafe { self.value.get().write(MaybeUninit::new(value)) };
    }

    /// # Safety
    /// There is a value, nobody else uses it now, and it is read once for each `write`.
    #[inline]
    unsafe fn read(&self) -> T {
        // SAFETY: the caller is alone.
        let value = unsafe { self.value.get().read() };
        // SAFETY: the caller says that it was written, and read by nobody else.
        unsafe { value.assume_init() }
    }
}

/// One handle of a [`Room`], at home on one thread at a time.
pub(crate) struct Handle<T>(Arc<CachePadded<Room<T>>>);

// SAFETY: a value moves from one thread to another; the two take turns, which their peer says.
unsafe impl<T: Send> Send for Handle<T> {}

/// The least that a slot for values of any type does: one write and one exchange to send, one look
/// and one exchange to receive. It has room for one value only, so it serves one thread only.
pub(crate) struct BareSlot;

impl<T: Payload> Peer<T> for BareSlot {
    const NAME: &'static str = "bare slot";
    const TELLS: bool = true;
    type Tx = Handle<T>;
    type Rx = Handle<T>;

    fn open() -> (Self::Tx, Self::Rx) {
        let room = Room::new();
        (Handle(Arc::clone(&room)), Handle(room))
    }

    #[inline]
    fn send(Handle(room): &mut Self::Tx, value: T) -> Option<T> {
        // A slot with two rooms would exchange first.
        // SAFETY: both handles are on one thread; a full word says that nobody has read the value.
        let displaced = (room.word.load(Relaxed) != 0).then(|| unsafe { room.read() });
        // SAFETY: both handles are on one thread.
        unsafe { room.write(value) };
        room.word.swap(1, AcqRel);
        displaced
    }

    #[inline]
    fn try_recv(Handle(room): &mut Self::Rx) -> Option<T> {
        (room.word.load(Relaxed) != 0).then(|| {
            room.word.swap(0, AcqRel);
            // SAFETY: both handles are on one thread; the word was full.
            unsafe { room.read() }
        })
    }
}

/// The floor between two threads: one stores, the other sees that the value changed and writes
/// nothing. Nobody can hand a value over for less, and nobody takes anything out of it.
pub(crate) struct BareFlag;

/// The receiver's way to the flag, and what it saw last.
pub(crate) struct Watcher(Arc<CachePadded<AtomicU64>>, u64);

impl Peer<u64> for BareFlag {
    const NAME: &'static str = "bare flag";
    const TELLS: bool = false;
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Watcher;

    fn open() -> (Self::Tx, Self::Rx) {
        let flag = Arc::default();
        (Arc::clone(&flag), Watcher(flag, 0))
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        tx.store(value, Release);
        None
    }

    #[inline]
    fn try_recv(Watcher(flag, last): &mut Self::Rx) -> Option<u64> {
        let value = flag.load(Acquire);
        (value != *last).then(|| {
            *last = value;
            value
        })
    }
}

/// The least for a large value: it is written beside the flag. For an echo only, in which nobody
/// sends again before the other side has answered.
pub(crate) struct FlagAndValue;

impl<T: Payload + Copy> Peer<T> for FlagAndValue {
    const NAME: &'static str = "bare flag and value";
    const TELLS: bool = false;
    type Tx = (Handle<T>, u64);
    type Rx = (Handle<T>, u64);

    fn open() -> (Self::Tx, Self::Rx) {
        let room = Room::new();
        ((Handle(Arc::clone(&room)), 0), (Handle(room), 0))
    }

    #[inline]
    fn send((Handle(room), sent): &mut Self::Tx, value: T) -> Option<T> {
        // SAFETY: the other side has answered, so it has read the value before and looks at the
        // word only.
        unsafe { room.write(value) };
        *sent += 1;
        room.word.store(*sent, Release);
        None
    }

    #[inline]
    fn try_recv((Handle(room), seen): &mut Self::Rx) -> Option<T> {
        let sent = room.word.load(Acquire);
        (sent != *seen).then(|| {
            *seen = sent;
            // SAFETY: the value was written before the word, and is not written again before this
            // side answers. It is plain data, so reading it moves nothing out.
            unsafe { room.read() }
        })
    }
}
