//! Many tasks, and which of them were woken.

use super::waker::{Event, Task};
use std::{
    future::Future,
    mem,
    sync::{Arc, Mutex},
};

/// Tasks that note their numbers when they are woken.
pub(crate) struct Crowd {
    pub(crate) tasks: Vec<Task>,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Crowd {
    pub(crate) fn new(size: usize) -> Self {
        let woken: Arc<Mutex<Vec<usize>>> = Arc::default();
        let task = |at| {
            let woken = Arc::clone(&woken);
            Task::with(move |event| {
                if event == Event::Wake {
                    woken.lock().unwrap().push(at);
                }
            })
        };
        Self { tasks: (0..size).map(task).collect(), woken }
    }

    pub(crate) fn pends(&self, at: usize, future: &mut (impl Future + Unpin)) {
        assert!(self.tasks[at].poll(future).is_pending(), "{at} does not wait");
    }

    /// The tasks woken since the last call, sorted.
    pub(crate) fn woken(&self) -> Vec<usize> {
        let mut woken = mem::take(&mut *self.woken.lock().unwrap());
        woken.sort_unstable();
        woken
    }

    /// The only task woken since the last call.
    pub(crate) fn woken_one(&self) -> usize {
        let woken = self.woken();
        assert_eq!(woken.len(), 1, "woken: {woken:?}");
        woken[0]
    }
}

pub(crate) fn all(size: usize) -> Vec<usize> {
    (0..size).collect()
}
