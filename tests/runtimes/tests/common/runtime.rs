//! What a scenario needs of a runtime, so that each is written once.

use futures::{future::BoxFuture, poll};
use std::{
    future::{Future, poll_fn},
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Poll,
};

/// A handle by which tasks are spawned.
pub(crate) trait Runtime: Clone + 'static {
    /// Do all tasks run in the thread of `run`?
    const ONE_THREAD: bool;

    /// Runs what `root` returns to its end, in this thread.
    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output;

    /// What is returned ends as the task does, also with its panic. Dropping it may cancel the task.
    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T>;
}

/// Lets other tasks run.
pub(crate) async fn yield_now() {
    let mut yielded = false;
    poll_fn(|cx| {
        if yielded {
            return Poll::Ready(());
        }
        yielded = true;
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

pub(crate) async fn yield_times(times: usize) {
    for _ in 0..times {
        yield_now().await;
    }
}

/// Waits, by yielding, for what other tasks or threads do.
pub(crate) async fn until(mut condition: impl FnMut() -> bool) {
    while !condition() {
        yield_now().await;
    }
}

/// Adds one to `waiting` when `future` has been polled for the first time and is pending.
pub(crate) async fn noted<F: Future>(future: F, waiting: &AtomicUsize) -> F::Output {
    let mut future = pin!(future);
    if let Poll::Ready(output) = poll!(&mut future) {
        return output;
    }
    waiting.fetch_add(1, SeqCst);
    future.await
}
