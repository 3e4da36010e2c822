//! Channels whose value stays, for all receivers to look at. It is there from the beginning, and counts as seen.

use crate::suite::prelude::*;
use ::tokio::{runtime::Builder, sync::watch as tokio};
use overwrite_channel::watch as ours;

const WATCH: &str = "overwrite-channel watch";

pub(crate) fn watch() -> impl Watches + Awaits<Rx: Clone> {
    ends(WATCH, |_| ours::channel(0))
}

pub(crate) fn tokio_watch() -> impl Watches + Awaits<Rx: Clone> {
    ends("tokio watch", |_| tokio::channel(0))
}

/// A thread waits.
pub(crate) fn watch_on_thread() -> impl Blocks<u64> {
    peer(
        WATCH,
        |_| ours::channel(0),
        |tx, value| tx.send(value).expect("a receiver is left"),
        |rx| {
            rx.blocking_changed().expect("a sender is left");
            *rx.borrow_and_update()
        },
    )
}

/// A thread waits in a runtime of its own, because a `watch` of tokio's has no call that blocks.
pub(crate) fn tokio_watch_on_thread() -> impl Blocks<u64> {
    peer(
        "tokio watch, Runtime::block_on",
        |_| {
            let (tx, rx) = tokio::channel(0);
            (tx, (Builder::new_current_thread().build().expect("a runtime"), rx))
        },
        |tx, value| tx.send(value).expect("a receiver is left"),
        |(runtime, rx)| runtime.block_on(rx.take()),
    )
}

/// This crate's and tokio's have the same calls, and are used in the same way.
macro_rules! ends_of {
    ($watch:ident) => {
        impl AsyncSend for $watch::Sender<u64> {
            async fn put(&mut self, value: u64) {
                self.send(value).expect("a receiver is left");
            }
        }

        impl AsyncReceive for $watch::Receiver<u64> {
            async fn take(&mut self) -> u64 {
                self.changed().await.expect("a sender is left");
                *self.borrow_and_update()
            }
        }

        impl Replace for $watch::Sender<u64> {
            fn replace(&self, value: u64) {
                self.send_replace(value);
            }

            fn increment(&self) {
                self.send_modify(|value| *value += 1);
            }
        }

        impl Look for $watch::Receiver<u64> {
            fn look(&self) -> u64 {
                *self.borrow()
            }

            fn is_changed(&self) -> bool {
                self.has_changed().expect("a sender is left")
            }
        }
    };
}

ends_of!(ours);
ends_of!(tokio);
