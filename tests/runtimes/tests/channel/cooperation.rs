//! Tasks whose waits are always ready let other tasks run, each kind of wait on each runtime.

use super::receive;
use futures::{
    StreamExt,
    future::{Either, select},
};
use overwrite_channel::{channel, watch};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_now, yield_times},
};
use std::{
    future::pending,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

on_each_runtime! {
    a_task_that_is_always_ready_lets_other_tasks_run
    a_branch_that_is_always_ready_lets_other_branches_run
}

const KINDS: usize = 19;

/// Waits again and again, in one of the ways, for what is there, until `done` is set.
async fn wait_again_and_again(kind: usize, done: Arc<AtomicBool>) {
    let (tx, mut rx) = channel();
    let (tx, mut no_sender) = (tx.into_shared(), channel::<usize>().1);
    let (no_receiver, shared_no_receiver) = (channel::<u8>().0, channel::<u8>().0.into_shared());
    let (watched, mut watch) = watch::channel(0);
    let (mut watch_no_sender, watch_no_receiver) = (watch::channel(0).1, watch::Sender::new(0));
    while !done.load(SeqCst) {
        match kind {
            0..3 => {
                tx.send(1).unwrap();
                assert_eq!(receive(&mut rx, kind).await, Some(1));
            }
            3..6 => assert_eq!(receive(&mut no_sender, kind).await, None),
            6 => {
                tx.send(1).unwrap();
                // The other branch is never ready.
                let race = select(rx.recv_async(), pending::<()>());
                assert!(matches!(race.await, Either::Left((Ok(1), _))));
            }
            7 => {
                tx.send(0).unwrap();
                // Each look makes the next value.
                let is_last = |value: &usize| {
                    tx.send(value + 1).unwrap();
                    *value == 1000
                };
                assert_eq!(rx.recv_matching_async(is_last).await, Ok(1000));
            }
            8 => no_receiver.closed().await,
            9 => shared_no_receiver.closed().await,
            10 => watch_no_receiver.closed().await,
            11 => {
                watched.send(1).unwrap();
                watch.changed().await.unwrap();
            }
            12 => {
                watch.mark_changed();
                watch.changed().await.unwrap();
            }
            13 => assert_eq!(*watch.wait_for(|value| *value == 0).await.unwrap(), 0),
            14 => {
                watched.send(1).unwrap();
                assert_eq!(watch.next().await, Some(1));
            }
            15 => assert!(watch_no_sender.changed().await.is_err()),
            16 => assert!(watch_no_sender.wait_for(|value| *value == 1).await.is_err()),
            17 => assert_eq!(watch_no_sender.next().await, None),
            _ => {
                assert_eq!(watch_no_sender.next().await, None);
                watch_no_sender.mark_changed();
                assert_eq!(watch_no_sender.next().await, Some(0));
            }
        }
    }
}

fn a_task_that_is_always_ready_lets_other_tasks_run<R: Runtime>() {
    for kind in 0..KINDS {
        R::run(|runtime| async move {
            let done = Arc::new(AtomicBool::new(false));
            let busy = runtime.spawn(wait_again_and_again(kind, done.clone()));
            let other = runtime.spawn(async move {
                yield_times(5).await;
                done.store(true, SeqCst);
            });
            busy.await;
            other.await;
        });
    }
}

/// In one task, with a branch that is polled later, and needs two polls.
fn a_branch_that_is_always_ready_lets_other_branches_run<R: Runtime>() {
    for kind in 0..KINDS {
        R::run(|_| async move {
            let never_done = Arc::new(AtomicBool::new(false));
            let busy = pin!(wait_again_and_again(kind, never_done));
            assert!(matches!(select(busy, pin!(yield_now())).await, Either::Right(_)), "{kind}");
        });
    }
}
