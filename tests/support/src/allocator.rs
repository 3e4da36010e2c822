//! The system's allocator, counted for each thread and for the whole process.
//!
//! A program makes [`Counting`] its `#[global_allocator]`. While no measurement runs, an allocation costs one relaxed
//! load more than without it.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
    ops::{Add, AddAssign},
    ptr::null_mut,
    sync::atomic::{AtomicIsize, AtomicUsize, Ordering::Relaxed},
};

/// The allocator that counts.
#[derive(Debug)]
pub struct Counting;

/// What some code asked of the allocator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Blocks allocated or moved, whether freed since or not.
    pub allocations: usize,
    /// Bytes allocated less bytes freed. Negative if the code freed what was allocated before.
    pub live_bytes: isize,
}

impl Counts {
    const ZERO: Self = Self { allocations: 0, live_bytes: 0 };

    fn since(self, before: Self) -> Self {
        Self {
            allocations: self.allocations - before.allocations,
            live_bytes: self.live_bytes - before.live_bytes,
        }
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(mut self, other: Self) -> Self {
        self += other;
        self
    }
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.allocations += other.allocations;
        self.live_bytes += other.live_bytes;
    }
}

/// The number of measurements that run.
static MEASUREMENTS: AtomicUsize = AtomicUsize::new(0);
static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);
static LIVE_BYTES: AtomicIsize = AtomicIsize::new(0);
static LARGEST_ALIGNMENT: AtomicUsize = AtomicUsize::new(0);
static LARGEST_ALLOWED: AtomicUsize = AtomicUsize::new(usize::MAX);

thread_local! {
    static THREAD: Cell<Counts> = const { Cell::new(Counts::ZERO) };
}

/// Runs `body` and returns what this thread allocated and freed in it.
///
/// Memory that one thread allocates and another frees cancels out in the sum over both.
pub fn measure<R>(body: impl FnOnce() -> R) -> (R, Counts) {
    measured(|| THREAD.get(), body)
}

/// Runs `body` and returns what all threads of the process allocated and freed meanwhile.
pub fn measure_process<R>(body: impl FnOnce() -> R) -> (R, Counts) {
    measured(process, body)
}

fn measured<R>(counts: fn() -> Counts, body: impl FnOnce() -> R) -> (R, Counts) {
    /// Ends the measurement, also if `body` panics.
    struct Measurement;
    impl Drop for Measurement {
        fn drop(&mut self) {
            MEASUREMENTS.fetch_sub(1, Relaxed);
        }
    }
    measure_from_now_on();
    let measurement = Measurement;
    let before = counts();
    let result = body();
    let counts = counts().since(before);
    drop(measurement);
    (result, counts)
}

/// Counts until the process ends, for [`process`].
pub fn measure_from_now_on() {
    MEASUREMENTS.fetch_add(1, Relaxed);
}

/// Returns what all threads allocated and freed while any measurement ran. Exact while no other thread allocates.
pub fn process() -> Counts {
    Counts { allocations: ALLOCATIONS.load(Relaxed), live_bytes: LIVE_BYTES.load(Relaxed) }
}

/// Returns the largest alignment that a measured allocation asked for.
pub fn largest_alignment() -> usize {
    LARGEST_ALIGNMENT.load(Relaxed)
}

/// Makes each single request for more than `bytes` fail, as if the machine had refused it.
pub fn refuse_above(bytes: usize) {
    LARGEST_ALLOWED.store(bytes, Relaxed);
}

/// Returns what a process said last, in up to 100 characters, and how many bytes it was refused, if it died of that.
pub fn last_words(stderr: &[u8]) -> (String, Option<usize>) {
    let stderr = String::from_utf8_lossy(stderr);
    let mut lines = stderr.lines().map(str::trim).rev();
    let last = lines.find(|line| !line.is_empty() && !line.starts_with("note:"));
    let said: String = last.unwrap_or_default().chars().take(100).collect();
    let refused = said.strip_prefix("memory allocation of ");
    let refused = refused.and_then(|rest| rest.strip_suffix(" bytes failed")?.parse().ok());
    (said, refused)
}

/// Converts a size, so that it can be subtracted.
pub fn bytes(size: usize) -> isize {
    size.try_into().expect("no allocation is larger than `isize::MAX`")
}

/// Counts one call of the allocator. Allocates nothing, and needs no destructor.
fn count(allocated: Option<Layout>, freed: usize) {
    if MEASUREMENTS.load(Relaxed) == 0 {
        return;
    }
    let size = allocated.map_or(0, |layout| layout.size());
    let change = Counts {
        allocations: usize::from(allocated.is_some()),
        live_bytes: bytes(size) - bytes(freed),
    };
    THREAD.set(THREAD.get() + change);
    ALLOCATIONS.fetch_add(change.allocations, Relaxed);
    LIVE_BYTES.fetch_add(change.live_bytes, Relaxed);
    LARGEST_ALIGNMENT.fetch_max(allocated.map_or(0, |layout| layout.align()), Relaxed);
}

// SAFETY: every call goes to the system's allocator unchanged, or is refused.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST_ALLOWED.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        let memory = unsafe { System.alloc(layout) };
        if !memory.is_null() {
            count(Some(layout), 0);
        }
        memory
    }

    // Not `alloc` and a write of zeros: the system hands out zeroed pages that take no memory yet.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if layout.size() > LARGEST_ALLOWED.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        let memory = unsafe { System.alloc_zeroed(layout) };
        if !memory.is_null() {
            count(Some(layout), 0);
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        count(None, layout.size());
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }

    // Not `alloc` and `dealloc`: a large block may grow where it is.
    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if size > LARGEST_ALLOWED.load(Relaxed) {
            return null_mut();
        }
        // SAFETY: the caller's promise, passed on.
        let moved = unsafe { System.realloc(memory, layout, size) };
        if !moved.is_null() {
            // SAFETY: the caller promises that this size and alignment make a layout.
            let grown = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
            count(Some(grown), layout.size());
        }
        moved
    }
}
