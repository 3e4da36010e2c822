//! A test that is stuck fails, and says which of its threads did not finish.

use std::{
    hint::spin_loop,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::{Duration, Instant},
};

/// The threads of a test that run now.
#[derive(Debug, Clone, Default)]
pub struct Watchdog(Arc<Mutex<Vec<String>>>);

/// A thread that runs until this is dropped.
#[derive(Debug)]
pub struct Running<'a> {
    watchdog: &'a Watchdog,
    name: String,
}

impl Watchdog {
    /// Adds a thread.
    pub fn running(&self, name: impl Into<String>) -> Running<'_> {
        let name = name.into();
        self.0.lock().unwrap().push(name.clone());
        Running { watchdog: self, name }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut names = self.watchdog.0.lock().unwrap();
        if let Some(at) = names.iter().position(|name| *name == self.name) {
            names.swap_remove(at);
        }
    }
}

/// Runs `body` to its end, which must come within a minute. That is many times longer than it takes.
pub fn watched(body: impl FnOnce(&Watchdog) + Send + 'static) {
    let watchdog = Watchdog::default();
    let (done, ended) = channel::<()>();
    let runner = thread::spawn({
        let watchdog = watchdog.clone();
        move || {
            // Dropped at the end, also if the body panics.
            let _done = done;
            body(&watchdog);
        }
    });
    let stuck = ended.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout);
    assert!(!stuck, "stuck after a minute: {}", watchdog.0.lock().unwrap().join(", "));
    if let Err(panic) = runner.join() {
        resume_unwind(panic);
    }
}

/// Waits until another thread has made `condition` true: for a moment without a system call, then by yielding. Panics
/// after two minutes: the other thread may have panicked.
#[track_caller]
pub fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        spin_loop();
    }
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(120), "no other thread came in two minutes");
        thread::yield_now();
    }
}
