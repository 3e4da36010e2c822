//! A receiver that was woken and goes without a value, or with one and does not come back, strands
//! nobody: it owes its wake to those who are asleep.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, channel};
use std::{
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod rounds;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    rounds::rounds,
    watchdog::{Watch, watched},
};

/// Waits, by yielding, for what other threads do.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

/// Waits for another core without a system call, but not for ever.
fn soon(condition: impl Fn() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        spin_loop();
    }
    until(condition);
}

/// Receives until the end, and counts.
fn count_all(mut rx: Receiver<usize>, sleeper: &Sleeper, received: &AtomicUsize) {
    rx.set_spin_limit(0);
    sleeper.is_this_thread();
    for _ in rx {
        received.fetch_add(1, SeqCst);
    }
}

/// In each round one receiver looks once, with a timeout about as long as the value takes to come,
/// and does not come back. If it was woken and left without the value, it owes the wake to the one
/// that is asleep.
fn those_who_leave_strand_nobody(watch: &Watch, look: fn(&mut Receiver<usize>, Duration) -> bool) {
    let (sleeper, received) = (Sleeper::default(), AtomicUsize::new(0));
    let (started, looked) = (AtomicUsize::new(0), AtomicUsize::new(0));
    // The first receiver is notified first, and after that each time the other was the last.
    let (mut tx, mut leaves) = channel();
    let stays = leaves.clone();
    leaves.set_spin_limit(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let _running = watch.running("receiver that stays");
            count_all(stays, &sleeper, &received);
        });
        scope.spawn(|| {
            let _running = watch.running("receiver that leaves");
            let mut leaves = leaves;
            for (round, micros) in (1..).zip((0..60).cycle()) {
                until(|| started.load(SeqCst) >= round);
                if leaves.is_closed() {
                    break;
                }
                let has_value = look(&mut leaves, Duration::from_micros(micros));
                received.fetch_add(usize::from(has_value), SeqCst);
                looked.store(round, SeqCst);
            }
        });
        let _running = watch.running("sender");
        for (round, micros) in rounds(3_000).zip((0..150).step_by(7).cycle()) {
            sleeper.until_asleep();
            started.store(round, SeqCst);
            // The moment of the send wanders over the moment of the timeout.
            let moment = Instant::now() + Duration::from_micros(micros);
            while Instant::now() < moment {}
            assert_eq!(tx.send(round), Ok(None));
            until(|| received.load(SeqCst) == round && looked.load(SeqCst) == round);
        }
        drop(tx);
        started.store(usize::MAX, SeqCst);
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

/// The value that woke a receiver is snatched by one that polls, and the next value comes as the
/// woken one looks about. A last value shows whether the other, asleep all the while, is still woken.
#[test]
fn a_receiver_whose_value_was_snatched_passes_the_wake_on() {
    watched(|watch| {
        let [begun, done, may_wait, has_waited] = [const { AtomicUsize::new(0) }; 4];
        let [sent, taken] = [const { AtomicUsize::new(0) }; 2];
        let all_taken = || taken.load(SeqCst) == sent.load(SeqCst);
        let (stays_asleep, woken_first) = (Sleeper::default(), Sleeper::default());
        // The first receiver is notified first, and so is the one that leaves, as the last value is for the other.
        let (mut tx, mut leaves) = channel();
        let mut other_tx = tx.clone();
        let (mut snatches, stays) = (leaves.clone(), leaves.clone());
        leaves.set_spin_limit(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _running = watch.running("receiver that stays");
                count_all(stays, &stays_asleep, &taken);
            });
            scope.spawn(|| {
                let _running = watch.running("receiver that leaves");
                woken_first.is_this_thread();
                for number in 1.. {
                    soon(|| may_wait.load(SeqCst) >= number);
                    if leaves.recv().is_err() {
                        break;
                    }
                    // In this order: who sees the value taken allows the next wait.
                    has_waited.store(number, SeqCst);
                    taken.fetch_add(1, SeqCst);
                }
            });
            scope.spawn(|| {
                let _running = watch.running("receiver that snatches");
                for round in 1.. {
                    soon(|| begun.load(SeqCst) >= round);
                    if begun.load(SeqCst) == usize::MAX {
                        break;
                    }
                    while !all_taken() {
                        if snatches.try_recv().is_ok() {
                            (0..round % 301).for_each(|_| spin_loop());
                            sent.fetch_add(1, SeqCst);
                            assert_eq!(other_tx.send(round), Ok(None));
                            taken.fetch_add(1, SeqCst);
                            break;
                        }
                    }
                    done.store(round, SeqCst);
                }
                drop(other_tx);
            });
            let _running = watch.running("sender");
            for round in rounds(5_000) {
                may_wait.store(has_waited.load(SeqCst) + 1, SeqCst);
                stays_asleep.until_asleep();
                woken_first.until_asleep();
                sent.fetch_add(1, SeqCst);
                begun.store(round, SeqCst);
                assert_eq!(tx.send(round), Ok(None));
                soon(|| done.load(SeqCst) == round && all_taken());

                sent.fetch_add(1, SeqCst);
                assert_eq!(tx.send(round), Ok(None));
                soon(all_taken);
            }
            drop(tx);
            begun.store(usize::MAX, SeqCst);
            may_wait.store(usize::MAX, SeqCst);
        });
    });
}

/// As above, but the woken one finds that its time is over; so short that it passes between the
/// announcement and the sleep.
#[test]
fn a_receiver_whose_value_was_snatched_at_its_deadline_passes_the_wake_on() {
    watched(|watch| {
        let (sleeper, received) = (Sleeper::default(), AtomicUsize::new(0));
        let (begun, looked) = (AtomicUsize::new(0), AtomicUsize::new(0));
        // The first receiver is notified first, and so is the one that leaves, as the last value is for the other.
        let (mut tx, mut leaves) = channel();
        let (mut snatches, stays) = (leaves.clone(), leaves.clone());
        leaves.set_spin_limit(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _running = watch.running("receiver that stays");
                count_all(stays, &sleeper, &received);
            });
            scope.spawn(|| {
                let _running = watch.running("receiver that leaves");
                for (round, nanos) in (1..).zip((0..1000).step_by(7).cycle()) {
                    soon(|| begun.load(SeqCst) >= round);
                    if leaves.is_closed() {
                        break;
                    }
                    let outcome = leaves.recv_timeout(Duration::from_nanos(nanos));
                    received.fetch_add(usize::from(outcome.is_ok()), SeqCst);
                    looked.store(round, SeqCst);
                }
            });
            let _running = watch.running("sender");
            let mut expected = 0;
            for round in rounds(10_000) {
                sleeper.until_asleep();
                begun.store(round, SeqCst);
                (0..round % 20).for_each(|_| spin_loop());
                assert_eq!(tx.send(round), Ok(None));
                expected += 1 - usize::from(snatches.try_recv().is_ok());
                soon(|| looked.load(SeqCst) == round && received.load(SeqCst) == expected);

                assert_eq!(tx.send(round), Ok(None));
                expected += 1;
                soon(|| received.load(SeqCst) == expected);
            }
            drop(tx);
            begun.store(usize::MAX, SeqCst);
        });
    });
}
