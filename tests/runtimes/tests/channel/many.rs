//! Ten thousand channels at once, each with a task that waits, and what they take of memory.

use futures::future::join_all;
use overwrite_channel::{Sender, channel};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, Waiting},
};
use support::allocator::{bytes, measure_from_now_on, this_thread};

on_each_runtime! { a_task_that_waits_is_small }

const CHANNELS: usize = 10_000;

/// The most bytes that a channel and its task may take, whatever the platform aligns to.
const MOST_BYTES: isize = 2048;

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
            assert!((1..=MOST_BYTES).contains(&each), "{each} bytes a channel with its task");
        }
        for (value, tx) in senders.iter_mut().enumerate() {
            assert_eq!(tx.send(value), Ok(None));
        }
        assert!(join_all(tasks).await.into_iter().eq(0..CHANNELS));
        // The tasks are gone, and their receivers with them.
        assert!(senders.iter().all(Sender::is_closed));
    });
}
