//! What tokio documents of its `watch`, and holds for the `watch` of the test that includes this module: tokio's own,
//! or this crate's.

use futures::FutureExt;
use std::{mem, pin::Pin, task::Poll};
use support::waker::Task;

mod bounds;
pub(crate) mod cooperation;
mod crowds;
mod model;
mod threads;
mod values;
mod waits;

/// Returns what a future does that does not wait.
#[track_caller]
pub(crate) fn at_once<O>(future: impl Future<Output = O>) -> O {
    future.now_or_never().expect("it waits")
}

/// A future in a task of its own, which counts its wakes.
struct Polled<'a, O> {
    task: Task,
    future: Pin<Box<dyn Future<Output = O> + 'a>>,
}

impl<'a, O> Polled<'a, O> {
    /// Makes a task, and polls nothing yet.
    fn new(future: impl Future<Output = O> + 'a) -> Self {
        Self { task: Task::new(), future: Box::pin(future) }
    }

    /// Makes a task, polls the future once, and checks that it waits.
    #[track_caller]
    fn waiting(future: impl Future<Output = O> + 'a) -> Self {
        let mut polled = Self::new(future);
        assert!(polled.poll().is_pending(), "it does not wait");
        polled
    }

    /// Polls once.
    fn poll(&mut self) -> Poll<O> {
        self.task.poll(&mut self.future)
    }

    /// Polls once, and returns what the future does.
    #[track_caller]
    fn end(&mut self) -> O {
        let Poll::Ready(output) = self.poll() else { panic!("it still waits") };
        output
    }

    /// Returns how often the task was woken since the last call.
    fn wakes(&self) -> usize {
        self.task.seen().woken
    }

    /// Lets a new task go on with the future, and returns the task before.
    fn change_task(&mut self) -> Task {
        mem::take(&mut self.task)
    }
}
