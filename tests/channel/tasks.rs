//! Receiving as a task: what may be borrowed and pinned, and what comes after the end.

use futures::executor::block_on;
use overwrite_channel::{RecvError, SendError, channel};
use std::{future::Future, iter, marker::PhantomPinned, task::Poll, thread};
use support::{
    panics::message,
    waker::{Seen, Task},
};

/// Polls a future that is ready, and once more. Returns what the panic of that says.
fn complaint(mut future: impl Future + Unpin) -> String {
    let task = Task::new();
    assert!(task.poll(&mut future).is_ready());
    message(|| task.poll(&mut future).is_ready())
}

#[test]
fn a_future_that_is_polled_after_its_end_says_which_it_is() {
    let (mut tx, mut rx) = channel();
    for end in [false, true] {
        if end {
            (tx, rx) = (channel().0, channel().1);
        }
        assert_eq!(tx.send(1).is_err(), end);
        assert_eq!(complaint(rx.recv_async()), "`RecvFuture` polled after it had finished");
        assert_eq!(tx.send(1).is_err(), end);
        let said = complaint(rx.recv_matching_async(|_| true));
        assert_eq!(said, "`RecvMatchingFuture` polled after it had finished");
    }
    assert_eq!(complaint(tx.closed()), "`ClosedFuture` polled after it had finished");
    // Nothing else is wrong with any of the handles.
    assert_eq!(rx.try_recv(), Err(RecvError.into()));
    assert_eq!(tx.send(2), Err(SendError(2)));
}

#[test]
fn a_predicate_that_may_not_be_moved_is_no_obstacle() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let pinned = (1, PhantomPinned);
    let future = task.waits(rx.recv_matching_async(move |value| {
        let (wanted, PhantomPinned) = &pinned;
        value == wanted
    }));
    let mut moved = Box::new(future);
    tx.send(1).unwrap();
    assert_eq!(task.poll(&mut *moved), Poll::Ready(Ok(1)));
}

#[test]
fn values_that_borrow_pass_between_scoped_threads() {
    let text = String::from("borrowed for longer than the channel lives");
    let (mut tx, mut rx) = channel();
    let last = thread::scope(|scope| {
        scope.spawn(|| {
            text.split(' ').for_each(|word| _ = tx.send(word).unwrap());
            drop(tx);
        });
        iter::from_fn(|| block_on(rx.recv_async()).ok()).last()
    });
    assert_eq!(last, Some("lives"));
}

#[test]
fn a_waker_that_outlives_the_channel_may_still_be_woken() {
    let task = Task::new();
    let (tx, mut rx) = channel::<u8>();
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    let kept = task.context().waker().clone();
    drop((tx, rx));
    assert_eq!(task.seen(), Seen { cloned: 2, ..Seen::WOKEN });
    kept.wake();
    assert_eq!(task.seen(), Seen::WOKEN);
}
