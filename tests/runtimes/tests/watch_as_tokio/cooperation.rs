//! A task whose waits are always ready lets other tasks run.

use crate::watch::{Sender, channel};
use futures::poll;
use overwrite_channel_runtimes::runtime::{Runtime, Tokio, yield_now};
use std::pin::pin;
use support::watchdog::watched;
use tokio::select;

/// Waits again and again, in one of five ways, for what is there.
async fn wait_again_and_again(way: usize) {
    let (tx, mut rx) = channel(0);
    let (mut no_sender, no_receiver) = (channel(0).1, Sender::new(0));
    loop {
        tx.send(3).unwrap();
        match way {
            0 => rx.changed().await.unwrap(),
            1 => assert_eq!(*rx.wait_for(|value| *value == 3).await.unwrap(), 3),
            2 => assert!(no_sender.changed().await.is_err()),
            3 => assert!(no_sender.wait_for(|value| *value == 3).await.is_err()),
            _ => no_receiver.closed().await,
        }
    }
}

/// In one task, with a branch that is polled after it, and needs two polls.
#[test]
fn a_wait_that_is_always_ready_lets_another_branch_run() {
    watched(|_| {
        for way in 0..5 {
            Tokio::<1>::run(|_| async move {
                select! {
                    biased;
                    () = wait_again_and_again(way) => unreachable!("it has no end"),
                    () = yield_now() => {}
                }
            });
        }
    });
}

/// Returns how many waits in a row are ready, if each finds a change. The first that yields marks nothing as seen.
pub(crate) async fn ready_in_a_row(handles_are_new: bool) -> usize {
    let (mut tx, mut rx) = channel(0);
    for ready in 0..1000 {
        if handles_are_new {
            (tx, rx) = channel(0);
        }
        tx.send(ready).unwrap();
        if poll!(pin!(rx.changed())).is_pending() {
            assert!(rx.has_changed().unwrap(), "it was marked as seen");
            rx.changed().await.unwrap();
            assert_eq!(*rx.borrow(), ready);
            return ready;
        }
    }
    1000
}

#[tokio::test]
async fn a_wait_that_is_always_ready_yields() {
    assert!((1..1000).contains(&ready_in_a_row(false).await));
}
