//! A task whose waits are always ready lets other tasks run.

use crate::watch::channel;
use futures::poll;
use std::pin::pin;

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
