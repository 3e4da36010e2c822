//! Many tasks, and which of them were woken.

use crate::waker::{Event, Task};
use std::{
    future::Future,
    mem,
    sync::{Arc, Mutex},
};

/// Tasks that note their numbers when they are woken.
#[derive(Debug)]
pub struct Crowd {
    /// The tasks, by their numbers.
    pub tasks: Vec<Task>,
    woken: Arc<Mutex<Vec<usize>>>,
}

impl Crowd {
    /// Makes so many tasks.
    pub fn new(size: usize) -> Self {
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

    /// Polls the future as task `at`, and checks that it waits.
    #[track_caller]
    pub fn pends(&self, at: usize, future: &mut (impl Future + Unpin)) {
        assert!(self.tasks[at].poll(future).is_pending(), "{at} does not wait");
    }

    /// Polls each new future as the task of its number, checks that it waits, and returns them.
    #[track_caller]
    pub fn waits<F: Future + Unpin>(&self, futures: impl IntoIterator<Item = F>) -> Vec<F> {
        let mut futures: Vec<_> = futures.into_iter().collect();
        for (at, future) in futures.iter_mut().enumerate() {
            self.pends(at, future);
        }
        futures
    }

    /// Returns the tasks woken since the last call, sorted.
    pub fn woken(&self) -> Vec<usize> {
        let mut woken = mem::take(&mut *self.woken.lock().unwrap());
        woken.sort_unstable();
        woken
    }

    /// Returns the only task woken since the last call.
    #[track_caller]
    pub fn woken_one(&self) -> usize {
        let woken = self.woken();
        assert_eq!(woken.len(), 1, "woken: {woken:?}");
        woken[0]
    }
}

/// Returns the numbers of all of so many tasks.
pub fn all(size: usize) -> Vec<usize> {
    (0..size).collect()
}
