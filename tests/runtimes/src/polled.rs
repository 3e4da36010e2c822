//! Futures that a test polls by hand.

use futures::FutureExt;
use std::{fmt, future::Future, mem, pin::Pin, task::Poll};
use support::waker::Task;

/// A future in a task of its own, which counts its wakes.
pub struct Polled<'a, O> {
    task: Task,
    future: Pin<Box<dyn Future<Output = O> + 'a>>,
}

impl<'a, O> Polled<'a, O> {
    /// Makes a task, and polls nothing yet.
    pub fn new(future: impl Future<Output = O> + 'a) -> Self {
        Self { task: Task::new(), future: Box::pin(future) }
    }

    /// Makes a task, polls the future once, and checks that it waits.
    #[track_caller]
    pub fn waiting(future: impl Future<Output = O> + 'a) -> Self {
        let mut polled = Self::new(future);
        assert!(polled.waits(), "it does not wait");
        polled
    }

    /// Polls once.
    pub fn poll(&mut self) -> Poll<O> {
        self.task.poll(&mut self.future)
    }

    /// Polls once, and returns `true` if the future still waits.
    pub fn waits(&mut self) -> bool {
        self.poll().is_pending()
    }

    /// Polls once, and returns what the future does.
    #[track_caller]
    pub fn end(&mut self) -> O {
        let Poll::Ready(output) = self.poll() else { panic!("it still waits") };
        output
    }

    /// Returns how often the task was woken since the last call.
    pub fn wakes(&self) -> usize {
        self.task.seen().woken
    }

    /// Checks that the task was woken once since the last look at its wakes, and returns what the future does.
    #[track_caller]
    pub fn woken_end(&mut self) -> O {
        assert_eq!(self.wakes(), 1, "how often it was woken");
        self.end()
    }

    /// Lets a new task go on with the future, and returns the task before.
    pub fn change_task(&mut self) -> Task {
        mem::take(&mut self.task)
    }

    /// Drops the future, and returns the task that polled it.
    pub fn give_up(self) -> Task {
        self.task
    }
}

impl<O> fmt::Debug for Polled<'_, O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Polled").field("task", &self.task).finish_non_exhaustive()
    }
}

/// Returns what a future does that does not wait.
#[track_caller]
pub fn at_once<O>(future: impl Future<Output = O>) -> O {
    future.now_or_never().expect("it waits")
}
