//! What is sent is there, and nothing else.

use super::{old, watch};
use crate::tools::waits;

/// It has no trait but those that every type has.
struct Plain(u8);

#[test]
fn the_first_value_is_there_for_both() {
    let (tx, rx) = watch::channel("hello");
    assert_eq!(*tx.borrow(), "hello");
    assert_eq!(*rx.borrow(), "hello");
}

#[test]
fn the_first_value_counts_as_seen() {
    let (_tx, mut rx) = watch::channel(1);
    assert!(!rx.has_changed().unwrap());
    assert!(!rx.borrow().has_changed());
    assert!(waits(rx.changed()));
    assert!(!rx.borrow_and_update().has_changed());
}

#[test]
fn the_first_value_outlives_the_sender() {
    let (_, rx) = watch::channel("hello");
    assert_eq!(*rx.borrow(), "hello");
}

#[test]
fn the_first_value_outlives_the_receiver() {
    let (tx, _) = watch::channel("hello");
    assert_eq!(*tx.borrow(), "hello");
}

#[test]
fn a_value_needs_no_trait() {
    let (tx, mut rx) = watch::channel(Plain(1));
    assert!(tx.send(Plain(2)).is_ok());
    assert_eq!(tx.send_replace(Plain(3)).0, 2);
    assert_eq!(rx.borrow().0, 3);
    assert_eq!(rx.borrow_and_update().0, 3);
    assert_eq!(tx.subscribe().borrow().0, 3);
    drop(rx);
    assert_eq!(tx.send(Plain(4)).err().unwrap().0.0, 4);
}

#[test]
fn a_value_that_was_sent_is_there_for_all() {
    let (tx, mut rx) = watch::channel(1);
    let other = rx.clone();
    assert_eq!(tx.send(2), Ok(()));
    assert_eq!(*tx.borrow(), 2);
    assert_eq!(*other.borrow(), 2);
    assert_eq!(*rx.borrow(), 2);
    assert_eq!(*rx.borrow_and_update(), 2);
}

#[test]
fn only_the_last_value_is_there() {
    let (tx, mut rx) = watch::channel(0);
    for value in 1..=5 {
        assert_eq!(tx.send(value), Ok(()));
    }
    assert_eq!(*rx.borrow_and_update(), 5);
    assert!(!rx.has_changed().unwrap());
    assert_eq!(*rx.borrow_and_update(), 5);
}

#[test]
fn looking_takes_nothing_away() {
    let (tx, rx) = watch::channel(String::from("kept"));
    for _ in 0..3 {
        assert_eq!(*rx.borrow(), "kept");
        assert_eq!(*tx.borrow(), "kept");
    }
    assert_eq!(rx.borrow().len(), 4);
}

#[test]
fn several_looks_at_once() {
    let (tx, rx) = watch::channel(1);
    let (first, second, third) = (rx.borrow(), rx.borrow(), tx.borrow());
    assert_eq!((*first, *second, *third), (1, 1, 1));
}

#[test]
fn a_send_to_nobody_hands_the_value_back_and_stores_nothing() {
    let (tx, rx) = watch::channel(1);
    drop(rx);
    let error = tx.send(2).unwrap_err();
    assert_eq!(error.0, 2);
    assert_eq!(*tx.borrow(), 1);

    let mut later = tx.subscribe();
    assert_eq!(*later.borrow(), 1);
    assert!(!later.has_changed().unwrap());
    assert!(waits(later.changed()));
}

#[test]
fn a_send_succeeds_while_any_receiver_is_left() {
    let (tx, rx) = watch::channel(1);
    let other = rx.clone();
    drop(rx);
    assert_eq!(tx.send(2), Ok(()));
    assert_eq!(*other.borrow(), 2);
    drop(other);
    assert!(tx.send(3).is_err());
}

#[test]
fn a_subscription_opens_the_channel_again() {
    let (tx, rx) = watch::channel(1);
    drop(rx);
    assert!(tx.send(2).is_err());
    let rx = tx.subscribe();
    assert_eq!(tx.send(3), Ok(()));
    assert!(rx.has_changed().unwrap());
    assert_eq!(*rx.borrow(), 3);
}

#[test]
fn a_replacement_hands_out_the_value_before() {
    let (tx, rx) = watch::channel(1);
    assert_eq!(old(tx.send_replace(2)), 1);
    assert!(rx.has_changed().unwrap());
    assert_eq!(old(tx.send_replace(3)), 2);
    assert_eq!(*rx.borrow(), 3);
}

#[test]
fn a_replacement_is_stored_without_receivers_too() {
    let (tx, rx) = watch::channel(1);
    drop(rx);
    assert_eq!(old(tx.send_replace(2)), 1);
    assert_eq!(*tx.borrow(), 2);
    let rx = tx.subscribe();
    assert_eq!(*rx.borrow(), 2);
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn a_modification_is_stored_without_receivers_too() {
    let (tx, rx) = watch::channel(1);
    drop(rx);
    tx.send_modify(|value| *value += 1);
    assert_eq!(*tx.borrow(), 2);
    assert!(tx.send_if_modified(|value| {
        *value += 1;
        true
    }));
    let rx = tx.subscribe();
    assert_eq!(*rx.borrow(), 3);
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn a_sender_by_itself_has_no_receivers() {
    let tx = watch::Sender::new(0u8);
    assert_eq!(tx.receiver_count(), 0);
    assert!(tx.is_closed());
    assert_eq!(tx.send(3).unwrap_err().0, 3);
    let rx = tx.subscribe();
    assert!(!tx.is_closed());
    assert_eq!(*rx.borrow(), 0);
    assert_eq!(tx.send(4), Ok(()));
    assert_eq!(*rx.borrow(), 4);
}

#[test]
fn a_sender_has_a_default_where_its_value_has() {
    let tx = watch::Sender::<String>::default();
    assert_eq!(tx.receiver_count(), 0);
    assert_eq!(*tx.borrow(), "");
}

#[test]
fn clones_of_a_sender_send_to_the_same_receivers() {
    let (tx, mut rx) = watch::channel(1);
    let other = tx.clone();
    assert_eq!(other.send(2), Ok(()));
    assert_eq!(*rx.borrow_and_update(), 2);
    assert_eq!(*tx.borrow(), 2);
    drop(tx);
    assert_eq!(other.send(3), Ok(()));
    assert!(rx.has_changed().unwrap());
    assert_eq!(*rx.borrow(), 3);
    let subscribed = other.subscribe();
    assert_eq!(*subscribed.borrow(), 3);
}

#[test]
fn channels_know_their_own() {
    let (tx, rx) = watch::channel(true);
    let (other_tx, other_rx) = watch::channel(true);
    assert!(tx.same_channel(&tx) && tx.same_channel(&tx.clone()));
    assert!(rx.same_channel(&rx) && rx.same_channel(&rx.clone()));
    assert!(rx.same_channel(&tx.subscribe()));
    assert!(!tx.same_channel(&other_tx));
    assert!(!rx.same_channel(&other_rx));
    assert!(!rx.same_channel(&other_tx.clone().subscribe()));
}
