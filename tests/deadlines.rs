//! Deadlines and keys that drop: what a flood of values and a panic in a key's drop must not change.
#![cfg(feature = "std")]

use overwrite_channel::{RecvTimeoutError, channel};
use std::{
    panic::catch_unwind,
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

#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct PanicsWhenDropped(u32);

impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        assert!(std::thread::panicking(), "a key's drop");
    }
}

#[test]
fn a_key_that_panics_when_dropped_does_not_take_the_newest_value_with_it() {
    let (mut tx, mut rx) = channel();
    tx.send(7).unwrap();
    let mut other = tx.clone();
    let outcome =
        catch_unwind(move || other.send_newest_by_key(5, |value| PanicsWhenDropped(*value)));
    assert!(outcome.is_err());
    assert_eq!(rx.try_recv(), Ok(7));
    assert_eq!(tx.send(8), Ok(None));
    assert_eq!(rx.try_recv(), Ok(8));
}
