//! Panics on purpose: in keys, predicates, closures, wakers and drops.

use crate::tally::TALLY;
use futures::FutureExt;
use std::{
    any::Any,
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::atomic::{AtomicU64, Ordering::Relaxed},
    thread,
};

struct Injected;

/// Panics, unless this thread does so already: a second one would abort the program.
pub(crate) fn strike() {
    if !thread::panicking() {
        // No hook is called: nothing is printed.
        resume_unwind(Box::new(Injected));
    }
}

/// How many injected panics one world has seen.
#[derive(Default)]
pub(crate) struct Mishaps(AtomicU64);

impl Mishaps {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Relaxed)
    }

    /// `None` if it ended by an injected panic.
    pub(crate) fn catch<R>(&self, body: impl FnOnce() -> R) -> Option<R> {
        self.sort(catch_unwind(AssertUnwindSafe(body)))
    }

    /// The same for a future.
    pub(crate) async fn catch_in<R>(&self, body: impl Future<Output = R>) -> Option<R> {
        self.sort(AssertUnwindSafe(body).catch_unwind().await)
    }

    /// Any other panic goes on; the hook has printed it.
    pub(crate) fn sort<R>(&self, result: Result<R, Box<dyn Any + Send>>) -> Option<R> {
        match result {
            Ok(result) => Some(result),
            Err(panic) if panic.is::<Injected>() => {
                self.0.fetch_add(1, Relaxed);
                TALLY.panics.fetch_add(1, Relaxed);
                None
            }
            Err(panic) => resume_unwind(panic),
        }
    }
}
