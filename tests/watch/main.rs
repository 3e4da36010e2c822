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
use std::{array, mem, thread};
use support::{
    sleeper::Sleeper,
    waker::{Seen, Task},
    watchdog::Watch,
};

const NOTHING: Seen = Seen { cloned: 0, woken: 0, dropped: 0 };
const CLONED: Seen = Seen { cloned: 1, ..NOTHING };
const WOKEN: Seen = Seen { woken: 1, ..NOTHING };
const DROPPED: Seen = Seen { dropped: 1, ..NOTHING };

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

fn tasks<const N: usize>() -> [Task; N] {
    array::from_fn(|_| Task::new())
}

/// Polls the future, which must wait, and whose waker the task has not left there before.
#[track_caller]
fn pends(task: &Task, future: &mut (impl Future + Unpin)) {
    assert!(task.poll(future).is_pending());
    assert_eq!(task.seen(), CLONED);
}

/// Leaves the task's waker behind in a future that is forgotten.
#[track_caller]
fn leaves<T>(task: &Task, rx: &mut Receiver<T>) {
    let mut changed = rx.changed();
    pends(task, &mut changed);
    mem::forget(changed);
}

/// Runs `wait` in a thread of its own, and `act` when that thread sleeps. Returns what `wait` returns.
fn while_asleep<R: Send>(
    watch: &Watch,
    wait: impl FnOnce() -> R + Send,
    act: impl FnOnce(&Sleeper),
) -> R {
    let sleeper = Sleeper::default();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            let _running = watch.running("the thread that waits");
            sleeper.is_this_thread();
            wait()
        });
        sleeper.until_asleep();
        act(&sleeper);
        waiter.join().unwrap()
    })
}
