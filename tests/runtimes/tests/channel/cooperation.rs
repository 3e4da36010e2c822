//! Tasks whose waits are always ready let other tasks run, each kind of wait on each runtime.

use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Either, select},
};
use overwrite_channel::{channel, watch};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_now, yield_times},
};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

on_each_runtime! {
    a_task_that_is_always_ready_lets_others_run
    a_branch_that_is_always_ready_lets_others_run
}

/// A loop whose waits are all ready, and that ends when the flag is set.
type Busy = fn(Arc<AtomicBool>) -> BoxFuture<'static, ()>;

/// Makes a loop that does the same again and again with the handles.
macro_rules! busy {
    ($($handles:pat = $made:expr),+ => $wait:expr) => {
        |done| {
            async move {
                $(#[allow(unused_mut, reason = "not each waits by `&mut`")] let $handles = $made;)+
                while !done.load(SeqCst) {
                    $wait;
                }
            }
            .boxed()
        }
    };
}

const BUSY: [(&str, Busy); 19] = [
    (
        "recv_async",
        busy!((mut tx, mut rx) = channel() => {
            tx.send(1).unwrap();
            assert_eq!(rx.recv_async().await, Ok(1));
        }),
    ),
    (
        "recv_async at the end",
        busy!(mut rx = channel::<u8>().1 => {
            assert!(rx.recv_async().await.is_err());
        }),
    ),
    (
        "recv_matching_async",
        busy!((mut tx, mut rx) = channel() => {
            tx.send(1).unwrap();
            assert_eq!(rx.recv_matching_async(|value| *value == 1).await, Ok(1));
        }),
    ),
    (
        "recv_matching_async at the end",
        busy!(mut rx = channel::<u8>().1 => {
            assert!(rx.recv_matching_async(|value| *value == 1).await.is_err());
        }),
    ),
    (
        "a stream",
        busy!((mut tx, mut rx) = channel() => {
            tx.send(1).unwrap();
            assert_eq!(rx.next().await, Some(1));
        }),
    ),
    (
        "a stream at the end",
        busy!(mut rx = channel::<u8>().1 => {
            assert_eq!(rx.next().await, None);
        }),
    ),
    (
        "a loser that is ready",
        busy!((mut tx, mut rx) = channel() => {
            tx.send(1).unwrap();
            // The other branch is never ready.
            let Either::Left((received, _)) = select(rx.recv_async(), std::future::pending::<()>()).await
            else { unreachable!() };
            assert_eq!(received, Ok(1));
        }),
    ),
    ("closed", busy!(tx = channel::<u8>().0 => tx.closed().await)),
    (
        "closed, of a shared sender",
        busy!(tx = channel::<u8>().0.into_shared() => tx.closed().await),
    ),
    (
        "a flood",
        busy!((tx, mut rx) = { let (tx, rx) = channel(); (tx.into_shared(), rx) } => {
            tx.send(0).unwrap();
            // Each look makes the next value.
            let wanted = |value: &usize| {
                tx.send(value + 1).unwrap();
                *value == 1000
            };
            assert_eq!(rx.recv_matching_async(wanted).await, Ok(1000));
        }),
    ),
    (
        "watch: changed",
        busy!((tx, mut rx) = watch::channel(0) => {
            tx.send(1).unwrap();
            assert!(rx.changed().await.is_ok());
        }),
    ),
    (
        "watch: changed, marked",
        busy!((_tx, mut rx) = watch::channel(0) => {
            rx.mark_changed();
            assert!(rx.changed().await.is_ok());
        }),
    ),
    (
        "watch: changed at the end",
        busy!(mut rx = watch::channel(0).1 => {
            assert!(rx.changed().await.is_err());
        }),
    ),
    (
        "watch: wait_for",
        busy!((_tx, mut rx) = watch::channel(0) => {
            assert!(rx.wait_for(|value| *value == 0).await.is_ok());
        }),
    ),
    (
        "watch: wait_for at the end",
        busy!(mut rx = watch::channel(0).1 => {
            assert!(rx.wait_for(|value| *value == 1).await.is_err());
        }),
    ),
    (
        "watch: a stream",
        busy!((tx, mut rx) = watch::channel(0) => {
            tx.send(1).unwrap();
            assert_eq!(rx.next().await, Some(1));
        }),
    ),
    (
        "watch: a stream at the end",
        busy!(mut rx = watch::channel(0).1 => {
            assert_eq!(rx.next().await, None);
        }),
    ),
    (
        "watch: a stream that begins again",
        busy!(mut rx = watch::channel(0).1 => {
            assert_eq!(rx.next().await, None);
            rx.mark_changed();
            assert_eq!(rx.next().await, Some(0));
        }),
    ),
    ("watch: closed", busy!(tx = watch::Sender::new(0) => tx.closed().await)),
];

fn a_task_that_is_always_ready_lets_others_run<R: Runtime>() {
    for (name, busy) in BUSY {
        let other = R::run(|runtime| async move {
            let done = Arc::new(AtomicBool::new(false));
            let busy = runtime.spawn(busy(done.clone()));
            let other = runtime.spawn(async move {
                yield_times(5).await;
                done.store(true, SeqCst);
                name
            });
            busy.await;
            other.await
        });
        assert_eq!(other, name);
    }
}

/// In one task, with a branch that is polled later, and needs two polls.
fn a_branch_that_is_always_ready_lets_others_run<R: Runtime>() {
    for (name, busy) in BUSY {
        R::run(|_| async move {
            let never_done = Arc::new(AtomicBool::new(false));
            let other = pin!(yield_now());
            assert!(matches!(select(busy(never_done), other).await, Either::Right(_)), "{name}");
        });
    }
}
