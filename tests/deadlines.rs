//! Deadlines: what a flood of values must not change.
#![cfg(feature = "std")]

use overwrite_channel::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

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
