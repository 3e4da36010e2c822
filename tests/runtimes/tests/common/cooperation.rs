//! Tasks whose waits are always ready let other tasks run, each kind of wait on each runtime.

use super::runtime::{Runtime, yield_now, yield_times};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Either, select},
};
use overwrite_channel::{channel, watch};
use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

/// Are other tasks done?
#[derive(Clone, Default)]
struct Done(Arc<AtomicBool>);

impl Done {
    fn is_set(&self) -> bool {
        self.0.load(SeqCst)
    }
}

/// A loop whose waits are all ready, and that ends when the other tasks are done.
type Busy = fn(Done) -> BoxFuture<'static, ()>;

/// Makes one of what is done again and again, with what was there before.
macro_rules! busy {
    ($name:literal, $($handles:pat = $made:expr),+ => $wait:expr) => {
        ($name, |done| {
            async move {
                $(#[allow(unused_mut, reason = "not each waits by `&mut`")] let $handles = $made;)+
                while !done.is_set() {
                    $wait;
                }
            }
            .boxed()
        })
    };
}

const BUSY: [(&str, Busy); 19] = [
    busy!("recv_async", (mut tx, mut rx) = channel() => {
        tx.send(1).unwrap();
        assert_eq!(rx.recv_async().await, Ok(1));
    }),
    busy!("recv_async at the end", mut rx = channel::<u8>().1 => {
        assert!(rx.recv_async().await.is_err());
    }),
    busy!("recv_matching_async", (mut tx, mut rx) = channel() => {
        tx.send(1).unwrap();
        assert_eq!(rx.recv_matching_async(|value| *value == 1).await, Ok(1));
    }),
    busy!("recv_matching_async at the end", mut rx = channel::<u8>().1 => {
        assert!(rx.recv_matching_async(|value| *value == 1).await.is_err());
    }),
    busy!("a stream", (mut tx, mut rx) = channel() => {
        tx.send(1).unwrap();
        assert_eq!(rx.next().await, Some(1));
    }),
    busy!("a stream at the end", mut rx = channel::<u8>().1 => {
        assert_eq!(rx.next().await, None);
    }),
    busy!("a loser that is ready", (mut tx, mut rx) = channel() => {
        tx.send(1).unwrap();
        // The other branch is never ready.
        let Either::Left((received, _)) = select(rx.recv_async(), std::future::pending::<()>()).await
        else { unreachable!() };
        assert_eq!(received, Ok(1));
    }),
    busy!("closed", tx = channel::<u8>().0 => tx.closed().await),
    busy!("closed, of a shared sender", tx = channel::<u8>().0.into_shared() => tx.closed().await),
    busy!("watch: changed", (tx, mut rx) = watch::channel(0) => {
        tx.send(1).unwrap();
        assert!(rx.changed().await.is_ok());
    }),
    busy!("watch: changed, marked", (_tx, mut rx) = watch::channel(0) => {
        rx.mark_changed();
        assert!(rx.changed().await.is_ok());
    }),
    busy!("watch: changed at the end", mut rx = watch::channel(0).1 => {
        assert!(rx.changed().await.is_err());
    }),
    busy!("watch: wait_for", (_tx, mut rx) = watch::channel(0) => {
        assert!(rx.wait_for(|value| *value == 0).await.is_ok());
    }),
    busy!("watch: wait_for at the end", mut rx = watch::channel(0).1 => {
        assert!(rx.wait_for(|value| *value == 1).await.is_err());
    }),
    busy!("watch: a stream", (tx, mut rx) = watch::channel(0) => {
        tx.send(1).unwrap();
        assert_eq!(rx.next().await, Some(1));
    }),
    busy!("watch: a stream at the end", mut rx = watch::channel(0).1 => {
        assert_eq!(rx.next().await, None);
    }),
    busy!("watch: a stream that begins again", mut rx = watch::channel(0).1 => {
        assert_eq!(rx.next().await, None);
        rx.mark_changed();
        assert_eq!(rx.next().await, Some(0));
    }),
    busy!("watch: closed", tx = watch::Sender::new(0) => tx.closed().await),
    busy!("a flood", (tx, mut rx) = { let (tx, rx) = channel(); (tx.into_shared(), rx) } => {
        tx.send(0).unwrap();
        // Each look makes the next value.
        let wanted = |value: &usize| {
            tx.send(value + 1).unwrap();
            *value == 1000
        };
        assert_eq!(rx.recv_matching_async(wanted).await, Ok(1000));
    }),
];

pub(crate) fn a_task_that_is_always_ready_lets_others_run<R: Runtime>() {
    for (name, busy) in BUSY {
        let others = R::run(|runtime| async move {
            let done = Done::default();
            let busy = runtime.spawn(busy(done.clone()));
            let other = runtime.spawn(async move {
                yield_times(5).await;
                done.0.store(true, SeqCst);
                name
            });
            busy.await;
            other.await
        });
        assert_eq!(others, name);
    }
}

/// In one task, with a branch that is polled later, and needs two polls.
pub(crate) fn a_branch_that_is_always_ready_lets_others_run<R: Runtime>() {
    for (_, busy) in BUSY {
        R::run(|_| async move {
            // It is never done.
            let other = pin!(yield_now());
            assert!(matches!(select(busy(Done::default()), other).await, Either::Right(_)));
        });
    }
}
