//! Receivers of `watch` that wait: each sees the last value, none an older one after a newer one.

use crate::schedules::explore;
use overwrite_channel_shuttle::watch::{Receiver, Sender, channel};
use shuttle::{future::block_on, sync::mpsc, thread};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

const SENDERS: u64 = 3;
const EACH: u64 = 2;

/// Each change adds one, so that the value is its version.
fn count_up(tx: &Sender<u64>) {
    for _ in 0..EACH {
        tx.send_modify(|count| *count += 1);
    }
}

fn see_all(receive: [fn(Receiver<u64>); 3]) {
    let (tx, rx) = channel(0);
    let receivers = receive.map(|receive| {
        let rx = rx.clone();
        thread::spawn(move || receive(rx))
    });
    let senders: Vec<_> = (0..SENDERS)
        .map(|_| {
            let tx = tx.clone();
            thread::spawn(move || count_up(&tx))
        })
        .collect();
    drop((tx, rx));
    for thread in receivers.into_iter().chain(senders) {
        thread.join().expect("no call panics");
    }
}

/// What one receiver has seen so far.
#[derive(Default)]
struct Seen {
    newest: u64,
    changes: u64,
}

impl Seen {
    fn change(&mut self, rx: &mut Receiver<u64>) {
        let count = *rx.borrow_and_update();
        assert!(count >= self.newest, "{count} after {}", self.newest);
        self.newest = count;
        self.changes += 1;
    }

    fn end(self, rx: &mut Receiver<u64>) {
        assert_eq!(*rx.borrow(), SENDERS * EACH);
        assert_eq!(self.newest, SENDERS * EACH, "the last change was not reported");
        assert!(self.changes + rx.skipped() <= 2 * SENDERS * EACH);
    }
}

fn as_thread(mut rx: Receiver<u64>) {
    let mut seen = Seen::default();
    while rx.blocking_changed().is_ok() {
        seen.change(&mut rx);
    }
    seen.end(&mut rx);
}

fn as_task(mut rx: Receiver<u64>) {
    let mut seen = Seen::default();
    while block_on(rx.changed()).is_ok() {
        seen.change(&mut rx);
    }
    seen.end(&mut rx);
}

/// Before each wait a future is polled, and dropped if it would wait.
fn as_task_that_gives_up(mut rx: Receiver<u64>) {
    let mut seen = Seen::default();
    loop {
        let polled = {
            let mut future = pin!(rx.changed());
            let poll = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            thread::yield_now();
            poll
        };
        let changed = match polled {
            Poll::Ready(changed) => changed,
            Poll::Pending => block_on(rx.changed()),
        };
        match changed {
            Ok(()) => seen.change(&mut rx),
            Err(_) => return seen.end(&mut rx),
        }
    }
}

/// Every change is either seen or counted as skipped, if nothing but `changed` looks.
fn counts(mut rx: Receiver<u64>) {
    let mut changes = 0;
    while rx.blocking_changed().is_ok() {
        changes += 1;
    }
    assert_eq!(changes + rx.skipped(), SENDERS * EACH);
}

/// It waits for one value only, which the last change brings.
fn for_the_last(mut rx: Receiver<u64>) {
    let last = block_on(rx.wait_for(|count| *count == SENDERS * EACH)).map(|count| *count);
    assert_eq!(last, Ok(SENDERS * EACH));
}

#[test]
fn three_threads() {
    explore(|| see_all([as_thread; 3]));
}

#[test]
fn three_tasks() {
    explore(|| see_all([as_task; 3]));
}

#[test]
fn tasks_that_drop_futures() {
    explore(|| see_all([as_task_that_gives_up, as_thread, as_task_that_gives_up]));
}

#[test]
fn every_change_is_counted() {
    explore(|| see_all([counts, for_the_last, as_thread]));
}

/// The next change comes when everybody has seen the last one. So each must wake all that are asleep, and
/// nothing else will.
#[test]
fn each_change_wakes_everybody() {
    explore(|| {
        let (tx, rx) = channel(0);
        let (seen, has_seen) = mpsc::channel();
        let receivers: Vec<_> = (0..3)
            .map(|receiver| {
                let (mut rx, seen) = (rx.clone(), seen.clone());
                thread::spawn(move || {
                    for count in 1..=2 {
                        let changed = match receiver {
                            0 => rx.blocking_changed(),
                            _ => block_on(rx.changed()),
                        };
                        assert_eq!(changed, Ok(()));
                        assert_eq!(*rx.borrow(), count);
                        seen.send(()).expect("the sender waits for it");
                    }
                })
            })
            .collect();
        for count in 1..=2 {
            tx.send(count).expect("there are receivers");
            for _ in &receivers {
                has_seen.recv().expect("the receivers stay");
            }
        }
        for receiver in receivers {
            receiver.join().expect("no call panics");
        }
    });
}
