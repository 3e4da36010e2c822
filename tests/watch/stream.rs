//! A receiver as a stream: the newest values, and the end after the last.

use futures::{
    StreamExt,
    executor::block_on,
    future::FusedFuture,
    select,
    stream::{FusedStream, Stream},
};
use overwrite_channel::watch::{Receiver, channel};
use std::{pin::Pin, task::Poll};
use support::waker::{Seen, Task};

/// Polls once, by a task of its own.
fn poll_next<S: Stream + Unpin>(stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut Task::new().context())
}

#[test]
fn a_stream_yields_the_newest_unseen_value_and_returns_its_end_once() {
    let (tx, mut rx) = channel(0);
    assert_eq!(poll_next(&mut rx), Poll::Pending, "the first value counts as seen");
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(poll_next(&mut rx), Poll::Ready(Some(2)));
    assert_eq!((rx.has_changed(), rx.skipped()), (Ok(false), 1));
    drop(tx);
    let ends = |rx: &mut Receiver<u32>| {
        assert!(Task::new().poll(&mut rx.changed()).is_ready());
        assert!(!rx.is_terminated(), "an error of `changed` is not the end of the stream");
        for _ in 0..2 {
            assert_eq!(poll_next(rx), Poll::Ready(None));
            assert!(rx.is_terminated() && !rx.clone().is_terminated());
        }
    };
    ends(&mut rx);
    // A mark yields the last value and the end again, in a clone too.
    rx.mark_changed();
    for rx in [&mut rx.clone(), &mut rx] {
        assert_eq!(poll_next(rx), Poll::Ready(Some(2)));
        ends(rx);
    }
    // A mark that is taken back yields the end alone.
    rx.mark_changed();
    rx.mark_unchanged();
    ends(&mut rx);
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
    assert_eq!(task.seen(), Seen::WOKEN, "`select!` asks again");
}
