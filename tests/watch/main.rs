//! The `watch` flavour: waiting, wakers, looks at values, streams, threads, and panics in the caller's code.
#![cfg(feature = "watch")]

mod blocking;
mod panics;
mod refs;
#[cfg(feature = "stream")]
mod stream;
mod threads;
mod wakes;

use overwrite_channel::watch::{Receiver, Sender};
use std::mem;
use support::waker::{Seen, Task};

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

/// Polls a future that waits, and that has no waker of the task yet.
#[track_caller]
fn pends(task: &Task, future: &mut (impl Future + Unpin)) {
    assert!(task.poll(future).is_pending());
    assert_eq!(task.seen(), Seen::CLONED);
}

/// Leaves the task's waker behind in a future that is forgotten.
#[track_caller]
fn leaves<T>(task: &Task, rx: &mut Receiver<T>) {
    let mut changed = rx.changed();
    pends(task, &mut changed);
    mem::forget(changed);
}
