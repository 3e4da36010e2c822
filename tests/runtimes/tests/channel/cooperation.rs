//! Tasks whose waits are always ready let other tasks run, each kind of wait on each runtime. When each handle yields is
//! asserted without a runtime.

use super::receive;
use futures::StreamExt;
use overwrite_channel::{channel, watch};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_times},
};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering::SeqCst},
};

on_each_runtime! { a_task_that_is_always_ready_lets_other_tasks_run }

pub(crate) const WAYS_THAT_ARE_READY: usize = 12;

/// Waits again and again, in the way of that number, for what is there, until `done` is set.
pub(crate) async fn wait_again_and_again(way: usize, done: Arc<AtomicBool>) {
    let (tx, mut rx) = channel();
    let (tx, mut no_sender, no_receiver) =
        (tx.into_shared(), channel::<usize>().1, channel::<u8>().0);
    let (watched, mut watch) = watch::channel(0);
    let mut watch_no_sender = watch::channel(0).1;
    while !done.load(SeqCst) {
        match way {
            0..3 => {
                tx.send(1).unwrap();
                assert_eq!(receive(&mut rx, way).await, Some(1));
            }
            3..6 => assert_eq!(receive(&mut no_sender, way).await, None),
            6 => {
                tx.send(0).unwrap();
                // Each look makes the next value.
                let is_last = |value: &usize| {
                    tx.send(value + 1).unwrap();
                    *value == 1000
                };
                assert_eq!(rx.recv_matching_async(is_last).await, Ok(1000));
            }
            7 => no_receiver.closed().await,
            8 => {
                watch.mark_changed();
                watch.changed().await.unwrap();
            }
            9 => assert_eq!(*watch.wait_for(|value| *value == 0).await.unwrap(), 0),
            10 => {
                watched.send(1).unwrap();
                assert_eq!(watch.next().await, Some(1));
            }
            _ => {
                assert_eq!(watch_no_sender.next().await, None);
                watch_no_sender.mark_changed();
                assert_eq!(watch_no_sender.next().await, Some(0));
            }
        }
    }
}

fn a_task_that_is_always_ready_lets_other_tasks_run<R: Runtime>() {
    for way in 0..WAYS_THAT_ARE_READY {
        R::run(|runtime| async move {
            let done = Arc::new(AtomicBool::new(false));
            let busy = runtime.spawn(wait_again_and_again(way, done.clone()));
            let other = runtime.spawn(async move {
                yield_times(5).await;
                done.store(true, SeqCst);
            });
            busy.await;
            other.await;
        });
    }
}
