//! Values: what they need not be, when they are dropped, and how they come back in errors.

use super::at_once;
use crate::{RECV_ERROR, RECV_ERROR_DEBUG, SEND_ERROR, old, watch};
use std::error::Error;
use support::ledger::{Ledger, Tracked};
use watch::error::{RecvError, SendError};

/// It has no trait but those that every type has.
struct Plain(u8);

#[test]
fn a_value_needs_no_trait() {
    let (tx, mut rx) = watch::channel(Plain(1));
    assert!(tx.send(Plain(2)).is_ok());
    assert_eq!(tx.send_replace(Plain(3)).0, 2);
    assert_eq!(rx.borrow_and_update().0, 3);
    {
        let (first, second, third) = (rx.borrow(), rx.borrow(), tx.borrow());
        assert_eq!((first.0, second.0, third.0), (3, 3, 3), "several looks at once");
    }
    assert_eq!(tx.subscribe().borrow().0, 3);
    drop(rx);
    let SendError(value) = tx.send(Plain(4)).err().unwrap();
    assert_eq!(value.0, 4);
}

#[test]
fn channels_know_their_own() {
    let (tx, rx) = watch::channel(true);
    let (other_tx, other_rx) = watch::channel(true);
    assert!(tx.same_channel(&tx) && tx.same_channel(&tx.clone()));
    assert!(rx.same_channel(&rx) && rx.same_channel(&rx.clone()));
    assert!(rx.same_channel(&tx.subscribe()));
    assert!(!tx.same_channel(&other_tx) && !rx.same_channel(&other_rx));
    assert!(!rx.same_channel(&other_tx.clone().subscribe()));
}

#[test]
fn each_value_is_dropped_once_and_as_soon_as_it_can() {
    let ledger = Ledger::new(9);
    let (tx, rx) = watch::channel(ledger.issue());
    assert!(tx.send(ledger.issue()).is_ok());
    assert_eq!(ledger.alive(), [1], "it was replaced");
    let new = ledger.issue();
    tx.send_modify(|value| *value = new.clone());
    drop(new);
    let modified = rx.borrow().id();
    assert_eq!(ledger.alive(), [modified]);
    // A value that is handed out is the caller's.
    let replaced = old(tx.send_replace(ledger.issue()));
    let newest = rx.borrow().id();
    assert_eq!((replaced.id(), ledger.alive()), (modified, vec![modified, newest]));
    drop((replaced, rx));
    let SendError(value) = tx.send(ledger.issue()).err().unwrap();
    assert_eq!(ledger.alive(), [newest, value.id()]);
    drop(value);
    assert_eq!(ledger.alive(), [newest]);
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn the_last_value_stays_as_long_as_any_handle() {
    for receivers_go_first in [false, true] {
        let ledger = Ledger::new(2);
        let (tx, rx) = watch::channel(ledger.issue());
        assert!(tx.send(ledger.issue()).is_ok());
        let (mut senders, mut receivers) = (vec![tx.clone(), tx], vec![rx.clone(), rx]);
        let look = |value: &Tracked| assert_eq!((value.id(), ledger.alive()), (1, vec![1]));
        if receivers_go_first {
            receivers.clear();
        } else {
            senders.clear();
        }
        while let Some(tx) = senders.pop() {
            look(&tx.borrow());
        }
        while let Some(rx) = receivers.pop() {
            look(&rx.borrow());
        }
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn an_error_shows_nothing_of_its_value_and_is_as_equal_and_as_copied_as_that() {
    assert_eq!(format!("{:?}", SendError(Plain(1))), "SendError { .. }");
    assert_eq!(SendError(Plain(1)).to_string(), SEND_ERROR);
    assert!(SendError(Plain(1)).source().is_none());
    let error = SendError(1);
    let copy = error;
    assert_eq!(error, copy);
    assert_ne!(error, SendError(2));
    let error = SendError(String::from("cloned"));
    assert_eq!(error.clone(), error);
}

#[test]
fn the_end_is_the_same_error_everywhere() {
    let (tx, mut rx) = watch::channel(1);
    drop(tx);
    let errors: [RecvError; 3] = [
        rx.has_changed().unwrap_err(),
        at_once(rx.changed()).unwrap_err(),
        at_once(rx.wait_for(|_| false)).map(|value| *value).unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.to_string(), RECV_ERROR);
        assert_eq!(format!("{error:?}"), RECV_ERROR_DEBUG);
        assert_eq!(error.clone().to_string(), RECV_ERROR);
        assert!(error.source().is_none());
    }
}
