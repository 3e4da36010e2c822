//! A task whose waits are always ready lets others run.

use super::watch;
use crate::{
    on_tokio::CurrentThread,
    runtime::{Runtime, yield_now},
    watchdog::watched,
};
use futures::poll;
use std::{convert::Infallible, future::Future, pin::pin};
use tokio::select;

/// Runs what never ends in one task with another branch, which is polled after it, and needs two polls.
fn lets_others_run<F: Future<Output = Infallible>>(busy: impl FnOnce() -> F + Send + 'static) {
    watched(|_| {
        CurrentThread::run(|_| async {
            select! {
                biased;
                never = busy() => match never {},
                () = yield_now() => {}
            }
        });
    });
}

#[test]
fn waits_for_a_change_that_is_there() {
    lets_others_run(|| async {
        let (tx, mut rx) = watch::channel(0);
        loop {
            tx.send(1).unwrap();
            rx.changed().await.unwrap();
        }
    });
}

#[test]
fn waits_for_a_change_after_the_end() {
    lets_others_run(|| async {
        let (tx, mut rx) = watch::channel(0);
        drop(tx);
        loop {
            rx.changed().await.unwrap_err();
        }
    });
}

#[test]
fn waits_for_a_value_that_is_there() {
    lets_others_run(|| async {
        let (tx, mut rx) = watch::channel(0);
        loop {
            tx.send(3).unwrap();
            assert_eq!(*rx.wait_for(|value| *value == 3).await.unwrap(), 3);
        }
    });
}

#[test]
fn waits_for_a_value_after_the_end() {
    lets_others_run(|| async {
        let (tx, mut rx) = watch::channel(0);
        drop(tx);
        loop {
            assert!(rx.wait_for(|value| *value == 3).await.is_err());
        }
    });
}

#[test]
fn waits_for_the_receivers_end_after_it() {
    lets_others_run(|| async {
        let (tx, rx) = watch::channel(0);
        drop(rx);
        loop {
            tx.closed().await;
        }
    });
}

#[tokio::test]
async fn a_wait_that_yields_marks_nothing_as_seen() {
    let (tx, mut rx) = watch::channel(0);
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
