//! Smol's executor, run by one thread and by three.

use super::runtime::Runtime;
use futures::{FutureExt, future::BoxFuture};
use smol::{Executor, block_on, channel};
use std::{future::Future, sync::Arc, thread};

#[derive(Clone)]
pub(crate) struct OneThread(Arc<Executor<'static>>);

#[derive(Clone)]
pub(crate) struct ThreeThreads(Arc<Executor<'static>>);

impl Runtime for OneThread {
    const ONE_THREAD: bool = true;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let executor = Arc::new(Executor::new());
        block_on(executor.run(root(Self(executor.clone()))))
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        self.0.spawn(task).boxed()
    }
}

impl Runtime for ThreeThreads {
    const ONE_THREAD: bool = false;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let executor = Arc::new(Executor::new());
        let (running, ended) = channel::bounded::<()>(1);
        thread::scope(|scope| {
            // Dropped at the end, also if the root panics.
            let _running = running;
            for _ in 0..2 {
                let (executor, ended) = (&executor, ended.clone());
                scope.spawn(move || block_on(executor.run(ended.recv())));
            }
            block_on(executor.run(root(Self(executor.clone()))))
        })
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        self.0.spawn(task).boxed()
    }
}
