//! Of embassy's and postage's `watch`, and of Kotlin's `ConflatedBroadcastChannel`.

use futures::{FutureExt, StreamExt};
use overwrite_channel::watch::{
    self, Receiver, Sender,
    error::{RecvError, SendError},
};
use std::{sync::Mutex, task::Poll};
use support::waker::{Event, Task, tasks};

/// Stands for embassy's `receive_after_create`, postage's `recv_default`, `subscribe_default` and `subscribe_both_receive_value`,
/// and Kotlin's `testInitialValueAndReceiveClosed`. *Differs:* there a new receiver has seen nothing.
#[test]
fn a_new_receiver_has_seen_the_value_that_is_there_unless_it_is_marked() {
    let (tx, rx) = watch::channel(0);
    for mut rx in [rx, tx.subscribe()] {
        assert_eq!(rx.next().now_or_never(), None);
        rx.mark_changed();
        assert_eq!(rx.next().now_or_never(), Some(Some(0)));
        assert_eq!(rx.next().now_or_never(), None);
    }
}

/// Stands for postage's `sender_disconnect`. *Differs:* there a clone has seen nothing.
#[test]
fn a_clone_has_seen_what_its_original_has_and_each_stream_ends_with_the_last_value() {
    let (tx, mut rx) = watch::channel(0);
    tx.send(1).unwrap();
    let has_not_seen = rx.clone();
    assert_eq!(rx.next().now_or_never(), Some(Some(1)));
    let has_seen = rx.clone();
    drop(tx);
    let rest = |rx: Receiver<_>| rx.collect::<Vec<_>>().now_or_never().unwrap();
    assert_eq!([rx, has_seen, has_not_seen].map(rest), [vec![], vec![], vec![1]]);
}

/// Stands for embassy's `receive_after_create`. *Differs:* there `send` stores the value, although no receiver has come yet.
#[test]
fn a_send_without_receivers_stores_nothing_and_a_replacing_one_does() {
    let tx = Sender::new(1);
    assert_eq!((tx.send(10), *tx.subscribe().borrow()), (Err(SendError(10)), 1));
    assert_eq!((*tx.send_replace(20), *tx.subscribe().borrow()), (1, 20));
}

/// Stands for embassy's `multiple_sends`, `all_try_get` and `contains_value`, and Kotlin's `testBasicScenario` up to its first
/// value. *Differs:* those begin without a value; here that is a `None`.
#[test]
fn a_channel_that_begins_without_a_value_is_one_of_options() {
    let (tx, mut rx) = watch::channel(None);
    let task = Task::new();
    assert_eq!((*tx.borrow(), *rx.borrow()), (None, None));
    let mut first = task.waits(rx.wait_for(Option::is_some));
    tx.send(Some(10)).unwrap();
    assert!(matches!(task.poll(&mut first), Poll::Ready(Ok(value)) if *value == Some(10)));
    drop(first);
    assert_eq!((*tx.borrow(), rx.has_changed()), (Some(10), Ok(false)));
}

/// Stands for embassy's `predicate_fn`. *Differs:* there a refused value stays new, a value that was seen is not taken again, and
/// `try_get` marks the value as seen.
#[test]
fn a_wait_marks_what_it_refuses_and_takes_what_was_seen_and_a_look_marks_nothing() {
    let (tx, mut rx) = watch::channel(15);
    assert_eq!(*rx.wait_for(|value| *value > 5).now_or_never().unwrap().unwrap(), 15);
    tx.send(25).unwrap();
    assert_eq!((*rx.borrow(), rx.has_changed()), (25, Ok(true)));
    assert!(rx.wait_for(|value| *value < 5).now_or_never().is_none());
    assert_eq!(rx.has_changed(), Ok(false));
}

/// Stands for embassy's `max_receivers_drop` and `dynamic_receiver_count`. *Differs:* there a constant limits the receivers.
#[test]
fn receivers_have_no_limit_and_are_counted() {
    let (tx, _rx) = watch::channel(0);
    let receivers: Vec<_> = (0..10_000).map(|_| tx.subscribe()).collect();
    assert_eq!(tx.receiver_count(), 10_001);
    tx.send(1).unwrap();
    assert!(receivers.iter().all(|rx| rx.has_changed() == Ok(true)));
    drop(receivers);
    assert_eq!(tx.receiver_count(), 1);
}

/// Stands for the end of Kotlin's `testBasicScenario`. *Differs:* there the value is gone once the channel is closed, and a
/// sender may stay, whose sends throw.
#[test]
fn the_value_can_be_looked_at_after_the_senders_are_gone() {
    let (tx, mut rx) = watch::channel("two");
    tx.send("three").unwrap();
    drop(tx);
    let changed = [(); 2].map(|()| rx.changed().now_or_never());
    assert_eq!(changed, [Some(Ok(())), Some(Err(RecvError))]);
    assert_eq!((*rx.borrow(), *rx.clone().borrow_and_update()), ("three", "three"));
}

/// Stands for Kotlin's `testConcurrentModification`: in the middle of a send, a receiver leaves that waits itself.
#[test]
fn a_receiver_that_leaves_while_another_one_is_notified_costs_the_rest_no_wake() {
    let (tx, rx) = watch::channel(0);
    let waits = |task: &Task| {
        let mut rx = rx.clone();
        task.waits(async move { rx.changed().await }.boxed())
    };
    let [leaving, staying] = tasks();
    let gone = Mutex::new(Some(waits(&leaving)));
    let drops = Task::acting_in(Event::Wake, move || drop(gone.lock().unwrap().take()));
    let mut others = [(&drops, waits(&drops)), (&staying, waits(&staying))];
    tx.send(1).unwrap();
    assert_eq!(tx.receiver_count(), 3);
    for (task, wait) in &mut others {
        assert_eq!((task.seen().woken, task.poll(wait)), (1, Poll::Ready(Ok(()))));
    }
}
