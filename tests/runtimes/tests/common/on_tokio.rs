//! Tokio's two schedulers.

use super::runtime::Runtime;
use futures::{FutureExt, future::BoxFuture};
use std::{future::Future, panic::resume_unwind};
use tokio::runtime::{Builder, Handle};

#[derive(Clone)]
pub(crate) struct MultiThread(Handle);

#[derive(Clone)]
pub(crate) struct CurrentThread(Handle);

fn run<F: Future>(builder: &mut Builder, root: impl FnOnce(Handle) -> F) -> F::Output {
    let runtime = builder.enable_time().build().unwrap();
    let root = root(runtime.handle().clone());
    runtime.block_on(root)
}

fn spawn<T: Send + 'static>(
    handle: &Handle,
    task: impl Future<Output = T> + Send + 'static,
) -> BoxFuture<'static, T> {
    let task = handle.spawn(task);
    async { task.await.unwrap_or_else(|error| resume_unwind(error.into_panic())) }.boxed()
}

impl Runtime for MultiThread {
    const ONE_THREAD: bool = false;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        run(Builder::new_multi_thread().worker_threads(2), |handle| root(Self(handle)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        spawn(&self.0, task)
    }
}

impl Runtime for CurrentThread {
    const ONE_THREAD: bool = true;

    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        run(&mut Builder::new_current_thread(), |handle| root(Self(handle)))
    }

    fn spawn<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> BoxFuture<'static, T> {
        spawn(&self.0, task)
    }
}
