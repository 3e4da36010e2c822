//! A receiver as a stream: the newest values, and the end after the last.

use crate::WOKEN;
use futures::{
    StreamExt,
    executor::block_on,
    future::FusedFuture,
    select,
    stream::{FusedStream, Stream},
};
use overwrite_channel::watch::channel;
use std::{pin::Pin, task::Poll};
use support::waker::Task;

/// Polls once, by a task of its own.
fn poll_next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Task::new().context())
}

/// Checks that the stream has not returned its end, that it returns nothing else now, and that it stays so.
#[track_caller]
fn ends(stream: &mut (impl FusedStream<Item = u32> + Unpin)) {
    assert!(!stream.is_terminated(), "the end has not been returned");
    for _ in 0..3 {
        assert_eq!(poll_next(stream), Poll::Ready(None));
        assert!(stream.is_terminated());
    }
}

#[test]
fn a_stream_yields_the_newest_unseen_value_and_returns_its_end_once() {
    let (tx, mut rx) = channel(0);
    assert_eq!(poll_next(&mut rx), Poll::Pending, "the first value counts as seen");
    for value in [2, 4] {
        tx.send(value - 1).unwrap();
        tx.send(value).unwrap();
        assert_eq!(poll_next(&mut rx), Poll::Ready(Some(value)));
        assert_eq!(poll_next(&mut rx), Poll::Pending);
    }
    assert_eq!((rx.has_changed(), rx.skipped()), (Ok(false), 2));
    let mut other = rx.clone();
    tx.send(5).unwrap();
    drop(tx);
    assert!(!rx.is_terminated(), "the last value is still to come");
    assert_eq!(poll_next(&mut rx), Poll::Ready(Some(5)));
    ends(&mut rx);
    ends(&mut rx.clone());
    // A mark yields the last value and the end again, in a clone too.
    rx.mark_changed();
    assert!(!rx.is_terminated());
    assert_eq!(poll_next(&mut rx.clone()), Poll::Ready(Some(5)));
    assert_eq!(poll_next(&mut rx), Poll::Ready(Some(5)));
    ends(&mut rx);
    // A mark that is taken back yields the end alone.
    rx.mark_changed();
    rx.mark_unchanged();
    ends(&mut rx);
    // Other calls that report the end are not the stream.
    assert!(other.blocking_wait_for(|_| false).is_err());
    assert!(Task::new().poll(&mut other.changed()).is_ready());
    ends(&mut other);
}

#[test]
fn a_select_returns_the_end_once() {
    let (tx, mut rx) = channel(0);
    drop(tx);
    block_on(async {
        let mut has_ended = false;
        loop {
            select! {
                value = rx.next() => {
                    assert_eq!((value, has_ended), (None, false));
                    has_ended = true;
                }
                complete => break,
            }
        }
        assert!(has_ended);
    });
}

#[test]
fn a_stream_that_ends_between_the_question_and_the_poll_may_be_polled() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    let mut some = rx.select_next_some();
    assert!(!some.is_terminated());
    drop(tx);
    assert!(!some.is_terminated());
    assert!(task.poll(&mut some).is_pending());
    assert!(some.is_terminated());
    assert_eq!(task.seen(), WOKEN, "`select!` asks again");
}
