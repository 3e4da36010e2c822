//! Receivers as streams in `select!`, which asks a stream whether it is terminated before it polls.

use crate::receivers;
use futures::{
    StreamExt,
    executor::block_on,
    future::FusedFuture,
    select,
    stream::{FusedStream, Stream},
};
use std::fmt::Debug;
use support::waker::Task;

/// Checks a stream that `end` ends between the question and the poll.
fn ends_in_between<S>(rx: &mut S, end: impl FnOnce())
where
    S: Stream<Item: Debug> + FusedStream + Unpin,
{
    let task = Task::new();
    let mut some = rx.select_next_some();
    assert!(!some.is_terminated());
    end();
    assert!(!some.is_terminated());
    some = task.waits(some);
    assert!(some.is_terminated());
    assert_eq!(task.seen().woken, 1, "`select!` asks again");
}

#[test]
fn a_stream_that_ends_between_the_question_and_the_poll_may_be_polled() {
    // Without a value; and with a last one, which another receiver takes in between.
    for value in [None, Some(1)] {
        let (mut tx, [mut rx, mut other]) = receivers();
        if let Some(value) = value {
            tx.send(value).unwrap();
        }
        ends_in_between(&mut rx, || {
            drop(tx);
            assert_eq!(other.try_recv().ok(), value);
        });
    }
    #[cfg(feature = "watch")]
    {
        let (tx, mut rx) = overwrite_channel::watch::channel(0);
        ends_in_between(&mut rx, || drop(tx));
        assert_eq!(selects(rx), [], "and then it is complete");
    }
}

/// Receives by `select!` until it completes.
pub(crate) fn selects<S: Stream + FusedStream + Unpin>(mut rx: S) -> Vec<S::Item> {
    block_on(async {
        let mut values = Vec::new();
        loop {
            select! {
                value = rx.select_next_some() => values.push(value),
                complete => break values,
            }
        }
    })
}
