//! A test that is stuck fails, and says which of its threads did not finish.

use std::{
    hint::spin_loop,
    panic::resume_unwind,
    sync::{
        Arc, Mutex,
        mpsc::{RecvTimeoutError, channel},
    },
    thread,
    time::Duration,
};

/// The threads of a test that run now.
#[derive(Debug, Clone, Default)]
pub struct Watch(Arc<Mutex<Vec<String>>>);

/// A thread that runs until this is dropped.
#[derive(Debug)]
pub struct Running<'a> {
    watch: &'a Watch,
    name: String,
}

impl Watch {
    /// Adds a thread.
    pub fn running(&self, name: impl Into<String>) -> Running<'_> {
        let name = name.into();
        self.0.lock().unwrap().push(name.clone());
        Running { watch: self, name }
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let mut names = self.watch.0.lock().unwrap();
        if let Some(at) = names.iter().position(|name| *name == self.name) {
            names.swap_remove(at);
        }
    }
}

/// Runs `body` to its end, which must come within a minute. That is many times longer than it takes.
pub fn watched(body: impl FnOnce(&Watch) + Send + 'static) {
    let watch = Watch::default();
    let (done, ended) = channel::<()>();
    let runner = thread::spawn({
        let watch = watch.clone();
        move || {
            // Dropped at the end, also if the body panics.
            let _done = done;
            body(&watch);
        }
    });
    let stuck = ended.recv_timeout(Duration::from_secs(60)) == Err(RecvTimeoutError::Timeout);
    assert!(!stuck, "stuck after a minute: {}", watch.0.lock().unwrap().join(", "));
    if let Err(panic) = runner.join() {
        resume_unwind(panic);
    }
}

/// Waits until another thread has made `condition` true: for a moment without a system call, then by yielding.
pub fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        spin_loop();
    }
    while !condition() {
        thread::yield_now();
    }
}
