//! Who sleeps is woken: by a value, by the end, and by those who were woken first and leave.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvError, channel};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    watchdog::{Watch, watched},
};

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
fn each_send_wakes_one_of_those_asleep() {
    const SENDS: usize = 300;
    watched(|watch| {
        for receivers in 1..=4 {
            let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
            let received = AtomicUsize::new(0);
            let (mut tx, rx) = channel();
            thread::scope(|scope| {
                for sleeper in &sleepers {
                    let (rx, received) = (rx.clone(), &received);
                    scope.spawn(move || {
                        let _running = watch.running(format!("one of {receivers} receivers"));
                        count_all(rx, sleeper, received);
                    });
                }
                let _running = watch.running("sender");
                for sent in 1..=SENDS {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    assert_eq!(tx.send(sent), Ok(None));
                    until(|| received.load(SeqCst) == sent);
                }
                drop((tx, rx));
            });
            assert_eq!(received.into_inner(), SENDS);
        }
    });
}

/// In each round one receiver looks once, with a timeout about as long as the value takes to come,
/// and does not come back. If it was woken and left without the value, it owes the wake to the one
/// that is asleep.
fn those_who_leave_strand_nobody(watch: &Watch, look: fn(&mut Receiver<usize>, Duration) -> bool) {
    const ROUNDS: usize = 3_000;
    let (sleeper, received) = (Sleeper::default(), AtomicUsize::new(0));
    let (started, looked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let (mut tx, stays) = channel();
    // The receiver that came last is woken first.
    let mut leaves = stays.clone();
    leaves.set_spin_limit(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _running = watch.running("receiver that stays");
            count_all(stays, &sleeper, &received);
        });
        scope.spawn(|| {
            let _running = watch.running("receiver that leaves");
            let mut leaves = leaves;
            for (round, micros) in (1..=ROUNDS).zip((0..60).cycle()) {
                until(|| started.load(SeqCst) == round);
                let has_value = look(&mut leaves, Duration::from_micros(micros));
                received.fetch_add(usize::from(has_value), SeqCst);
                looked.store(round, SeqCst);
            }
        });
        let _running = watch.running("sender");
        for (round, micros) in (1..=ROUNDS).zip((0..150).step_by(7).cycle()) {
            sleeper.until_asleep();
            started.store(round, SeqCst);
            // The moment of the send wanders over the moment of the timeout.
            let moment = Instant::now() + Duration::from_micros(micros);
            while Instant::now() < moment {}
            assert_eq!(tx.send(round), Ok(None));
            until(|| received.load(SeqCst) == round && looked.load(SeqCst) == round);
        }
        drop(tx);
    });
}

#[test]
fn a_receiver_that_times_out_strands_nobody() {
    watched(|watch| {
        those_who_leave_strand_nobody(watch, |rx, timeout| rx.recv_timeout(timeout).is_ok());
    });
}

#[test]
fn a_receiver_that_times_out_and_is_dropped_strands_nobody() {
    watched(|watch| {
        those_who_leave_strand_nobody(watch, |rx, timeout| {
            rx.clone().recv_timeout(timeout).is_ok()
        });
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
