//! Wakers and closures that act or panic in the middle of a call.

use super::{Polled, at_once};
use crate::{
    FAILED_MODIFICATION_STAYS, MODIFIES_IN_PLACE,
    watch::{Sender, channel},
};
use std::{ptr, task::Poll};
use support::{
    panics::{panics, strike},
    waker::{Event, Task},
    watchdog::watched,
};

#[test]
fn a_value_is_modified_where_it_is_or_a_clone_of_it_is() {
    let (tx, rx) = channel(1);
    let address = || ptr::from_ref(&*rx.borrow());
    let before = address();
    tx.send_modify(|value| assert_eq!(ptr::eq(value, before), MODIFIES_IN_PLACE));
    assert_eq!(address() == before, MODIFIES_IN_PLACE);
}

/// Nothing is locked while tasks are woken.
#[test]
fn a_waker_may_look_and_send() {
    watched(|_| {
        let (tx, mut rx) = channel(0);
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
        assert!(!rx.has_changed().unwrap());
    });
}

#[test]
fn a_modification_that_panics_notifies_no_receiver_and_poisons_nothing() {
    let modifications: [fn(&Sender<u8>, u8); 2] = [
        |tx, new| {
            tx.send_modify(|value| {
                *value = new;
                strike();
            });
        },
        |tx, new| {
            tx.send_if_modified(|value| {
                *value = new;
                strike();
                true
            });
        },
    ];
    for (modify, new) in modifications.into_iter().flat_map(|modify| [(modify, 1), (modify, 2)]) {
        let left = if FAILED_MODIFICATION_STAYS { new } else { 1 };
        let (tx, mut rx) = channel(1);
        let mut other = rx.clone();
        let mut changed = Polled::waiting(other.changed());
        panics(|| modify(&tx, new));
        assert!(changed.wakes() == 0 && changed.poll().is_pending());
        assert!(!rx.has_changed().unwrap() && !rx.borrow().has_changed());
        assert_eq!((*tx.borrow(), *rx.borrow_and_update()), (left, left));

        tx.send_modify(|value| *value += 1);
        assert_eq!(changed.wakes(), 1);
        assert!(changed.end().is_ok());
        assert!(tx.send(5).is_ok());
        assert_eq!(*at_once(rx.wait_for(|_| true)).unwrap(), 5);
        drop(tx);
        assert!(at_once(rx.changed()).is_err());
    }
}

#[test]
fn a_predicate_that_panics_has_seen_the_value_and_poisons_nothing() {
    let (tx, mut rx) = channel(1);
    let mut other = rx.clone();
    tx.send(2).unwrap();
    let asks = |value: &i32| {
        if *value <= 3 {
            strike();
        }
        false
    };
    panics(|| at_once(rx.wait_for(asks)).is_ok());
    assert!(!rx.has_changed().unwrap());
    assert_eq!((*rx.borrow(), *other.borrow(), *tx.borrow()), (2, 2, 2));

    tx.send(4).unwrap();
    let mut wait = Polled::waiting(rx.wait_for(asks));
    tx.send(3).unwrap();
    assert_eq!(wait.wakes(), 1);
    panics(|| wait.poll());
    drop(wait);
    assert_eq!((*rx.borrow(), *other.borrow_and_update()), (3, 3));
    tx.send_modify(|value| *value += 1);
    for rx in [&mut rx, &mut other] {
        assert_eq!(*at_once(rx.wait_for(|value| *value == 4)).unwrap(), 4);
    }
    let mut changed = Polled::waiting(rx.changed());
    tx.send(5).unwrap();
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
}
