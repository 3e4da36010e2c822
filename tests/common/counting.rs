//! An allocator that counts, for each thread on its own: what libtest does in other threads is not
//! seen, and tests that run side by side do not see each other.
//!
//! A thread's live bytes are what it allocated less what it freed; memory that one thread allocates
//! and another frees shows in the sum over the two.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ops::Add,
};

/// To be made the `#[global_allocator]`.
pub(crate) struct Counting;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) allocations: usize,
    pub(crate) live_bytes: isize,
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            allocations: self.allocations + other.allocations,
            live_bytes: self.live_bytes + other.live_bytes,
        }
    }
}

/// Since the thread began: how many allocations, and how many bytes allocated and freed.
#[derive(Clone, Copy)]
struct Totals {
    allocations: usize,
    allocated: usize,
    freed: usize,
}

thread_local! {
    static TOTALS: Cell<Totals> =
        const { Cell::new(Totals { allocations: 0, allocated: 0, freed: 0 }) };
}

fn count(allocations: usize, allocated: usize, freed: usize) {
    let totals = TOTALS.get();
    TOTALS.set(Totals {
        allocations: totals.allocations + allocations,
        allocated: totals.allocated + allocated,
        freed: totals.freed + freed,
    });
}

/// What `body` allocates and leaves behind, in this thread.
pub(crate) fn measure<R>(body: impl FnOnce() -> R) -> (R, Counts) {
    let before = TOTALS.get();
    let result = body();
    let after = TOTALS.get();
    let counts = Counts {
        allocations: after.allocations - before.allocations,
        live_bytes: bytes(after.allocated - before.allocated) - bytes(after.freed - before.freed),
    };
    (result, counts)
}

/// A size as a number that may be subtracted from a smaller one.
pub(crate) fn bytes(size: usize) -> isize {
    size.try_into().unwrap()
}

// SAFETY: every call goes to the system's allocator as it came; the counters need no allocation and
// have no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size(), 0);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(0, 0, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.realloc(memory, layout, size) }
    }
}
