//! Two calls at the very moment at which they matter to each other: a send or an end as a receiver falls asleep, and a
//! value as a receiver leaves.

use overwrite_channel::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::{
    hint::spin_loop,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use support::{rounds::rounds, sleeper::Sleeper, watchdog::watched};

/// Waits for other threads, for a moment without a system call.
fn until(condition: impl Fn() -> bool) {
    for _ in 0..1000 {
        if condition() {
            return;
        }
        spin_loop();
    }
    while !condition() {
        thread::yield_now();
    }
}

/// In each round, of a new channel, `send` and `receive` begin at the same time, up to a few
/// instructions that differ from round to round.
fn meet(
    send: impl Fn(Sender<usize>, usize) + Send + Sync + 'static,
    receive: impl Fn(Receiver<usize>, usize) + Send + Sync + 'static,
) {
    /// Two threads that meet need two cores: one of these tests at a time.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);

    watched(move |watch| {
        let arrived = AtomicUsize::new(0);
        let meet = |round| {
            arrived.fetch_add(1, SeqCst);
            until(|| arrived.load(SeqCst) >= 2 * round);
        };
        let (hand_over, handed_over) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _running = watch.running("sender");
                let hand_over = hand_over;
                for round in rounds(10_000) {
                    let (tx, rx) = channel();
                    hand_over.send(rx).unwrap();
                    meet(round);
                    (0..round % 61).for_each(|_| spin_loop());
                    send(tx, round);
                }
            });
            let _running = watch.running("receiver");
            for (round, mut rx) in (1..).zip(handed_over) {
                rx.set_spin_limit(0);
                meet(round);
                (0..round % 59).for_each(|_| spin_loop());
                receive(rx, round);
            }
        });
    });
}

#[test]
fn a_value_sent_as_the_receiver_falls_asleep_arrives() {
    meet(
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |mut rx, round| assert_eq!(rx.recv(), Ok(round)),
    );
}

#[test]
fn an_end_as_the_receiver_falls_asleep_is_noticed() {
    meet(|tx, _| drop(tx), |mut rx, _| assert_eq!(rx.recv(), Err(RecvError)));
}

#[test]
fn the_last_value_comes_before_the_end() {
    meet(
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |mut rx, round| {
            let received = loop {
                match rx.try_recv() {
                    Err(TryRecvError::Empty) => {}
                    outcome => break outcome,
                }
            };
            assert_eq!(received, Ok(round));
            assert_eq!(rx.recv(), Err(RecvError));
        },
    );
}

#[test]
fn a_receiver_that_goes_as_a_value_comes_takes_it_along_or_lets_it_come_back() {
    meet(
        |mut tx, round| {
            // Sent before the end, and dropped with the channel, or handed back.
            if let Err(error) = tx.send(round) {
                assert_eq!(error.into_inner(), round);
                assert!(tx.is_closed());
            }
        },
        |rx, _| drop(rx),
    );
}

/// What becomes of a value that wakes a receiver.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    /// The woken receiver takes it, or the receiver that stays.
    Stays,
    /// A third receiver takes it if it still can.
    IsSnatched,
    /// The same, and the next value comes as the woken receiver looks about.
    IsReplaced,
}

/// In each round, a receiver calls `look` and does not come back; `delay` moves the moments of the sends against that call.
/// If the receiver was woken and has no value, it owes the wake to the receiver that stays, which is asleep.
fn a_receiver_that_leaves_strands_no_other(
    look: fn(&mut Receiver<usize>, usize) -> bool,
    delay: fn(usize),
    fate: Fate,
) {
    watched(move |watch| {
        let [stays, leaves] = [(); 2].map(|()| Sleeper::default());
        let [begun, looked, received] = [const { AtomicUsize::new(0) }; 3];
        // The first receiver is notified first, and after that each time the other was the last.
        let (mut tx, mut first) = channel();
        let (mut second, mut third) = (first.clone(), first.clone());
        first.set_spin_limit(0);
        second.set_spin_limit(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                let _running = watch.running("receiver that stays");
                stays.is_this_thread();
                for _ in second {
                    received.fetch_add(1, SeqCst);
                }
            });
            scope.spawn(|| {
                let _running = watch.running("receiver that leaves");
                leaves.is_this_thread();
                for round in 1.. {
                    until(|| begun.load(SeqCst) >= round);
                    if first.is_closed() {
                        break;
                    }
                    let has_value = look(&mut first, round);
                    // In this order: the sender that sees the value received begins the next round.
                    looked.store(round, SeqCst);
                    received.fetch_add(usize::from(has_value), SeqCst);
                }
            });
            let _running = watch.running("sender");
            let mut total = 0;
            let mut send = || {
                assert_eq!(tx.send(total), Ok(None));
                total += 1;
                total
            };
            for round in rounds(10_000) {
                stays.until_asleep();
                let call = looked.load(SeqCst) + 1;
                begun.store(call, SeqCst);
                if fate == Fate::IsReplaced {
                    leaves.until_asleep();
                } else {
                    delay(round);
                }
                let mut expected = send();
                if fate != Fate::Stays && third.try_recv().is_ok() {
                    received.fetch_add(1, SeqCst);
                    if fate == Fate::IsReplaced {
                        delay(round);
                        expected = send();
                    }
                }
                // A call without a timeout may go on.
                let has_looked = || fate == Fate::IsReplaced || looked.load(SeqCst) == call;
                until(|| received.load(SeqCst) == expected && has_looked());
                // A last value shows whether the receiver that stays is still woken.
                if fate != Fate::Stays {
                    let expected = send();
                    until(|| received.load(SeqCst) == expected);
                }
            }
            drop(tx);
            begun.store(usize::MAX, SeqCst);
        });
    });
}

/// A timeout about as long as the value takes to come.
fn timeout(round: usize) -> Duration {
    Duration::from_micros(round as u64 % 60)
}

fn delay_micros(round: usize) {
    let moment = Instant::now() + Duration::from_micros(round as u64 % 22 * 7);
    while Instant::now() < moment {}
}

#[test]
fn a_receiver_that_times_out_strands_no_other() {
    a_receiver_that_leaves_strands_no_other(
        |rx, round| rx.recv_timeout(timeout(round)).is_ok(),
        delay_micros,
        Fate::Stays,
    );
}

#[test]
fn a_receiver_that_times_out_and_is_dropped_strands_no_other() {
    a_receiver_that_leaves_strands_no_other(
        |rx, round| rx.clone().recv_timeout(timeout(round)).is_ok(),
        delay_micros,
        Fate::Stays,
    );
}

/// The time is so short that it passes between the announcement and the sleep.
#[test]
fn a_receiver_whose_value_was_snatched_at_its_deadline_passes_the_wake_on() {
    a_receiver_that_leaves_strands_no_other(
        |rx, round| rx.recv_timeout(Duration::from_nanos(round as u64 % 143 * 7)).is_ok(),
        |round| (0..round % 20).for_each(|_| spin_loop()),
        Fate::IsSnatched,
    );
}

#[test]
fn a_receiver_whose_value_was_snatched_passes_the_wake_on() {
    a_receiver_that_leaves_strands_no_other(
        |rx, _| rx.recv().is_ok(),
        |round| (0..round % 301).for_each(|_| spin_loop()),
        Fate::IsReplaced,
    );
}
