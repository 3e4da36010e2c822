//! Threads with a small stack, and threads that meet.

use crate::watchdog::until;
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

/// Runs `body` in a thread whose stack has so many bytes, and returns what it returned.
pub fn on_a_stack_of<R: Send + 'static>(
    bytes: usize,
    body: impl FnOnce() -> R + Send + 'static,
) -> R {
    thread::Builder::new().stack_size(bytes).spawn(body).unwrap().join().unwrap()
}

/// Where threads meet, awake: a thread that had to be woken would come when the others have done half their work.
#[derive(Debug)]
#[repr(align(128))] // on cache lines of its own
pub struct Meeting {
    threads: usize,
    came: AtomicUsize,
}

impl Meeting {
    /// Makes a place where so many threads meet, as often as they like.
    pub fn of(threads: usize) -> Self {
        Self { threads, came: AtomicUsize::new(0) }
    }

    /// Returns when all threads have come, for the same time.
    pub fn meet(&self) {
        self.meet_or(|| false);
    }

    /// Returns when all threads have come, or when this thread `gives_up`.
    pub fn meet_or(&self, gives_up: impl Fn() -> bool) {
        let all = (self.came.fetch_add(1, SeqCst) / self.threads + 1) * self.threads;
        until(|| self.came.load(SeqCst) >= all || gives_up());
    }
}
