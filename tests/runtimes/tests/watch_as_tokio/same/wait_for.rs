//! `wait_for`, polled by hand.

use super::watch;
use crate::tools::{Polled, at_once, panics, waits};
use std::cell::RefCell;

#[test]
fn the_present_value_may_do_also_if_it_was_seen() {
    let (_tx, mut rx) = watch::channel(1);
    for _ in 0..2 {
        let value = at_once(rx.wait_for(|value| *value == 1)).unwrap();
        assert_eq!(*value, 1);
        assert!(!value.has_changed());
    }
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn the_present_value_may_do_if_it_was_not_seen() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    let value = at_once(rx.wait_for(|value| *value == 2)).unwrap();
    assert_eq!(*value, 2);
    assert!(value.has_changed());
    drop(value);
    assert!(!rx.has_changed().unwrap());
    assert!(waits(rx.changed()));
}

#[test]
fn it_asks_for_the_present_value_and_for_each_that_comes() {
    let asked = RefCell::new(Vec::new());
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        asked.borrow_mut().push(*value);
        *value == 3
    }));
    assert_eq!(*asked.borrow(), [0]);
    for value in 1..=2 {
        tx.send(value).unwrap();
        assert_eq!(wait.wakes(), 1);
        assert!(wait.waits());
    }
    assert_eq!(*asked.borrow(), [0, 1, 2]);
    tx.send(3).unwrap();
    assert_eq!(wait.wakes(), 1);
    assert_eq!(*wait.end().unwrap(), 3);
    drop(wait);
    assert_eq!(*asked.borrow(), [0, 1, 2, 3]);
    assert!(!rx.has_changed().unwrap());
}

#[test]
fn it_asks_for_the_newest_value_only() {
    let asked = RefCell::new(Vec::new());
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        asked.borrow_mut().push(*value);
        *value == 1
    }));
    // The one it waits for is replaced before it looks.
    tx.send(1).unwrap();
    tx.send(2).unwrap();
    assert!(wait.wakes() >= 1);
    assert!(wait.waits());
    assert_eq!(*asked.borrow(), [0, 2]);
    tx.send(1).unwrap();
    assert_eq!(*wait.end().unwrap(), 1);
}

#[test]
fn it_asks_nothing_when_nothing_was_sent() {
    let asked = RefCell::new(0);
    let (tx, mut rx) = watch::channel(0);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        *asked.borrow_mut() += 1;
        *value == 1
    }));
    assert!(wait.waits() && wait.waits());
    assert!(!tx.send_if_modified(|_| false));
    assert_eq!(wait.wakes(), 0);
    assert!(wait.waits());
    assert_eq!(*asked.borrow(), 1);
}

#[test]
fn an_equal_value_is_asked_for_again() {
    let mut asked = 0;
    let (tx, mut rx) = watch::channel(7);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        asked += 1;
        *value == 7 && asked == 2
    }));
    tx.send(7).unwrap();
    assert_eq!(*wait.end().unwrap(), 7);
}

#[test]
fn what_it_returns_is_the_value_it_asked_for() {
    let (tx, mut rx) = watch::channel(String::from("first"));
    let mut address = None;
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        address = Some(std::ptr::from_ref(value));
        value == "second"
    }));
    tx.send(String::from("second")).unwrap();
    let value = wait.end().unwrap();
    let returned = std::ptr::from_ref(&*value);
    drop(value);
    drop(wait);
    assert_eq!(address, Some(returned));
}

#[test]
fn all_who_wait_are_woken_and_each_asks_for_itself() {
    let (tx, rx) = watch::channel(0);
    let mut receivers = vec![rx; 12];
    let mut waiting: Vec<_> = (1..)
        .zip(&mut receivers)
        .map(|(wanted, rx)| Polled::waiting(rx.wait_for(move |value| *value == wanted)))
        .collect();
    for value in 1..=12 {
        tx.send(value).unwrap();
        for (wanted, wait) in (1..).zip(&mut waiting).skip(value - 1) {
            assert_eq!(wait.wakes(), 1);
            if wanted == value {
                assert_eq!(*wait.end().unwrap(), value);
            } else {
                assert!(wait.waits());
            }
        }
    }
}

#[test]
fn a_closed_channel_still_has_its_last_value() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    drop(tx);
    // Not seen, then seen, and there again each time.
    for _ in 0..3 {
        assert_eq!(*at_once(rx.wait_for(|value| *value == 2)).unwrap(), 2);
        assert!(at_once(rx.changed()).is_err());
    }
}

#[test]
fn a_closed_channel_is_an_error_once_its_last_value_was_asked_for() {
    for is_seen in [false, true] {
        let asked = RefCell::new(Vec::new());
        let (tx, mut rx) = watch::channel(1);
        tx.send(2).unwrap();
        if is_seen {
            rx.mark_unchanged();
        }
        drop(tx);
        let wait = rx.wait_for(|value| {
            asked.borrow_mut().push(*value);
            *value == 1
        });
        assert!(at_once(wait).is_err());
        assert_eq!(*asked.borrow(), [2]);
        assert!(at_once(rx.changed()).is_err());
        assert_eq!(*rx.borrow(), 2);
    }
}

#[test]
fn the_end_is_an_error_to_those_who_wait() {
    let asked = RefCell::new(0);
    let (tx, mut rx) = watch::channel(1);
    let mut wait = Polled::waiting(rx.wait_for(|value| {
        *asked.borrow_mut() += 1;
        *value == 2
    }));
    drop(tx);
    assert_eq!(wait.wakes(), 1);
    assert!(wait.end().is_err());
    assert_eq!(*asked.borrow(), 1);
}

#[test]
fn the_last_value_is_asked_for_before_the_end() {
    for last in [2, 3] {
        let asked = RefCell::new(Vec::new());
        let (tx, mut rx) = watch::channel(1);
        let mut wait = Polled::waiting(rx.wait_for(|value| {
            asked.borrow_mut().push(*value);
            *value == 2
        }));
        tx.send(last).unwrap();
        drop(tx);
        assert!(wait.wakes() >= 1);
        let end = wait.end().map(|value| *value);
        if last == 2 {
            assert!(end.is_ok_and(|value| value == 2));
        } else {
            assert!(end.is_err());
        }
        drop(wait);
        assert_eq!(*asked.borrow(), [1, last]);
    }
}

#[test]
fn an_end_without_a_sender_that_ever_sent() {
    let (tx, mut rx) = watch::channel(1);
    drop(tx);
    assert_eq!(*at_once(rx.wait_for(|value| *value == 1)).unwrap(), 1);
    assert!(at_once(rx.wait_for(|value| *value == 2)).is_err());
}

#[test]
fn a_question_that_panics_poisons_nothing() {
    let (tx, mut rx) = watch::channel(1);
    let mut other = rx.clone();
    let message = panics(|| at_once(rx.wait_for(|_| panic!("at once"))).map(|value| *value));
    assert_eq!(message, "at once");
    assert_eq!((*rx.borrow(), *other.borrow(), *tx.borrow()), (1, 1, 1));

    let mut wait = Polled::waiting(rx.wait_for(|value| {
        assert!(*value != 2, "while it waited");
        false
    }));
    tx.send(2).unwrap();
    assert_eq!(wait.wakes(), 1);
    assert_eq!(panics(|| wait.waits()), "while it waited");
    drop(wait);

    assert_eq!(*rx.borrow(), 2);
    assert_eq!(*other.borrow_and_update(), 2);
    tx.send(3).unwrap();
    tx.send_modify(|value| *value += 1);
    assert_eq!(*at_once(rx.wait_for(|value| *value == 4)).unwrap(), 4);
    assert_eq!(*at_once(other.wait_for(|value| *value == 4)).unwrap(), 4);
    let mut changed = Polled::waiting(rx.changed());
    tx.send(5).unwrap();
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
}

#[test]
fn a_question_that_panics_has_seen_the_value() {
    let (tx, mut rx) = watch::channel(1);
    tx.send(2).unwrap();
    panics(|| at_once(rx.wait_for(|_| panic!("asked"))).is_ok());
    assert!(!rx.has_changed().unwrap());
}
