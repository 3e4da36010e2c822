//! What the `futures` crate has: a pool in one thread, and many futures in one task.

use super::runtime::Runtime;
use futures::{
    FutureExt, StreamExt,
    executor::{LocalPool, LocalSpawner, block_on},
    future::BoxFuture,
    stream::FuturesUnordered,
    task::LocalSpawnExt,
};
use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::Poll,
};

#[derive(Clone)]
pub(crate) struct Pool(LocalSpawner);

impl Runtime for Pool {
    const ONE_THREAD: bool = true;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let mut pool = LocalPool::new();
        let root = root(Self(pool.spawner()));
        pool.run_until(root)
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        self.0.spawn_local_with_handle(task).unwrap().boxed()
    }
}

/// The root and a `FuturesUnordered` of all tasks, which has wakers of its own, under `block_on`.
#[derive(Clone, Default)]
pub(crate) struct Unordered(Rc<RefCell<Vec<BoxFuture<'static, ()>>>>);

impl Runtime for Unordered {
    const ONE_THREAD: bool = true;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let this = Self::default();
        let mut root = pin!(root(this.clone()));
        let mut tasks = FuturesUnordered::new();
        block_on(poll_fn(|cx| {
            if let Poll::Ready(output) = root.as_mut().poll(cx) {
                return Poll::Ready(output);
            }
            // Only the root spawns. Whoever waits for a task is woken by its end.
            tasks.extend(this.0.take());
            while let Poll::Ready(Some(())) = tasks.poll_next_unpin(cx) {}
            Poll::Pending
        }))
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let (task, end) = task.remote_handle();
        self.0.borrow_mut().push(task.boxed());
        end.boxed()
    }
}
