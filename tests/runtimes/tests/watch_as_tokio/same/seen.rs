//! What counts as seen, and what as changed.

use super::{old, watch};
use crate::tools::{at_once, waits};

#[test]
fn a_borrow_does_not_mark_its_value_as_seen() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    for _ in 0..2 {
        let value = rx.borrow();
        assert!(value.has_changed());
        assert_eq!(*value, 2);
        drop(value);
        assert!(rx.has_changed().unwrap());
    }
    assert!(at_once(rx.changed()).is_ok());
}

#[test]
fn a_borrow_that_updates_marks_its_value_as_seen() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    {
        let value = rx.borrow_and_update();
        assert_eq!(*value, 2);
        assert!(value.has_changed(), "it says what was before");
    }
    assert!(!rx.has_changed().unwrap());
    assert!(!rx.borrow().has_changed());
    assert!(!rx.borrow_and_update().has_changed());
    assert!(waits(rx.changed()));
    tx.send(3).unwrap();
    assert!(at_once(rx.changed()).is_ok());
}

#[test]
fn to_ask_for_a_change_marks_nothing() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    assert!(rx.has_changed().unwrap());
    assert!(rx.has_changed().unwrap());
    assert!(rx.borrow().has_changed());
    assert!(at_once(rx.changed()).is_ok());
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn an_equal_value_is_a_change() {
    let (tx, rx) = watch::channel(1);
    tx.send(1).unwrap();
    assert!(rx.has_changed().unwrap());
    assert!(rx.borrow().has_changed());
}

#[test]
fn every_kind_of_send_is_a_change() {
    type Send = fn(&watch::Sender<u8>);
    let sends: [Send; 4] = [
        |tx| tx.send(1).unwrap(),
        |tx| assert_eq!(old(tx.send_replace(1)), 0),
        |tx| tx.send_modify(|value| *value = 1),
        |tx| {
            assert!(tx.send_if_modified(|value| {
                *value = 1;
                true
            }));
        },
    ];
    for send in sends {
        let (tx, mut rx) = watch::channel(0);
        send(&tx);
        assert!(rx.has_changed().unwrap());
        assert!(rx.borrow().has_changed());
        assert!(at_once(rx.changed()).is_ok());
        assert_eq!(*rx.borrow(), 1);
    }
}

#[test]
fn each_receiver_has_seen_what_it_saw_itself() {
    let (tx, mut rx) = watch::channel(1);
    let mut other = rx.clone();
    tx.send(2).unwrap();
    assert_eq!(*rx.borrow_and_update(), 2);
    assert!(!rx.has_changed().unwrap());
    assert!(other.has_changed().unwrap());
    assert!(at_once(other.changed()).is_ok());
    assert!(waits(rx.changed()) && waits(other.changed()));
}

#[test]
fn a_sender_never_sees_a_change() {
    let (tx, rx) = watch::channel(1);
    assert!(!tx.borrow().has_changed());
    tx.send(2).unwrap();
    assert!(!tx.borrow().has_changed());
    assert!(rx.borrow().has_changed());
    drop(rx);
    assert!(!tx.borrow().has_changed());
}

#[test]
fn to_a_subscriber_what_came_before_counts_as_seen() {
    let (tx, mut first) = watch::channel(0);
    tx.send(5).unwrap();
    let mut rx = tx.subscribe();
    assert_eq!(*rx.borrow(), 5);
    assert!(!rx.has_changed().unwrap() && !rx.borrow().has_changed());
    assert!(waits(rx.changed()));
    assert!(first.has_changed().unwrap());

    tx.send(10).unwrap();
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(*rx.borrow(), 10);
    assert!(at_once(first.changed()).is_ok());
}

#[test]
fn a_clone_has_seen_what_its_receiver_had() {
    let (tx, mut rx) = watch::channel(0);
    assert!(!rx.clone().has_changed().unwrap());
    tx.send(1).unwrap();
    let mut before = rx.clone();
    assert!(before.has_changed().unwrap());
    assert!(at_once(rx.changed()).is_ok());
    let mut after = rx.clone();
    assert!(!after.has_changed().unwrap());
    assert!(waits(after.changed()));
    // What one of them sees, the others have not seen by it.
    assert!(at_once(before.changed()).is_ok());
    tx.send(2).unwrap();
    assert!(at_once(after.changed()).is_ok());
    assert!(rx.has_changed().unwrap() && before.has_changed().unwrap());
}

#[test]
fn a_clone_is_marked_as_its_receiver_was() {
    let (_tx, mut rx) = watch::channel(0);
    rx.mark_changed();
    let mut clone = rx.clone();
    assert!(clone.has_changed().unwrap());
    rx.mark_unchanged();
    assert!(clone.has_changed().unwrap());
    assert!(at_once(clone.changed()).is_ok());
    assert!(waits(clone.changed()));
}

#[test]
fn a_mark_is_a_change_without_a_send() {
    let (tx, mut rx) = watch::channel(1);
    let other = rx.clone();
    rx.mark_changed();
    assert!(rx.has_changed().unwrap());
    assert!(rx.borrow().has_changed());
    assert_eq!(*rx.borrow(), 1);
    assert!(!other.has_changed().unwrap());
    assert!(!tx.borrow().has_changed());
    assert!(at_once(rx.changed()).is_ok());
    assert!(!rx.has_changed().unwrap());
    assert!(waits(rx.changed()));
}

#[test]
fn a_new_subscriber_can_begin_with_a_change() {
    let (tx, _rx) = watch::channel(1);
    tx.send(2).unwrap();
    let mut rx = tx.subscribe();
    rx.mark_changed();
    assert!(at_once(rx.changed()).is_ok());
    assert_eq!(*rx.borrow_and_update(), 2);
    assert!(waits(rx.changed()));
}

#[test]
fn a_mark_and_a_send_are_one_change() {
    let (tx, mut rx) = watch::channel(1);
    rx.mark_changed();
    tx.send(2).unwrap();
    assert!(at_once(rx.changed()).is_ok());
    assert!(waits(rx.changed()));
    // In the other order too.
    tx.send(3).unwrap();
    rx.mark_changed();
    assert!(at_once(rx.changed()).is_ok());
    assert!(waits(rx.changed()));
}

#[test]
fn marks_do_not_add_up() {
    let (tx, mut rx) = watch::channel(0);
    for sends in 0..5 {
        for marks in 1..5 {
            for value in 0..sends {
                tx.send(value).unwrap();
            }
            for _ in 0..marks {
                rx.mark_changed();
                assert!(rx.has_changed().unwrap());
            }
            assert!(at_once(rx.changed()).is_ok());
            assert!(!rx.has_changed().unwrap());
            assert!(waits(rx.changed()));
        }
    }
}

#[test]
fn a_borrow_that_updates_takes_the_mark_away() {
    let (_tx, mut rx) = watch::channel(1);
    rx.mark_changed();
    assert!(rx.borrow_and_update().has_changed());
    assert!(!rx.borrow_and_update().has_changed());
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn to_mark_as_unchanged_is_to_have_seen() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    rx.mark_unchanged();
    assert!(!rx.has_changed().unwrap());
    assert!(!rx.borrow().has_changed());
    assert!(waits(rx.changed()));
    assert_eq!(*rx.borrow(), 2);
    tx.send(3).unwrap();
    assert!(at_once(rx.changed()).is_ok());

    rx.mark_changed();
    rx.mark_unchanged();
    rx.mark_unchanged();
    assert!(!rx.has_changed().unwrap());
    assert!(waits(rx.changed()));
}

#[test]
fn a_closed_channel_answers_no_question_for_a_change() {
    let (tx, mut rx) = watch::channel(1);
    let seen = rx.clone();
    tx.send(2).unwrap();
    assert!(seen.has_changed().unwrap());
    rx.mark_unchanged();
    drop(tx);
    // Whether or not the last value was seen.
    assert!(rx.has_changed().is_err());
    assert!(seen.has_changed().is_err());
    rx.mark_changed();
    assert!(rx.has_changed().is_err());
}

#[test]
fn a_channel_is_open_while_any_sender_is_left() {
    let (tx, rx) = watch::channel(1);
    let other = tx.clone();
    drop(tx);
    assert!(!rx.has_changed().unwrap());
    other.send(2).unwrap();
    assert!(rx.has_changed().unwrap());
    drop(other);
    assert!(rx.has_changed().is_err());
}

#[test]
fn the_last_value_of_a_closed_channel_can_be_seen() {
    let (tx, mut rx) = watch::channel("hello");
    tx.send("goodbye").unwrap();
    drop(tx);
    assert_eq!(*rx.borrow(), "goodbye");
    assert!(rx.borrow().has_changed());
    {
        let value = rx.borrow_and_update();
        assert_eq!(*value, "goodbye");
        assert!(value.has_changed());
    }
    assert!(!rx.borrow().has_changed());
    assert_eq!(*rx.borrow_and_update(), "goodbye");
    assert!(at_once(rx.changed()).is_err());
}
