//! The contenders for which a task waits.

use super::Use;
use crate::suite::{latency, prelude::*, waits};
use futures_util::StreamExt;
use overwrite_channel::{Receiver, Sender, channel};
use tokio::{runtime::Runtime, sync::mpsc};

/// What the suites do with a contender for which a task waits.
pub(crate) struct Awaiting {
    pub(crate) name: &'static str,
    pub(crate) round_trips: Use<Arc<Runtime>, Timed>,
    pub(crate) hand_overs: Use<Arc<Runtime>, Vec<u64>>,
}

fn used(contender: impl Awaits) -> Awaiting {
    Awaiting {
        name: contender.name(),
        round_trips: Box::new(move |runtime| waits::between_tasks(contender, runtime)),
        hand_overs: Box::new(move |runtime| latency::between_tasks(contender, &runtime)),
    }
}

/// Returns the contenders, the floor first.
pub(crate) fn awaiting() -> Vec<Awaiting> {
    let next = |_| {
        let (tx, rx) = channel();
        (tx, Next(rx))
    };
    vec![
        used(bare_notify()),
        used(overwrite()),
        used(ends("overwrite-channel, next", next)),
        used(tokio_watch()),
        used(ends("tokio mpsc", mpsc::channel)),
        used(ends("async-channel", async_channel::bounded)),
    ]
}

pub(crate) fn overwrite() -> impl Awaits<Rx: Clone> {
    ends(OURS, |_| channel())
}

impl AsyncSend for Sender<u64> {
    async fn put(&mut self, value: u64) {
        self.send(value).expect("a receiver is left");
    }
}

impl AsyncReceive for Receiver<u64> {
    async fn take(&mut self) -> u64 {
        self.recv_async().await.expect("a sender is left")
    }
}

/// A task receives from a stream.
struct Next(Receiver<u64>);

impl AsyncReceive for Next {
    async fn take(&mut self) -> u64 {
        self.0.next().await.expect("a sender is left")
    }
}

/// Two queues with the same calls.
macro_rules! ends_of {
    ($queue:ident) => {
        impl AsyncSend for $queue::Sender<u64> {
            async fn put(&mut self, value: u64) {
                self.send(value).await.expect("a receiver is left");
            }
        }

        impl AsyncReceive for $queue::Receiver<u64> {
            async fn take(&mut self) -> u64 {
                self.recv().await.expect("a sender is left")
            }
        }
    };
}

ends_of!(mpsc);
ends_of!(async_channel);
