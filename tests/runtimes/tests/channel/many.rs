//! Ten thousand channels at once, each with a task that waits, and what they take of memory.

use futures::{future::join_all, task::noop_waker_ref};
use overwrite_channel::{Sender, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting},
};
use std::task::Context;
use support::allocator::{bytes, measure, measure_from_now_on, this_thread};

on_each_runtime! { a_task_that_waits_is_small }

const CHANNELS: usize = 10_000;

/// The most bytes that each may take, whatever the platform aligns to.
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

fn a_task_that_waits_is_small<R: Runtime>() {
    measure_from_now_on();
    R::run(|runtime| async move {
        let (mut senders, mut tasks) = (Vec::with_capacity(CHANNELS), Vec::with_capacity(CHANNELS));
        let waiting = Waiting::default();
        let before = this_thread().live_bytes;
        for _ in 0..CHANNELS {
            let (tx, mut rx) = channel::<usize>();
            let waiting = waiting.clone();
            senders.push(tx);
            tasks.push(runtime.spawn(async move { waiting.on(rx.recv_async()).await.unwrap() }));
        }
        waiting.reaches(CHANNELS).await;
        let each = (this_thread().live_bytes - before) / bytes(CHANNELS);
        // What other threads of the runtime allocate is not in the figure.
        if R::ONE_THREAD {
            let sizes = 1..=CHANNEL_AND_TASK_BYTES;
            assert!(sizes.contains(&each), "{each} bytes a channel with its task");
        }
        for (value, tx) in senders.iter_mut().enumerate() {
            assert_eq!(tx.send(value), Ok(None));
        }
        assert!(join_all(tasks).await.into_iter().eq(0..CHANNELS));
        // The tasks are gone, and their receivers with them.
        assert!(senders.iter().all(Sender::is_closed));
    });
}
