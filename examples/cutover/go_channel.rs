//! A Go channel with a buffer of one, as far as `select` with a `default` sees it.
//!
//! Go's channel is a lock around its buffer, and so is this one: each `select` is one step under
//! the lock, and between two of them anything may happen. `std`'s receiver cannot stand in for it,
//! because here the sender receives too.

#![forbid(unsafe_code)]

use std::{
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

pub(crate) struct GoChannel<T>(Arc<Shared<T>>);

struct Shared<T> {
    buffer: Mutex<Option<T>>,
    filled: Condvar,
}

impl<T> Clone for GoChannel<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> GoChannel<T> {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Shared { buffer: Mutex::new(None), filled: Condvar::new() }))
    }

    /// `select { case channel <- value: default: }`
    pub(crate) fn try_send(&self, value: T) -> Result<(), T> {
        let mut buffer = self.lock();
        if buffer.is_some() {
            return Err(value);
        }
        *buffer = Some(value);
        self.0.filled.notify_one();
        Ok(())
    }

    /// `select { case value := <-channel: default: }`
    pub(crate) fn try_recv(&self) -> Option<T> {
        self.lock().take()
    }

    /// `select { case value := <-channel: case <-timeout: }`
    pub(crate) fn recv_deadline(&self, deadline: Instant) -> Option<T> {
        let timeout = deadline.saturating_duration_since(Instant::now());
        let (mut buffer, _) = self
            .0
            .filled
            .wait_timeout_while(self.lock(), timeout, |buffer| buffer.is_none())
            .unwrap_or_else(PoisonError::into_inner);
        buffer.take()
    }

    fn lock(&self) -> MutexGuard<'_, Option<T>> {
        self.0.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
