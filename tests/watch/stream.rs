//! A receiver as a stream: the newest values, and the end after the last.

use crate::{DROPPED, NOTHING, WOKEN, pends, tasks};
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
    // A mark yields the last value and the end again.
    rx.mark_changed();
    assert!(!rx.is_terminated());
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

#[test]
fn a_waker_is_left_behind_until_a_change_or_another_one() {
    let [first, other] = tasks();
    let (tx, mut rx) = channel(0);
    pends(&first, &mut rx.next());
    assert!(first.poll(&mut rx.next()).is_pending());
    assert_eq!(first.seen(), NOTHING, "the same waker");
    pends(&other, &mut rx.next());
    assert_eq!(first.seen(), DROPPED);
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(other.seen(), WOKEN);
    assert_eq!(other.poll(&mut rx.next()), Poll::Ready(Some(2)));
    assert_eq!(other.seen(), NOTHING);
    pends(&other, &mut rx.next());
    drop(tx);
    assert_eq!(other.seen(), WOKEN);
    assert_eq!(other.poll(&mut rx.next()), Poll::Ready(None));
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));
}

#[test]
fn futures_know_whether_they_have_finished() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    let mut changed = rx.changed();
    assert!(!changed.is_terminated());
    pends(&task, &mut changed);
    tx.send(1).unwrap();
    assert!(!changed.is_terminated());
    assert!(task.poll(&mut changed).is_ready() && changed.is_terminated());
    drop(changed);
    task.seen();
    let mut wait_for = rx.wait_for(|value| *value == 2);
    pends(&task, &mut wait_for);
    tx.send(2).unwrap();
    assert!(!wait_for.is_terminated());
    assert!(task.poll(&mut wait_for).is_ready() && wait_for.is_terminated());
}
