//! Ten thousand channels at once, each with a task that waits, and what they take of memory.

use futures::{
    FutureExt,
    future::{BoxFuture, join_all},
    task::noop_waker_ref,
};
use overwrite_channel::channel;
use smol::Executor;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Context,
};
use tokio::runtime::{Builder, Runtime};

mod common {
    #[expect(dead_code, reason = "some of it is for the scenarios")]
    pub(crate) mod runtime;
}
#[path = "../../common/counting.rs"]
mod counting;
#[path = "../../common/watchdog.rs"]
mod watchdog;
use common::runtime::{noted, until};
use counting::{Counting, bytes, measure};
use watchdog::watched;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CHANNELS: usize = 10_000;

/// What the memory of one may come to, whatever the platform aligns to.
const CHANNEL_BYTES: isize = 640;
const CHANNEL_AND_TASK_BYTES: isize = 2048;

#[test]
fn a_channel_that_is_waited_for_is_small() {
    let mut handles = Vec::with_capacity(CHANNELS);
    let mut cx = Context::from_waker(noop_waker_ref());
    let ((), counts) = measure(|| {
        for _ in 0..CHANNELS {
            let (tx, mut rx) = channel::<u64>();
            assert!(rx.poll_recv(&mut cx).is_pending());
            handles.push((tx, rx));
        }
    });
    let each = counts.live_bytes / bytes(CHANNELS);
    assert!(counts.allocations <= 2 * CHANNELS, "{counts:?}");
    assert!(each <= CHANNEL_BYTES, "{each} bytes a channel");

    // Values that come, are received, and are waited for again, take no more.
    let ((), counts) = measure(|| {
        for (tx, rx) in &mut handles {
            assert_eq!(tx.send(1), Ok(None));
            assert!(rx.poll_recv(&mut cx).is_ready());
            assert!(rx.poll_recv(&mut cx).is_pending());
        }
    });
    assert_eq!((counts.allocations, counts.live_bytes), (0, 0));
}

trait Machine {
    fn spawn(
        &self,
        task: impl Future<Output = usize> + Send + 'static,
    ) -> BoxFuture<'static, usize>;
    fn block_on<F: Future>(&self, future: F) -> F::Output;
}

impl Machine for Runtime {
    fn spawn(
        &self,
        task: impl Future<Output = usize> + Send + 'static,
    ) -> BoxFuture<'static, usize> {
        self.spawn(task).map(Result::unwrap).boxed()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.block_on(future)
    }
}

impl Machine for Executor<'static> {
    fn spawn(
        &self,
        task: impl Future<Output = usize> + Send + 'static,
    ) -> BoxFuture<'static, usize> {
        self.spawn(task).boxed()
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        smol::block_on(self.run(future))
    }
}

/// Returns the memory of all channels and tasks, if this thread allocates all of it.
fn ten_thousand_tasks(machine: &impl Machine) -> isize {
    let (mut senders, mut tasks) = (Vec::with_capacity(CHANNELS), Vec::with_capacity(CHANNELS));
    let waiting = Arc::new(AtomicUsize::new(0));
    let ((), counts) = measure(|| {
        for _ in 0..CHANNELS {
            let (tx, mut rx) = channel::<usize>();
            let waiting = waiting.clone();
            senders.push(tx);
            tasks.push(
                machine.spawn(async move { noted(rx.recv_async(), &waiting).await.unwrap() }),
            );
        }
        machine.block_on(until(|| waiting.load(SeqCst) == CHANNELS));
    });
    for (value, tx) in senders.iter_mut().enumerate() {
        assert_eq!(tx.send(value), Ok(None));
    }
    let values = machine.block_on(join_all(tasks));
    assert!(values.into_iter().eq(0..CHANNELS));
    // The tasks are gone, and their receivers with them.
    assert!(senders.iter().all(overwrite_channel::Sender::is_closed));
    counts.live_bytes
}

fn assert_small(total: isize) {
    let each = total / bytes(CHANNELS);
    assert!(total > 0);
    assert!(each <= CHANNEL_AND_TASK_BYTES, "{each} bytes a channel with its task");
}

#[test]
fn on_one_thread_of_tokio() {
    watched(|watch| {
        let _running = watch.running("tokio");
        assert_small(ten_thousand_tasks(&Builder::new_current_thread().build().unwrap()));
    });
}

#[test]
fn on_two_threads_of_tokio() {
    watched(|watch| {
        let _running = watch.running("tokio");
        let runtime = Builder::new_multi_thread().worker_threads(2).build().unwrap();
        // What its own threads allocate is not in the figure.
        ten_thousand_tasks(&runtime);
    });
}

#[test]
fn on_smol() {
    watched(|watch| {
        let _running = watch.running("smol");
        assert_small(ten_thousand_tasks(&Executor::new()));
    });
}
