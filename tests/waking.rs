//! Threads that sleep are woken, one by each value in turn, and all by the end.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvError, channel};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod watchdog;
}
use common::{parked::Sleeper, watchdog::watched};

/// Waits, by yielding, for what other threads do.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Receives until the end, and counts.
fn count_all(mut rx: Receiver<usize>, sleeper: &Sleeper, received: &AtomicUsize) {
    rx.set_spin_limit(0);
    sleeper.is_this_thread();
    for _ in rx {
        received.fetch_add(1, SeqCst);
    }
}

#[test]
#[cfg(target_os = "linux")] // it must see that a thread is asleep
fn each_send_wakes_the_next_of_those_asleep() {
    const SENDS: usize = 300;
    watched(|watch| {
        for receivers in 1..=4 {
            let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
            let received: Vec<_> = (0..receivers).map(|_| AtomicUsize::new(0)).collect();
            let (mut tx, rx) = channel();
            thread::scope(|scope| {
                for (sleeper, received) in sleepers.iter().zip(&received) {
                    let rx = rx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("one of {receivers} receivers"));
                        count_all(rx, sleeper, received);
                    });
                }
                let _running = watch.running("sender");
                let mut expected = vec![0; receivers];
                for sent in 0..SENDS {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    assert_eq!(tx.send(sent), Ok(None));
                    let total = || received.iter().map(|received| received.load(SeqCst)).sum();
                    until(|| sent + 1 == total());
                    expected[sent % receivers] += 1;
                    let received: Vec<_> =
                        received.iter().map(|received| received.load(SeqCst)).collect();
                    assert_eq!(received, expected, "after send {sent}");
                }
                drop((tx, rx));
            });
        }
    });
}

#[test]
fn each_of_those_asleep_gets_a_value_though_none_comes_back() {
    watched(|watch| {
        for receivers in 1..=4 {
            for _ in 0..25 {
                let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
                let received = AtomicUsize::new(0);
                let (mut tx, rx) = channel();
                thread::scope(|scope| {
                    for sleeper in &sleepers {
                        let (mut rx, received) = (rx.clone(), &received);
                        rx.set_spin_limit(0);
                        scope.spawn(move || {
                            let _running = watch.running(format!("one of {receivers} receivers"));
                            sleeper.is_this_thread();
                            rx.recv().unwrap();
                            received.fetch_add(1, SeqCst);
                            // Stays a receiver, but looks no more.
                            until(|| received.load(SeqCst) == receivers);
                        });
                    }
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    let _running = watch.running("sender");
                    for sent in 1..=receivers {
                        assert_eq!(tx.send(sent), Ok(None));
                        until(|| received.load(SeqCst) == sent);
                    }
                });
            }
        }
    });
}

#[test]
fn a_close_wakes_everybody() {
    watched(|watch| {
        for round in 0..100 {
            let receivers = 1 + round % 7;
            let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
            let (mut tx, rx) = channel();
            let other = tx.clone();
            thread::scope(|scope| {
                let ended: Vec<_> = sleepers
                    .iter()
                    .map(|sleeper| {
                        let mut rx = rx.clone();
                        scope.spawn(move || {
                            let _running = watch.running(format!("one of {receivers} receivers"));
                            sleeper.is_this_thread();
                            rx.recv()
                        })
                    })
                    .collect();
                let _running = watch.running("sender");
                drop(other);
                if round % 3 > 0 {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                }
                // The value wakes one, the end has to wake all others.
                let sends = round % 2;
                if sends == 1 {
                    assert_eq!(tx.send(round), Ok(None));
                }
                drop(tx);
                let mut values = 0;
                for receiver in ended {
                    let outcome = receiver.join().unwrap();
                    assert!(outcome == Ok(round) || outcome == Err(RecvError));
                    values += usize::from(outcome.is_ok());
                }
                assert_eq!(values, sends);
            });
        }
    });
}
