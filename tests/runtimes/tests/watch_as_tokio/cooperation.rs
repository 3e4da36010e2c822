//! A task whose waits are always ready lets others run.

use crate::watch::{self, channel};
use futures::{FutureExt, future::BoxFuture, poll};
use overwrite_channel_runtimes::runtime::{Runtime, Tokio, yield_now};
use std::{convert::Infallible, pin::pin};
use support::watchdog::watched;
use tokio::select;

/// A loop whose waits are all ready.
type Busy = fn() -> BoxFuture<'static, Infallible>;

const BUSY: [Busy; 5] = [
    || {
        let (tx, mut rx) = channel(0);
        let changes = async move {
            loop {
                tx.send(1).unwrap();
                rx.changed().await.unwrap();
            }
        };
        changes.boxed()
    },
    || {
        let mut rx = channel(0).1;
        let ends = async move {
            loop {
                rx.changed().await.unwrap_err();
            }
        };
        ends.boxed()
    },
    || {
        let (tx, mut rx) = channel(0);
        let finds = async move {
            loop {
                tx.send(3).unwrap();
                assert_eq!(*rx.wait_for(|value| *value == 3).await.unwrap(), 3);
            }
        };
        finds.boxed()
    },
    || {
        let mut rx = channel(0).1;
        let ends = async move {
            loop {
                assert!(rx.wait_for(|value| *value == 3).await.is_err());
            }
        };
        ends.boxed()
    },
    || {
        let tx = watch::Sender::new(0);
        let ends = async move {
            loop {
                tx.closed().await;
            }
        };
        ends.boxed()
    },
];

/// In one task, with a branch that is polled after it, and needs two polls.
#[test]
fn a_wait_that_is_always_ready_lets_others_run() {
    watched(|_| {
        for busy in BUSY {
            Tokio::<1>::run(|_| async move {
                select! {
                    biased;
                    never = busy() => match never {},
                    () = yield_now() => {}
                }
            });
        }
    });
}

#[tokio::test]
async fn a_wait_that_yields_marks_nothing_as_seen() {
    let (tx, mut rx) = channel(0);
    let mut ready = 0;
    loop {
        tx.send(ready).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            break;
        }
        ready += 1;
        assert!(ready < 1000);
    }
    assert!(ready > 0);
    assert!(rx.has_changed().unwrap());
    rx.changed().await.unwrap();
    assert_eq!(*rx.borrow(), ready);
}
