//! The allocator of the example: it counts what the channel under test holds, and can refuse a
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
    /// This thread runs the channel's own code.
    static IN_CHANNEL: Cell<bool> = const { Cell::new(false) };
}

static HELD: AtomicIsize = AtomicIsize::new(0);
static PEAK: AtomicIsize = AtomicIsize::new(0);
static LARGEST: AtomicUsize = AtomicUsize::new(usize::MAX);

/// Returns the most that the channel held, and starts again at zero for the next channel.
pub(crate) fn take_peak() -> isize {
    HELD.store(0, Relaxed);
    PEAK.swap(0, Relaxed)
}

/// Runs a call into the channel: what it allocates is the channel's.
pub(crate) fn in_channel<R>(call: impl FnOnce() -> R) -> R {
    IN_CHANNEL.set(true);
    let result = call();
    IN_CHANNEL.set(false);
    result
}

/// Makes a single request for more than `bytes` fail as if the machine had refused it.
pub(crate) fn refuse_requests_above(bytes: usize) {
    LARGEST.store(bytes, Relaxed);
}

fn count(sign: isize, layout: Layout) {
    if IN_CHANNEL.get() {
        // A layout's size never exceeds `isize::MAX`.
        let change = sign * isize::try_from(layout.size()).unwrap_or(isize::MAX);
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
            count(1, layout);
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(-1, layout);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}
