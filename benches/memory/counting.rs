//! An allocator that counts, while it is asked to.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    ops::AddAssign,
    sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed},
};

/// The system's allocator, counted. The program's root makes it the global one.
pub(crate) struct Counting;

static ON: AtomicBool = AtomicBool::new(false);
static HELD: AtomicI64 = AtomicI64::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// What some code asked the allocator for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Allocated and not freed. Less than zero if more was freed.
    pub(crate) held: i64,
    /// Blocks allocated or moved, freed since or not.
    pub(crate) allocations: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, more: Self) {
        self.held += more.held;
        self.allocations += more.allocations;
    }
}

/// Runs `body`, and counts what this process asks for meanwhile. Not to be nested.
pub(crate) fn counted<R>(body: impl FnOnce() -> R) -> (R, Counts) {
    HELD.store(0, Relaxed);
    ALLOCATIONS.store(0, Relaxed);
    ON.store(true, Relaxed);
    let result = body();
    ON.store(false, Relaxed);
    (result, Counts { held: HELD.load(Relaxed), allocations: ALLOCATIONS.load(Relaxed) })
}

fn count(freed: usize, allocated: usize) {
    if ON.load(Relaxed) {
        // A layout's size never exceeds `isize::MAX`.
        let signed = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
        HELD.fetch_add(signed(allocated) - signed(freed), Relaxed);
        ALLOCATIONS.fetch_add(u64::from(allocated > 0), Relaxed);
    }
}

// SAFETY: every call goes to the system's allocator as it is. The counters allocate nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            count(0, layout.size());
        }
        memory
    }

    // Not by `alloc` and writing zeros: the system has pages of zeros that take no memory yet.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        let memory = unsafe { System.alloc_zeroed(layout) };
        if !memory.is_null() {
            count(0, layout.size());
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(layout.size(), 0);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    // Not by `alloc` and `dealloc`: a large block may grow where it is.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller's promise, passed on.
        let moved = unsafe { System.realloc(memory, layout, new_size) };
        if !moved.is_null() {
            count(layout.size(), new_size);
        }
        moved
    }
}
