//! Whatever thread one looks at: nothing is allocated while values pass. One test, and an allocator
//! that counts for the whole process.
#![cfg(feature = "std")]

use overwrite_channel::channel;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::Duration,
};

mod common {
    pub(crate) mod watchdog;
}
use common::watchdog::watched;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

// SAFETY: every call goes to the system's allocator as it came; `realloc` and `alloc_zeroed` come
// through `alloc`.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, SeqCst);
        // SAFETY: the caller's promise, passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise, passed on.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[test]
fn nothing_in_the_process_allocates_while_values_pass() {
    watched(|watch| {
        let (mut tx, mut rx) = channel::<u64>();
        let (mut echo_tx, mut echo_rx) = channel::<u64>();
        let mut idle_rx = rx.clone();
        rx.set_spin_limit(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                let _running = watch.running("echo");
                for value in rx {
                    // Parks and times out: the next value is sent only after the echo.
                    assert!(idle_rx.recv_timeout(Duration::from_micros(1)).is_err());
                    echo_tx.send(value).unwrap();
                }
            });
            let _running = watch.running("sender");
            // The test harness has a thread too, which may allocate as it starts. What each value
            // costs shows in every window.
            let windows = [1, 2, 3, 4, 5].map(|_| {
                let before = ALLOCATIONS.load(SeqCst);
                for value in 0..500 {
                    tx.send(value).unwrap();
                    assert_eq!(echo_rx.recv(), Ok(value));
                }
                ALLOCATIONS.load(SeqCst) - before
            });
            assert_eq!(windows.iter().min(), Some(&0), "allocations in each window: {windows:?}");
            drop(tx);
        });
    });
}
