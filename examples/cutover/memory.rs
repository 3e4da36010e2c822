//! The example's allocator: it counts what the channel under test holds, and it can refuse a
//! request that would hurt the machine.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ptr::null_mut,
    sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed},
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    /// Does this thread run the channel's own code?
    static IN_CHANNEL: Cell<bool> = const { Cell::new(false) };
}

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Counts from zero again, for a new channel.
pub(crate) fn start_counting() {
    HELD.store(0, Relaxed);
    PEAK.store(0, Relaxed);
}

/// What the channel held at most since [`start_counting`].
pub(crate) fn peak_bytes() -> u64 {
    u64::try_from(PEAK.load(Relaxed)).unwrap_or(0)
}

/// Runs a call into the channel: what it allocates is the channel's.
pub(crate) fn in_channel<R>(body: impl FnOnce() -> R) -> R {
    switched(true, body)
}

/// Runs code of ours that the channel calls back.
pub(crate) fn not_in_channel<R>(body: impl FnOnce() -> R) -> R {
    switched(false, body)
}

fn switched<R>(in_channel: bool, body: impl FnOnce() -> R) -> R {
    let before = IN_CHANNEL.replace(in_channel);
    let result = body();
    IN_CHANNEL.set(before);
    result
}

/// From here on, a single request for more than `bytes` fails as if the machine had refused it.
pub(crate) fn refuse_requests_above(bytes: usize) {
    LARGEST.store(bytes, Relaxed);
}

fn count(bytes: usize, sign: isize) {
    if IN_CHANNEL.get() {
        // A layout's size never exceeds `isize::MAX`.
        let change = sign * isize::try_from(bytes).unwrap_or(isize::MAX);
        let held = HELD.fetch_add(change, Relaxed) + change;
        PEAK.fetch_max(held, Relaxed);
    }
}

// SAFETY: every block comes from the system's allocator and goes back to it with the same layout.
// The counters need no allocation and have no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            count(layout.size(), 1);
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), -1);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}
