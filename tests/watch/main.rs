//! The `watch` flavour: threads that wait, looks at values, and what the random programs of `tests/fuzz` leave out of
//! panics in the caller's code.
//!
//! Wakers, streams and cooperation of `channel` and `watch` are in `tests/channel`.
#![cfg(feature = "watch")]

#[cfg(not(miri))]
mod blocking;
mod panics;
mod refs;
#[cfg(not(miri))]
mod threads;
#[cfg(not(miri))]
mod ways;

use overwrite_channel::watch::Sender;

/// Every way to send. Each raises the number by one.
const SENDS: [fn(&Sender<u32>); 4] = [
    |tx| {
        let next = *tx.borrow() + 1;
        tx.send(next).unwrap();
    },
    |tx| {
        let next = *tx.borrow() + 1;
        assert_eq!(*tx.send_replace(next), next - 1);
    },
    |tx| tx.send_modify(|value| *value += 1),
    |tx| {
        assert!(!tx.send_if_modified(|value| {
            *value += 10;
            false
        }));
        assert!(tx.send_if_modified(|value| {
            *value += 1;
            true
        }));
    },
];
