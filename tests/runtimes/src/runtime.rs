//! What a scenario needs of a runtime, so that each scenario is written once.

use futures::{
    FutureExt,
    executor::{LocalPool, LocalSpawner, block_on},
    future::BoxFuture,
    poll,
    task::LocalSpawnExt,
};
use smol::Executor;
pub use smol::future::yield_now;
use std::{
    future::Future,
    panic::resume_unwind,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
};
use tokio::{
    runtime::{Builder, Handle},
    task::JoinHandle,
};

/// A future that can be spawned.
pub trait Task: Future<Output: Send + 'static> + Send + 'static {}

impl<F: Future<Output: Send + 'static> + Send + 'static> Task for F {}

/// A handle by which tasks are spawned.
pub trait Runtime: Clone + 'static {
    /// Runs what `root` returns to its end, in this thread.
    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output;

    /// Spawns a task. What is returned ends as the task does, also with its panic. Dropping it cancels the task.
    fn spawn<F: Task>(&self, task: F) -> BoxFuture<'static, F::Output>;

    /// Runs `body` in a thread that it may block, one of the runtime's if it has some for that.
    fn unblock<T: Send + 'static>(
        &self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        let (body, end) = async { body() }.remote_handle();
        thread::spawn(|| block_on(body));
        end.boxed()
    }
}

/// Tokio's current-thread scheduler if `THREADS` is 1, else its multi-thread scheduler with so many workers.
#[derive(Clone, Debug)]
pub struct Tokio<const THREADS: usize>(Handle);

impl<const THREADS: usize> Runtime for Tokio<THREADS> {
    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let mut builder = match THREADS {
            1 => Builder::new_current_thread(),
            _ => Builder::new_multi_thread(),
        };
        let runtime = builder.worker_threads(THREADS).enable_time().build().unwrap();
        let root = root(Self(runtime.handle().clone()));
        runtime.block_on(root)
    }

    fn spawn<F: Task>(&self, task: F) -> BoxFuture<'static, F::Output> {
        join_or_abort(self.0.spawn(task))
    }

    fn unblock<T: Send + 'static>(
        &self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        join_or_abort(self.0.spawn_blocking(body))
    }
}

fn join_or_abort<T: Send + 'static>(task: JoinHandle<T>) -> BoxFuture<'static, T> {
    struct AbortOnDrop<T>(JoinHandle<T>);
    impl<T> Drop for AbortOnDrop<T> {
        fn drop(&mut self) {
            self.0.abort();
        }
    }
    let mut task = AbortOnDrop(task);
    async move { (&mut task.0).await.unwrap_or_else(|error| resume_unwind(error.into_panic())) }
        .boxed()
}

/// Smol's executor, run by so many threads.
#[derive(Clone, Debug)]
pub struct Smol<const THREADS: usize>(Arc<Executor<'static>>);

impl<const THREADS: usize> Runtime for Smol<THREADS> {
    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let executor = Arc::new(Executor::new());
        let (running, ended) = smol::channel::bounded::<()>(1);
        thread::scope(|scope| {
            // Dropped at the end, also if the root panics.
            let _running = running;
            for _ in 1..THREADS {
                let (executor, ended) = (&executor, ended.clone());
                scope.spawn(move || smol::block_on(executor.run(ended.recv())));
            }
            smol::block_on(executor.run(root(Self(executor.clone()))))
        })
    }

    fn spawn<F: Task>(&self, task: F) -> BoxFuture<'static, F::Output> {
        self.0.spawn(task).boxed()
    }

    fn unblock<T: Send + 'static>(
        &self,
        body: impl FnOnce() -> T + Send + 'static,
    ) -> BoxFuture<'static, T> {
        smol::unblock(body).boxed()
    }
}

/// The pool of the `futures` crate, in one thread: a `FuturesUnordered`, which has wakers of its own for the tasks.
#[derive(Clone, Debug)]
pub struct Pool(LocalSpawner);

impl Runtime for Pool {
    fn run<F: Future>(root: impl FnOnce(Self) -> F) -> F::Output {
        let mut pool = LocalPool::new();
        let root = root(Self(pool.spawner()));
        pool.run_until(root)
    }

    fn spawn<F: Task>(&self, task: F) -> BoxFuture<'static, F::Output> {
        self.0.spawn_local_with_handle(task).unwrap().boxed()
    }
}

/// Makes a test of each scenario on each runtime, under the watchdog. A scenario is a function that is generic over the
/// runtime.
#[macro_export]
macro_rules! on_each_runtime {
    ($($scenario:ident)*) => {
        $crate::on_each_runtime! { tokio_one_thread: $crate::runtime::Tokio<1>, $($scenario)* }
        $crate::on_each_runtime! { tokio_two_threads: $crate::runtime::Tokio<2>, $($scenario)* }
        $crate::on_each_runtime! { smol_one_thread: $crate::runtime::Smol<1>, $($scenario)* }
        $crate::on_each_runtime! { smol_three_threads: $crate::runtime::Smol<3>, $($scenario)* }
        $crate::on_each_runtime! { futures_pool: $crate::runtime::Pool, $($scenario)* }
    };
    ($module:ident: $runtime:ty, $($scenario:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $scenario() {
                    ::support::watchdog::watched(|_| super::$scenario::<$runtime>());
                }
            )*
        }
    };
}

/// Lets other tasks run so many times.
pub async fn yield_times(times: usize) {
    for _ in 0..times {
        yield_now().await;
    }
}

/// The number of tasks that wait, or have waited.
#[derive(Clone, Debug, Default)]
pub struct Waiting(Arc<AtomicUsize>);

impl Waiting {
    /// Waits for the future, and is counted if the first poll is pending.
    pub async fn on<F: Future>(&self, future: F) -> F::Output {
        let mut future = pin!(future);
        if let Poll::Ready(output) = poll!(&mut future) {
            return output;
        }
        self.0.fetch_add(1, SeqCst);
        future.await
    }

    /// Waits, by yielding, until at least so many are counted.
    pub async fn reaches(&self, count: usize) {
        while self.0.load(SeqCst) < count {
            yield_now().await;
        }
    }
}
