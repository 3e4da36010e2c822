//! How each side learns that the other one is gone, and how many there are.

use super::watch;
use crate::{
    tools::{Polled, at_once, end_of_a_wait_that_begins_while},
    watchdog::watched,
};

#[test]
fn a_sender_knows_whether_there_is_a_receiver() {
    let (tx, rx) = watch::channel(());
    let other = rx.clone();
    assert!(!tx.is_closed());
    drop(rx);
    assert!(!tx.is_closed());
    drop(other);
    assert!(tx.is_closed() && tx.clone().is_closed());
    let rx = tx.subscribe();
    assert!(!tx.is_closed());
    drop(rx);
    assert!(tx.is_closed());
}

#[test]
fn a_receiver_knows_whether_there_is_a_sender() {
    let (tx, rx) = watch::channel(());
    let other = tx.clone();
    assert!(!rx.is_closed());
    drop(tx);
    assert!(!rx.is_closed());
    drop(other);
    assert!(rx.is_closed() && rx.clone().is_closed());
}

#[test]
fn a_channel_without_receivers_is_not_closed_to_those_who_come() {
    let (tx, rx) = watch::channel(());
    drop(rx);
    let rx = tx.subscribe();
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn receivers_are_counted() {
    let (tx, rx) = watch::channel("hello");
    assert_eq!(tx.receiver_count(), 1);
    let cloned = rx.clone();
    assert_eq!(tx.receiver_count(), 2);
    let subscribed = tx.subscribe();
    assert_eq!((tx.receiver_count(), tx.clone().receiver_count()), (3, 3));
    drop(cloned);
    assert_eq!(tx.receiver_count(), 2);
    drop((rx, subscribed));
    assert_eq!(tx.receiver_count(), 0);
}

#[test]
fn senders_are_counted() {
    let (tx, rx) = watch::channel("hello");
    assert_eq!(tx.sender_count(), 1);
    let other = tx.clone();
    assert_eq!((tx.sender_count(), other.sender_count()), (2, 2));
    drop(rx);
    assert_eq!(tx.sender_count(), 2);
    drop(tx);
    assert_eq!(other.sender_count(), 1);
    assert_eq!(watch::Sender::new(1).sender_count(), 1);
}

#[test]
fn a_wait_for_the_last_receiver_to_go() {
    let (tx, rx) = watch::channel(0);
    let other = rx.clone();
    let mut closed = Polled::waiting(tx.closed());
    drop(rx);
    assert!(closed.waits());
    tx.send(1).unwrap();
    assert!(closed.waits());
    closed.wakes();
    drop(other);
    assert_eq!(closed.wakes(), 1);
    closed.end();
}

#[test]
fn without_receivers_there_is_nothing_to_wait_for() {
    let (tx, rx) = watch::channel(0);
    drop(rx);
    at_once(tx.closed());
    at_once(tx.closed());
    at_once(watch::Sender::new(0).closed());
}

#[test]
fn the_last_receiver_ends_all_waits_of_all_senders() {
    let (tx, rx) = watch::channel(0);
    let other = tx.clone();
    let senders = [&tx, &other].into_iter().cycle().take(10);
    let mut waiting: Vec<_> = senders.map(|tx| Polled::waiting(tx.closed())).collect();
    drop(rx);
    for closed in &mut waiting {
        assert_eq!(closed.wakes(), 1);
        closed.end();
    }
}

#[test]
fn a_subscription_makes_it_wait_again() {
    let (tx, rx) = watch::channel(0);
    drop(rx);
    at_once(tx.closed());
    let rx = tx.subscribe();
    let mut closed = Polled::waiting(tx.closed());
    drop(rx);
    assert_eq!(closed.wakes(), 1);
    closed.end();
}

/// Whether it notices a moment without receivers is left open; that it ends with the next is not.
#[test]
fn a_moment_without_receivers_does_not_make_it_miss_the_next() {
    let (tx, rx) = watch::channel(0);
    let mut closed = Polled::waiting(tx.closed());
    drop(rx);
    let rx = tx.subscribe();
    if closed.waits() {
        closed.wakes();
        drop(rx);
        assert_eq!(closed.wakes(), 1);
        closed.end();
    }
}

#[test]
fn the_end_of_senders_is_no_end_of_receivers() {
    let (tx, _rx) = watch::channel(0);
    let other = tx.clone();
    let mut closed = Polled::waiting(tx.closed());
    drop(other);
    assert_eq!(closed.wakes(), 0);
    assert!(closed.waits());
}

#[test]
fn a_receiver_that_goes_while_the_wait_begins_ends_it() {
    watched(|watch| {
        let _running = watch.running("a waker that drops a receiver");
        let (tx, rx) = watch::channel(0);
        end_of_a_wait_that_begins_while(move || drop(rx), tx.closed());
    });
}
