//! A receiver as a stream: the newest values, and the end after the last.
#![cfg(all(feature = "watch", feature = "stream"))]

use futures::{
    StreamExt,
    executor::block_on,
    future::FusedFuture,
    select,
    stream::{FusedStream, Stream},
};
use overwrite_channel::watch::{Sender, channel};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    rc::Rc,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    task::Poll,
    thread,
};

mod common {
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    waker::{Event, Seen, Task},
    watchdog::watched,
};

fn poll_next<S: Stream + Unpin>(task: &Task, stream: &mut S) -> Poll<Option<S::Item>> {
    Pin::new(stream).poll_next(&mut task.context())
}

#[test]
fn it_yields_the_newest_of_what_was_not_seen() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    assert_eq!(poll_next(&task, &mut rx), Poll::Pending, "the first value counts as seen");
    for value in [2, 4, 6] {
        tx.send(value - 1).unwrap();
        tx.send(value).unwrap();
        assert_eq!(poll_next(&task, &mut rx), Poll::Ready(Some(value)));
        assert_eq!(poll_next(&task, &mut rx), Poll::Pending);
        assert_eq!(rx.has_changed(), Ok(false));
    }
    assert_eq!(rx.skipped(), 3);
    // The same value again is a change.
    tx.send(6).unwrap();
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(Some(6)));
    // What was looked at otherwise is not new.
    tx.send(7).unwrap();
    assert_eq!(*rx.borrow_and_update(), 7);
    assert_eq!(poll_next(&task, &mut rx), Poll::Pending);
    tx.send(8).unwrap();
    assert_eq!(*rx.borrow(), 8);
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(Some(8)));
}

#[test]
fn marked_as_changed_it_begins_with_the_present_value() {
    let (tx, mut rx) = channel(1);
    rx.mark_changed();
    assert_eq!(poll_next(&Task::new(), &mut rx), Poll::Ready(Some(1)));
    tx.send(2).unwrap();
    rx.mark_unchanged();
    assert_eq!(poll_next(&Task::new(), &mut rx), Poll::Pending);
    drop(tx);
    rx.mark_changed();
    assert!(!rx.is_terminated());
    assert_eq!(Task::new().poll(&mut rx.collect::<Vec<_>>()), Poll::Ready(vec![2]));
}

#[test]
fn it_ends_after_the_last_value_and_stays_so() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    assert!(!rx.is_terminated());
    tx.send(1).unwrap();
    let other = tx.clone();
    drop(tx);
    assert!(!rx.is_terminated());
    drop(other);
    assert!(!rx.is_terminated(), "the last value is still to come");
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(Some(1)));
    assert!(!rx.is_terminated(), "the end has not been returned");
    for _ in 0..3 {
        assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));
        assert!(rx.is_terminated());
    }
    assert_eq!(task.seen(), Seen::default());

    // Without a value that was not seen.
    let (tx, mut rx) = channel(0);
    drop(tx);
    assert!(!rx.is_terminated());
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));
    assert!(rx.is_terminated());
}

#[test]
fn marked_as_changed_after_the_end_it_yields_the_last_value_and_ends_again() {
    let task = Task::new();
    let (tx, mut rx) = channel(7);
    drop(tx);
    for _ in 0..3 {
        assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));
        assert!(rx.is_terminated());
        rx.mark_changed();
        assert!(!rx.is_terminated());
        assert_eq!(poll_next(&task, &mut rx), Poll::Ready(Some(7)));
        assert!(!rx.is_terminated(), "the end has not been returned again");
    }
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));

    // Without the value, if that is taken back: then the end alone.
    rx.mark_changed();
    rx.mark_unchanged();
    assert!(!rx.is_terminated());
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));
    assert!(rx.is_terminated());
}

#[test]
fn each_receiver_returns_the_end_of_its_stream() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    let mut other = rx.clone();
    drop(tx);
    assert_eq!(poll_next(&task, &mut rx), Poll::Ready(None));
    assert!(rx.is_terminated() && !other.is_terminated());
    let mut clone = rx.clone();
    assert!(!clone.is_terminated(), "a clone is a stream of its own");
    assert_eq!(poll_next(&task, &mut clone), Poll::Ready(None));
    assert!(clone.is_terminated());

    // Other calls that report the end are not the stream.
    assert!(task.poll(&mut other.changed()).is_ready());
    assert!(other.blocking_changed().is_err());
    assert!(!other.is_terminated());
    assert_eq!(poll_next(&task, &mut other), Poll::Ready(None));
    assert!(other.is_terminated());
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
    assert_eq!(task.seen().woken, 1, "`select!` asks again");
}

#[test]
fn a_waker_is_left_behind_until_a_change_or_another_one() {
    let [first, other] = [Task::new(), Task::new()];
    let (tx, mut rx) = channel(0);
    assert!(first.poll(&mut rx.next()).is_pending());
    assert!(poll_next(&first, &mut rx).is_pending());
    assert_eq!(first.seen(), Seen { cloned: 1, ..Seen::default() }, "the same waker");
    assert!(poll_next(&other, &mut rx).is_pending());
    assert_eq!(first.seen(), Seen { dropped: 1, ..Seen::default() });
    other.seen();
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert_eq!(other.seen(), Seen { woken: 1, ..Seen::default() });
    assert_eq!(poll_next(&other, &mut rx), Poll::Ready(Some(2)));
    assert!(poll_next(&other, &mut rx).is_pending());
    other.seen();
    drop(tx);
    assert_eq!(other.seen(), Seen { woken: 1, ..Seen::default() });
    assert_eq!(poll_next(&other, &mut rx), Poll::Ready(None));
    assert_eq!((first.seen(), other.seen()), (Seen::default(), Seen::default()));
}

#[test]
fn futures_know_whether_they_have_finished() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    let mut changed = rx.changed();
    assert!(!changed.is_terminated());
    assert!(task.poll(&mut changed).is_pending() && !changed.is_terminated());
    tx.send(1).unwrap();
    assert!(!changed.is_terminated());
    assert!(task.poll(&mut changed).is_ready() && changed.is_terminated());
    drop(changed);
    let mut wait_for = rx.wait_for(|value| *value == 2);
    assert!(task.poll(&mut wait_for).is_pending() && !wait_for.is_terminated());
    tx.send(2).unwrap();
    assert!(task.poll(&mut wait_for).is_ready() && wait_for.is_terminated());
}

/// Panics when it is cloned, if it says so.
struct Payload(u8, bool);

impl Clone for Payload {
    fn clone(&self) -> Self {
        if self.1 {
            resume_unwind(Box::new(()));
        }
        Self(self.0, self.1)
    }
}

#[test]
fn a_clone_that_panics_does_not_end_it() {
    let task = Task::new();
    let (tx, mut rx) = channel(Payload(0, false));
    assert!(poll_next(&task, &mut rx).is_pending());
    assert!(tx.send(Payload(1, true)).is_ok());
    let outcome = catch_unwind(AssertUnwindSafe(|| poll_next(&task, &mut rx).is_ready()));
    assert!(outcome.is_err());
    assert!(poll_next(&task, &mut rx).is_pending());
    task.seen();
    assert!(tx.send(Payload(2, false)).is_ok());
    assert_eq!(task.seen().woken, 1);
    assert!(matches!(poll_next(&task, &mut rx), Poll::Ready(Some(Payload(2, false)))));
}

#[test]
fn under_many_sends_it_only_rises_and_ends_with_the_last() {
    const SENDS: u64 = 5_000;
    watched(|watch| {
        let (tx, rx) = channel(0_u64);
        thread::scope(|scope| {
            for receiver in 0..3 {
                let rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("receiver {receiver}"));
                    let values = block_on(rx.collect::<Vec<_>>());
                    assert!(values.is_sorted_by(|one, other| one < other));
                    assert_eq!(values.last(), Some(&SENDS));
                });
            }
            for sender in 0..2 {
                let tx = tx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("sender {sender}"));
                    for _ in 0..SENDS / 2 {
                        tx.send_modify(|value| *value += 1);
                    }
                });
            }
            drop(tx);
        });
    });
}

/// When it is cloned, a newer value is sent; its drop may panic.
struct Replaced {
    alive: Rc<()>,
    tx: Rc<Cell<Option<Sender<Self>>>>,
    panics: bool,
}

impl Clone for Replaced {
    fn clone(&self) -> Self {
        let Self { alive, tx, .. } = self;
        let newer = || Self { alive: Rc::clone(alive), tx: Rc::clone(tx), panics: false };
        if let Some(tx) = tx.take() {
            assert!(tx.send(newer()).is_ok());
        }
        newer()
    }
}

impl Drop for Replaced {
    fn drop(&mut self) {
        if self.panics && !thread::panicking() {
            resume_unwind(Box::new(()));
        }
    }
}

#[test]
fn a_clone_is_dropped_if_the_drop_of_its_original_panics() {
    let (alive, own) = (Rc::new(()), Rc::new(Cell::new(None)));
    let first = Replaced { alive: Rc::clone(&alive), tx: Rc::clone(&own), panics: true };
    let (tx, mut rx) = channel(first);
    own.set(Some(tx));
    rx.mark_changed();
    // While it is cloned it is replaced, and then this is the last look at it.
    let outcome = catch_unwind(AssertUnwindSafe(|| poll_next(&Task::new(), &mut rx).is_ready()));
    assert!(outcome.is_err());
    assert_eq!(rx.skipped(), 0);
    drop((rx, own));
    assert_eq!(Rc::strong_count(&alive), 1, "a value was leaked");
}

#[test]
fn a_waker_left_behind_that_panics_as_it_is_dropped_ends_no_wait_for() {
    let (tx, mut rx) = channel(0);
    let has_panicked = AtomicBool::new(false);
    let task = Task::with(move |event| {
        if event == Event::Drop && !has_panicked.swap(true, SeqCst) {
            resume_unwind(Box::new(()));
        }
    });
    assert!(poll_next(&task, &mut rx).is_pending());
    rx.mark_changed();
    let mut wait_for = rx.wait_for(|_| true);
    let poll = || Task::new().poll(&mut wait_for).is_ready();
    assert!(catch_unwind(AssertUnwindSafe(poll)).is_err());
    assert!(!wait_for.is_terminated());
    drop(wait_for);
    assert_eq!(rx.has_changed(), Ok(true), "nothing was looked at");
    let mut wait_for = rx.wait_for(|_| true);
    assert!(Task::new().poll(&mut wait_for).is_ready());
    drop(tx);
}
