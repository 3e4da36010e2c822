//! Values that are changed in place.

use super::watch;
use crate::tools::{Polled, at_once, panics};

#[derive(Clone, Debug, PartialEq)]
struct State {
    counter: usize,
}

fn add_one_if_odd(state: &mut State) -> bool {
    let is_odd = state.counter % 2 == 1;
    if is_odd {
        state.counter += 1;
    }
    is_odd
}

#[test]
fn a_modification_is_a_change_in_any_case() {
    let (tx, mut rx) = watch::channel(State { counter: 0 });
    tx.send_modify(|state| state.counter += 1);
    assert!(rx.has_changed().unwrap());
    assert_eq!(rx.borrow_and_update().counter, 1);
    tx.send_modify(|_| {});
    assert!(rx.has_changed().unwrap());
    assert_eq!(rx.borrow_and_update().counter, 1);
}

#[test]
fn a_modification_begins_with_the_newest_value() {
    let (tx, rx) = watch::channel(vec![0]);
    tx.send(vec![1]).unwrap();
    tx.send_modify(|values| values.push(2));
    tx.clone().send_modify(|values| values.push(3));
    assert_eq!(*rx.borrow(), [1, 2, 3]);
}

#[test]
fn a_modification_if_any_is_a_change_if_it_says_so() {
    let (tx, mut rx) = watch::channel(State { counter: 1 });
    assert!(tx.send_if_modified(add_one_if_odd));
    assert!(rx.has_changed().unwrap());
    assert_eq!(rx.borrow_and_update().counter, 2);

    assert!(!tx.send_if_modified(add_one_if_odd));
    assert!(!rx.has_changed().unwrap());
    assert!(!rx.borrow().has_changed());
    assert_eq!(rx.borrow_and_update().counter, 2);

    // What it says counts, not what it did.
    assert!(tx.send_if_modified(|_| true));
    assert!(rx.has_changed().unwrap());
}

#[test]
fn without_receivers_it_says_the_same() {
    let tx = watch::Sender::new(State { counter: 1 });
    assert!(tx.send_if_modified(add_one_if_odd));
    assert!(!tx.send_if_modified(add_one_if_odd));
    assert_eq!(tx.borrow().counter, 2);
}

#[test]
fn no_modification_wakes_nobody() {
    let (tx, mut rx) = watch::channel(State { counter: 2 });
    let mut changed = Polled::waiting(rx.changed());
    assert!(!tx.send_if_modified(add_one_if_odd));
    assert_eq!(changed.wakes(), 0);
    assert!(changed.waits());
    tx.send_modify(|state| state.counter += 1);
    assert_eq!(changed.wakes(), 1);
    assert!(changed.end().is_ok());
}

/// It is not seen by the one thing, and not unseen by the other.
#[test]
fn no_modification_leaves_what_was_unseen() {
    let (tx, rx) = watch::channel(State { counter: 1 });
    assert!(tx.send_if_modified(add_one_if_odd));
    assert!(!tx.send_if_modified(add_one_if_odd));
    assert!(rx.has_changed().unwrap());
    assert!(rx.borrow().has_changed());
}

#[test]
fn a_panic_notifies_nobody_and_poisons_nothing() {
    type Modify = fn(&watch::Sender<State>);
    let panicking: [Modify; 2] = [
        |tx| tx.send_modify(|_| panic!("no value")),
        |tx| assert!(tx.send_if_modified(|_| panic!("no value"))),
    ];
    for modify in panicking {
        let (tx, mut rx) = watch::channel(State { counter: 1 });
        let mut other = rx.clone();
        let mut changed = Polled::waiting(other.changed());
        assert_eq!(panics(|| modify(&tx)), "no value");
        assert_eq!(changed.wakes(), 0);
        assert!(changed.waits());
        assert!(!rx.has_changed().unwrap());
        assert!(!rx.borrow().has_changed());
        assert_eq!((rx.borrow().counter, tx.borrow().counter), (1, 1));
        assert_eq!(rx.borrow_and_update().counter, 1);

        tx.send_modify(|state| state.counter += 1);
        assert_eq!(changed.wakes(), 1);
        assert!(changed.end().is_ok());
        assert!(tx.send(State { counter: 5 }).is_ok());
        assert!(tx.send_if_modified(add_one_if_odd));
        assert!(at_once(rx.changed()).is_ok());
        assert_eq!(*at_once(rx.wait_for(|_| true)).unwrap(), State { counter: 6 });
        drop(tx);
        assert!(at_once(rx.changed()).is_err());
    }
}

/// This crate's asks again if another sender was faster; here there is none.
#[test]
fn one_sender_asks_once() {
    let (tx, _rx) = watch::channel(State { counter: 1 });
    let mut asked = 0;
    tx.send_modify(|_| asked += 1);
    assert!(!tx.send_if_modified(|_| {
        asked += 1;
        false
    }));
    assert_eq!(asked, 2);
}
