//! The memory of a channel begins where its values may lie, however far they are aligned.
#![cfg(feature = "std")]

use overwrite_channel::channel;
use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

/// An allocator that knows the furthest alignment that it was ever asked for.
struct Furthest(AtomicUsize);

// SAFETY: all is done by the system's allocator.
unsafe impl GlobalAlloc for Furthest {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        self.0.fetch_max(layout.align(), Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Furthest = Furthest(AtomicUsize::new(0));

#[repr(align(2048))]
struct Far(u8);

#[repr(align(4096))]
struct Further(u8);

#[test]
fn a_channel_is_aligned_as_its_values() {
    let (mut tx, mut rx) = channel();
    tx.send(Far(1)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rx.recv().map(|value| value.0), Ok(1));
    assert_eq!(ALLOCATOR.0.load(Relaxed), 2048);

    let (mut tx, mut rx) = channel();
    tx.send(Further(2)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rx.recv().map(|value| value.0), Ok(2));
    assert_eq!(ALLOCATOR.0.load(Relaxed), 4096);
}
