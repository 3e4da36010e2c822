//! What a receive that waits returns when another thread sends or closes.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvTimeoutError, channel};
use std::{
    sync::atomic::{AtomicU32, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod watchdog;
}
use common::{parked::Sleeper, watchdog::watched};

/// A timeout whose deadline can be expressed, and that no test lives to see.
const LONG: Duration = Duration::from_secs(3600);

/// Every call that waits, as one type.
type Wait = fn(&mut Receiver<u32>) -> Result<u32, RecvTimeoutError>;

const WAITS: [(&str, Wait); 11] = [
    ("recv", |rx| Ok(rx.recv()?)),
    ("recv_timeout", |rx| rx.recv_timeout(LONG)),
    ("recv_timeout, overflowing", |rx| rx.recv_timeout(Duration::MAX)),
    ("recv_timeout, ages", |rx| rx.recv_timeout(Duration::from_secs(u64::MAX / 4))),
    ("recv_deadline", |rx| rx.recv_deadline(Instant::now() + LONG)),
    ("recv_matching", |rx| Ok(rx.recv_matching(|_| true)?)),
    ("recv_matching_timeout", |rx| rx.recv_matching_timeout(LONG, |_| true)),
    ("recv_matching_timeout, overflowing", |rx| rx.recv_matching_timeout(Duration::MAX, |_| true)),
    ("recv_matching_deadline", |rx| rx.recv_matching_deadline(Instant::now() + LONG, |_| true)),
    ("iter", |rx| rx.iter().next().ok_or(RecvTimeoutError::Disconnected)),
    ("into_iter", |rx| rx.clone().into_iter().next().ok_or(RecvTimeoutError::Disconnected)),
];

/// Starts `wait` in another thread, does `then` once that sleeps, and returns what `wait` did.
fn asleep<R: Send>(wait: impl FnOnce() -> R + Send, then: impl FnOnce()) -> R {
    let sleeper = Sleeper::default();
    thread::scope(|scope| {
        let waiter = scope.spawn(|| {
            sleeper.is_this_thread();
            wait()
        });
        sleeper.until_asleep();
        then();
        waiter.join().unwrap()
    })
}

#[test]
fn every_wait_ends_with_the_value_that_comes() {
    watched(|watch| {
        for (name, wait) in WAITS {
            let _running = watch.running(name);
            let (mut tx, mut rx) = channel();
            let received = asleep(|| wait(&mut rx), || assert_eq!(tx.send(7), Ok(None)));
            assert_eq!(received, Ok(7), "{name}");
        }
    });
}

#[test]
fn every_wait_ends_when_the_last_sender_goes() {
    watched(|watch| {
        for (name, wait) in WAITS {
            let _running = watch.running(name);
            let (tx, mut rx) = channel();
            let received = asleep(|| wait(&mut rx), || drop(tx));
            assert_eq!(received, Err(RecvTimeoutError::Disconnected), "{name}");
        }
    });
}

#[test]
fn every_wait_delivers_what_was_sent_just_before_the_last_sender_went() {
    watched(|watch| {
        for (name, wait) in WAITS {
            let _running = watch.running(name);
            let (mut tx, mut rx) = channel();
            // The sender goes as the closure ends, which owns it.
            let send = move || assert_eq!(tx.send(7), Ok(None));
            let received = asleep(|| wait(&mut rx), send);
            assert_eq!(received, Ok(7), "{name}");
            assert_eq!(wait(&mut rx), Err(RecvTimeoutError::Disconnected), "{name}");
        }
    });
}

#[test]
fn a_value_ends_the_wait_whatever_the_spin_limit() {
    watched(|watch| {
        // `u32::MAX` looks take hours: such a receiver must take the value while it spins.
        for looks in [0, 1, 10, u32::MAX] {
            let _running = watch.running(format!("spinning {looks} times"));
            let (mut tx, mut rx) = channel();
            rx.set_spin_limit(looks);
            // A clone starts with the limit of its original, and lives on its own.
            let mut clone = rx.clone();
            rx.set_spin_limit(0);
            let received = thread::scope(|scope| {
                let waiter = scope.spawn(move || clone.recv());
                tx.send(7).unwrap();
                waiter.join().unwrap()
            });
            assert_eq!(received, Ok(7));
        }
    });
}

#[test]
fn a_clone_spins_as_long_as_its_original_and_0_parks_at_once() {
    watched(|watch| {
        for (spin_limit, stays_awake) in [(u32::MAX, true), (0, false)] {
            let _running = watch.running(format!("a limit of {spin_limit}"));
            let (mut tx, mut rx) = channel();
            rx.set_spin_limit(spin_limit);
            let mut clone = rx.clone();
            rx.set_spin_limit(10);
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    sleeper.is_this_thread();
                    clone.recv()
                });
                if stays_awake {
                    assert!(sleeper.stays_awake());
                } else {
                    sleeper.until_asleep();
                }
                tx.send(7).unwrap();
                assert_eq!(waiter.join().unwrap(), Ok(7));
            });
        }
    });
}

#[test]
fn a_match_is_awaited_past_what_is_not_wanted() {
    watched(|watch| {
        let _running = watch.running("recv_matching_timeout");
        let (mut tx, mut rx) = channel();
        let looked_at = AtomicU32::new(0);
        let wait = || {
            rx.recv_matching_timeout(LONG, |value| {
                looked_at.store(*value, SeqCst);
                *value == 100
            })
        };
        let send = || {
            for value in 1..=100 {
                assert_eq!(tx.send(value), Ok(None));
                while looked_at.load(SeqCst) != value {
                    thread::yield_now();
                }
            }
        };
        assert_eq!(asleep(wait, send), Ok(100));
    });
}

#[test]
fn an_unpark_by_somebody_else_is_not_taken_for_a_value() {
    watched(|watch| {
        let _running = watch.running("recv");
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);

        let timeout = Duration::from_millis(2);
        thread::current().unpark();
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(timeout), Err(RecvTimeoutError::Timeout));
        assert!(start.elapsed() >= timeout);

        thread::scope(|scope| {
            let waiter = scope.spawn(|| rx.recv());
            for _ in 0..1000 {
                waiter.thread().unpark();
            }
            tx.send(1).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(1));
        });
    });
}
