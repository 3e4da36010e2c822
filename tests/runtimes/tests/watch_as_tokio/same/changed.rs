//! `changed`, polled by hand.

use super::watch;
use crate::{
    tools::{Polled, at_once, end_of_a_wait_that_begins_while, waits},
    waker::{Event, Task},
    watchdog::watched,
};
use std::task::Poll;

#[test]
fn what_was_not_seen_is_a_change_at_once() {
    let (tx, mut rx) = watch::channel("hello");
    tx.send("goodbye").unwrap();
    assert!(at_once(rx.changed()).is_ok());
    // It was marked as seen, though nobody looked at it.
    assert!(!rx.has_changed().unwrap());
    assert!(!rx.borrow().has_changed());
    assert_eq!(*rx.borrow(), "goodbye");
}

#[test]
fn a_wait_ends_with_the_next_send() {
    let (tx, mut rx) = watch::channel(0);
    for value in 1..=5 {
        let mut changed = Polled::waiting(rx.changed());
        assert_eq!(changed.wakes(), 0);
        tx.send(value).unwrap();
        assert_eq!(changed.wakes(), 1);
        assert!(changed.end().is_ok());
        assert_eq!(changed.wakes(), 0);
        drop(changed);
        assert!(!rx.has_changed().unwrap());
        assert_eq!(*rx.borrow(), value);
    }
}

#[test]
fn every_kind_of_send_wakes() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::waiting(rx.changed());
    let _ = tx.send_replace(1);
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
    drop(changed);
    let mut changed = Polled::waiting(rx.changed());
    tx.send_modify(|value| *value += 1);
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
    drop(changed);
    let mut changed = Polled::waiting(rx.changed());
    assert!(tx.send_if_modified(|value| {
        *value += 1;
        true
    }));
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
    drop(changed);
    assert_eq!(*rx.borrow(), 3);
}

#[test]
fn sends_that_nobody_looked_between_are_one_change() {
    let (tx, mut rx) = watch::channel(0);
    for value in 1..=3 {
        tx.send(value).unwrap();
    }
    assert!(at_once(rx.changed()).is_ok());
    assert!(waits(rx.changed()));

    let mut changed = Polled::waiting(rx.changed());
    for value in 4..=6 {
        tx.send(value).unwrap();
    }
    assert!((1..=3).contains(&changed.wakes()));
    assert!(changed.end().is_ok());
    drop(changed);
    assert_eq!(*rx.borrow(), 6);
    assert!(waits(rx.changed()));
}

#[test]
fn the_newest_value_is_marked_as_seen_not_the_one_that_woke() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::waiting(rx.changed());
    tx.send(1).unwrap();
    assert_eq!(changed.wakes(), 1);
    tx.send(2).unwrap();
    assert!(changed.end().is_ok());
    drop(changed);
    let value = rx.borrow_and_update();
    assert_eq!(*value, 2);
    assert!(!value.has_changed());
}

#[test]
fn a_change_after_the_wait_ended_is_another_one() {
    let (tx, mut rx) = watch::channel(0);
    tx.send(1).unwrap();
    assert!(at_once(rx.changed()).is_ok());
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow(), 2);
    assert!(rx.has_changed().unwrap());
    // A loop with `borrow` sees that value twice, one with `borrow_and_update` does not.
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(*rx.borrow(), 2);
    tx.send(3).unwrap();
    assert_eq!(*rx.borrow_and_update(), 3);
    assert!(waits(rx.changed()));
}

#[test]
fn a_wait_begins_with_its_first_poll() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::new(rx.changed());
    tx.send(1).unwrap();
    assert_eq!(changed.wakes(), 0);
    assert!(changed.end().is_ok());
    drop(changed);
    assert!(waits(rx.changed()));
}

#[test]
fn one_send_ends_every_wait() {
    let (tx, rx) = watch::channel(0);
    let mut receivers = vec![rx; 30];
    let mut waiting: Vec<_> =
        receivers.iter_mut().map(|rx| Polled::waiting(rx.changed())).collect();
    tx.send(1).unwrap();
    for changed in &mut waiting {
        assert_eq!(changed.wakes(), 1);
        assert!(changed.end().is_ok());
    }
    drop(waiting);
    assert!(receivers.iter().all(|rx| *rx.borrow() == 1 && !rx.has_changed().unwrap()));
}

#[test]
fn a_subscriber_waits_like_any_other() {
    let (tx, rx) = watch::channel(0);
    drop(rx);
    let mut rx = tx.subscribe();
    let mut changed = Polled::waiting(rx.changed());
    tx.send(1).unwrap();
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
}

#[test]
fn a_poll_that_finds_nothing_waits_on() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::waiting(rx.changed());
    assert!(changed.waits() && changed.waits());
    assert_eq!(changed.wakes(), 0);
    tx.send(1).unwrap();
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
}

#[test]
fn the_last_task_that_polled_is_woken() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::waiting(rx.changed());
    let before = changed.moves_and_waits();
    tx.send(1).unwrap();
    assert_eq!((before.seen().woken, changed.wakes()), (0, 1));
    assert!(changed.end().is_ok());
}

#[test]
fn a_wait_that_was_given_up_wakes_nobody() {
    let (tx, mut rx) = watch::channel(0);
    let task = Polled::waiting(rx.changed()).give_up();
    tx.send(1).unwrap();
    drop(tx);
    assert_eq!(task.seen().woken, 0);
    assert!(at_once(rx.changed()).is_ok());
    assert!(at_once(rx.changed()).is_err());
}

#[test]
fn a_receiver_that_is_gone_wakes_nobody() {
    let (tx, mut rx) = watch::channel(0);
    let _other = rx.clone();
    let task = Polled::waiting(rx.changed()).give_up();
    drop(rx);
    tx.send(1).unwrap();
    assert_eq!(task.seen().woken, 0);
}

#[test]
fn to_look_wakes_nobody() {
    let (tx, mut rx) = watch::channel(0);
    let mut other = tx.subscribe();
    let mut changed = Polled::waiting(rx.changed());
    other.mark_changed();
    assert!(at_once(other.changed()).is_ok());
    assert_eq!((*tx.borrow(), *other.borrow_and_update()), (0, 0));
    drop((other, tx.subscribe(), tx.clone()));
    assert_eq!(changed.wakes(), 0);
    assert!(changed.waits());
}

#[test]
fn the_last_value_comes_before_the_end() {
    let (tx, mut rx) = watch::channel("hello");
    tx.send("goodbye").unwrap();
    drop(tx);
    assert!(rx.has_changed().is_err());
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(*rx.borrow(), "goodbye");
    for _ in 0..3 {
        assert!(at_once(rx.changed()).is_err());
    }
}

#[test]
fn a_value_that_was_seen_comes_not_again_before_the_end() {
    let (tx, mut rx) = watch::channel(0);
    tx.send(1).unwrap();
    let first = rx.borrow_and_update();
    assert_eq!(*first, 1);
    drop(first);
    drop(tx);
    assert!(at_once(rx.changed()).is_err());

    let (tx, mut rx) = watch::channel(0);
    tx.send(1).unwrap();
    rx.mark_unchanged();
    drop(tx);
    assert!(at_once(rx.changed()).is_err());
}

#[test]
fn a_mark_is_a_change_after_the_end_too() {
    let (tx, mut rx) = watch::channel(0);
    drop(tx);
    assert!(at_once(rx.changed()).is_err());
    rx.mark_changed();
    assert!(rx.borrow().has_changed());
    assert!(at_once(rx.changed()).is_ok());
    assert!(at_once(rx.changed()).is_err());
}

#[test]
fn the_end_ends_every_wait() {
    let (tx, rx) = watch::channel(0);
    let other = tx.clone();
    let mut receivers = vec![rx; 20];
    let mut waiting: Vec<_> =
        receivers.iter_mut().map(|rx| Polled::waiting(rx.changed())).collect();
    drop(tx);
    for changed in &mut waiting {
        assert_eq!(changed.wakes(), 0);
        assert!(changed.waits());
    }
    drop(other);
    for changed in &mut waiting {
        assert_eq!(changed.wakes(), 1);
        assert!(changed.end().is_err());
    }
}

#[test]
fn a_value_and_the_end_come_one_after_the_other() {
    let (tx, mut rx) = watch::channel(0);
    let mut changed = Polled::waiting(rx.changed());
    tx.send(1).unwrap();
    drop(tx);
    assert!((1..=2).contains(&changed.wakes()));
    assert!(changed.end().is_ok());
    drop(changed);
    assert_eq!(*rx.borrow(), 1);
    assert!(at_once(rx.changed()).is_err());
}

/// Nothing is locked while tasks are woken.
#[test]
fn a_waker_may_look_and_send() {
    watched(|watch| {
        let _running = watch.running("a_waker_may_look_and_send");
        let (tx, mut rx) = watch::channel(0);
        let task = Task::with({
            let (tx, rx) = (tx.clone(), rx.clone());
            move |event| {
                if event == Event::Wake && *rx.borrow() == 1 {
                    tx.send(2).unwrap();
                }
            }
        });
        let mut changed = Box::pin(rx.changed());
        assert!(task.poll(&mut changed).is_pending());
        tx.send(1).unwrap();
        assert!(task.seen().woken >= 1);
        assert!(matches!(task.poll(&mut changed), Poll::Ready(Ok(()))));
        drop(changed);
        assert_eq!(*rx.borrow(), 2);
        assert!(waits(rx.changed()));
    });
}

#[test]
fn what_comes_while_the_wait_begins_ends_it() {
    watched(|watch| {
        let _running = watch.running("a waker that sends");
        let (tx, mut rx) = watch::channel(0);
        let sender = tx.clone();
        let send = move || sender.send(1).unwrap();
        assert!(end_of_a_wait_that_begins_while(send, rx.changed()).is_ok());
        assert!(!rx.has_changed().unwrap());
        let close = move || drop(tx);
        assert!(end_of_a_wait_that_begins_while(close, rx.changed()).is_err());

        let (tx, mut rx) = watch::channel(0);
        let sender = tx.clone();
        let send = move || sender.send(1).unwrap();
        let wait = rx.wait_for(|value| *value == 1);
        assert_eq!(*end_of_a_wait_that_begins_while(send, wait).unwrap(), 1);
        let close = move || drop(tx);
        assert!(end_of_a_wait_that_begins_while(close, rx.wait_for(|_| false)).is_err());
    });
}
