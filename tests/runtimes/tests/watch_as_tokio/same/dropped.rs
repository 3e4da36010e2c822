//! When values are dropped.

use super::{old, watch};
use std::sync::{
    Arc, Weak,
    atomic::{AtomicUsize, Ordering::SeqCst},
};

/// A value, and who knows whether it is still there.
fn value() -> (Arc<()>, Weak<()>) {
    let value = Arc::new(());
    let left = Arc::downgrade(&value);
    (value, left)
}

fn is_there(value: &Weak<()>) -> bool {
    value.strong_count() > 0
}

#[test]
fn a_value_that_was_replaced_is_dropped() {
    let (first, is_first) = value();
    let (second, is_second) = value();
    let (third, is_third) = value();
    let (tx, rx) = watch::channel(first);
    tx.send(second).unwrap();
    assert!(!is_there(&is_first) && is_there(&is_second));
    tx.send_modify(|value| *value = third.clone());
    drop(third);
    assert!(!is_there(&is_second) && is_there(&is_third));
    assert_eq!(Arc::strong_count(&rx.borrow()), 1);
}

#[test]
fn a_value_that_was_handed_out_is_the_callers() {
    let (first, is_first) = value();
    let (second, is_second) = value();
    let (tx, rx) = watch::channel(first);
    let replaced = old(tx.send_replace(second));
    assert_eq!(Arc::strong_count(&replaced), 1);
    assert!(is_there(&is_first) && is_there(&is_second));
    drop(replaced);
    assert!(!is_there(&is_first));
    drop(rx);
    let (third, is_third) = value();
    let error = tx.send(third).unwrap_err();
    assert!(is_there(&is_third));
    drop(error);
    assert!(!is_there(&is_third) && is_there(&is_second));
}

#[test]
fn the_last_value_stays_as_long_as_any_handle() {
    for receivers_go_first in [false, true] {
        let (first, _) = value();
        let (last, is_there_still) = value();
        let (tx, rx) = watch::channel(first);
        tx.send(last).unwrap();
        let handles = (tx.clone(), rx.clone());
        if receivers_go_first {
            drop((rx, handles.1));
            assert!(is_there(&is_there_still));
            drop(tx);
            assert!(is_there(&is_there_still));
            assert_eq!(Arc::strong_count(&handles.0.borrow()), 1);
            drop(handles.0);
        } else {
            drop((tx, handles.0));
            assert!(is_there(&is_there_still));
            drop(rx);
            assert!(is_there(&is_there_still));
            assert_eq!(Arc::strong_count(&handles.1.borrow()), 1);
            drop(handles.1);
        }
        assert!(!is_there(&is_there_still));
    }
}

#[test]
fn every_value_is_dropped_once() {
    struct Counted<'a>(&'a AtomicUsize);
    impl Drop for Counted<'_> {
        fn drop(&mut self) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    let counts: [AtomicUsize; 10] = Default::default();
    let mut values = counts.iter().map(Counted);
    let (tx, rx) = watch::channel(values.next().unwrap());
    let other = rx.clone();
    for value in values {
        assert!(tx.send(value).is_ok());
    }
    let dropped = || counts.each_ref().map(|count| count.load(SeqCst));
    assert_eq!(dropped(), [1, 1, 1, 1, 1, 1, 1, 1, 1, 0]);
    drop((tx, rx, other));
    assert_eq!(dropped(), [1; 10]);
}
