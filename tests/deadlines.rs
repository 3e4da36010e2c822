//! Deadlines: from when a timeout counts, and that a flood of values does not extend it.
#![cfg(feature = "std")]

use overwrite_channel::{RecvTimeoutError, channel};
use std::{
    thread,
    time::{Duration, Instant},
};

#[test]
fn values_that_are_not_wanted_never_extend_the_deadline() {
    let (mut tx, mut rx) = channel();
    tx.send(0).unwrap();
    let started = Instant::now();
    let received = rx.recv_matching_timeout(Duration::from_millis(1), |value| {
        // The next is always there before the look. Only a deadline can end this.
        assert!(started.elapsed() < Duration::from_secs(20), "the deadline is not looked at");
        tx.send(value + 1).unwrap();
        false
    });
    assert_eq!(received, Err(RecvTimeoutError::Timeout));
    assert!(started.elapsed() >= Duration::from_millis(1));
}

#[test]
fn a_timeout_counts_from_the_first_look_that_found_nothing_wanted() {
    let timeout = Duration::from_millis(20);
    let mut looked_until = Instant::now();
    let unwanted = |_: &i32| {
        thread::sleep(2 * timeout);
        looked_until = Instant::now();
        false
    };
    let (mut tx, mut rx) = channel();
    tx.send(0).unwrap();
    let received = rx.recv_matching_timeout(timeout, unwanted);
    assert_eq!(received, Err(RecvTimeoutError::Timeout));
    assert!(looked_until.elapsed() >= timeout);
}
