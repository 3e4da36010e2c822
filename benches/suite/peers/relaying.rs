//! The channels of sentinels.

use super::Use;
use crate::suite::{
    fresh::{self, Course},
    memory::{self, Found},
    prelude::*,
};
use futures_util::FutureExt;
use overwrite_channel::{channel, watch};
use std::sync::mpsc::sync_channel;

/// What the suites do with a channel of sentinels.
pub(crate) struct Relaying {
    pub(crate) name: &'static str,
    pub(crate) wait_for: Use<(u32, Option<Pair>), Row>,
    pub(crate) play: Use<(usize, Course), [u32; 3]>,
    pub(crate) build: Use<usize, Result<Found, String>>,
}

fn used(contender: impl Relays) -> Relaying {
    Relaying {
        name: contender.name(),
        wait_for: Box::new(move |(stale, pair)| fresh::row(contender, stale, pair)),
        play: Box::new(move |(capacity, course)| fresh::play(contender, capacity, course)),
        build: Box::new(move |capacity| memory::build(contender, capacity)),
    }
}

/// Returns the contenders: this crate's channel first, which is the floor, and by a task last.
pub(crate) fn relaying() -> Vec<Relaying> {
    vec![
        used(lossy(relay(
            OURS,
            |_| channel(),
            |tx, sentinel| tx.send(sentinel).is_ok(),
            |rx, deadline| rx.recv_deadline(deadline).ok(),
        ))),
        used(lossy(relay(
            "overwrite-channel watch",
            |_| watch::channel(Sentinel::default()),
            |tx, sentinel| tx.send(sentinel).is_ok(),
            |rx, deadline| {
                rx.blocking_changed_deadline(deadline).ok()?;
                Some(*rx.borrow_and_update())
            },
        ))),
        // It knows no deadline, so the time that is left is asked for only if there is something to wait for.
        used(relay(
            "std sync_channel",
            sync_channel,
            |tx, sentinel| tx.try_send(sentinel).is_ok(),
            |rx, deadline| rx.try_recv().ok().or_else(|| rx.recv_timeout(left(deadline)).ok()),
        )),
        used(relay(
            "crossbeam-channel",
            crossbeam_channel::bounded,
            |tx, sentinel| tx.try_send(sentinel).is_ok(),
            |rx, deadline| rx.recv_deadline(deadline).ok(),
        )),
        used(relay(
            "flume",
            flume::bounded,
            |tx, sentinel| tx.try_send(sentinel).is_ok(),
            |rx, deadline| rx.recv_deadline(deadline).ok(),
        )),
        // It knows no deadline either.
        used(relay(
            "kanal",
            kanal::bounded,
            |tx, sentinel| matches!(tx.try_send(sentinel), Ok(true)),
            |rx, deadline| {
                let now = rx.try_recv().ok().flatten();
                now.or_else(|| rx.recv_timeout(left(deadline)).ok())
            },
        )),
        used(relay(
            "async-channel",
            async_channel::bounded,
            |tx, sentinel| tx.try_send(sentinel).is_ok(),
            |rx, _| rx.recv().now_or_never()?.ok(),
        )),
        used(relay(
            "tokio mpsc",
            tokio::sync::mpsc::channel,
            |tx, sentinel| tx.try_send(sentinel).is_ok(),
            |rx, _| rx.recv().now_or_never()?,
        )),
        // As a task receives from the peers that know no deadline.
        used(lossy(relay(
            "overwrite-channel, a task",
            |_| channel(),
            |tx, sentinel| tx.send(sentinel).is_ok(),
            |rx, _| rx.recv_async().now_or_never()?.ok(),
        ))),
    ]
}
