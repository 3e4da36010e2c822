//! Calls that meet: a send or an end with a receiver that falls asleep, and a value with a receiver that leaves.

use crate::{
    panics::strikes,
    receives::{as_task, as_thread},
};
use futures::{executor::block_on, join};
use overwrite_channel::{Receiver, RecvError, Sender, TryRecvError, channel, wait_any_timeout};
use std::{
    hint::spin_loop,
    sync::{
        atomic::{
            AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use support::{
    panics::caught,
    rounds::rounds,
    sleeper::Sleeper,
    threads::Meeting,
    waker::Task,
    watchdog::{until, watched},
};

/// Two calls that begin at the same time, of a new channel in each round.
type Row = (&'static str, fn(Sender<usize>, usize), fn(Receiver<usize>, usize));
const MEETINGS: &[Row] = &[
    (
        "a value that comes as the receiver falls asleep arrives",
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |mut rx, round| assert_eq!(rx.recv(), Ok(round)),
    ),
    (
        "an end that comes as the receiver falls asleep is noticed",
        |tx, _| drop(tx),
        |mut rx, _| assert_eq!(rx.recv(), Err(RecvError)),
    ),
    (
        "the last value comes before the end",
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
    ),
    (
        "a receiver that goes as a value comes takes it along or lets it come back",
        |mut tx, round| {
            // Sent before the end, and dropped with the channel, or handed back.
            if let Err(error) = tx.send(round) {
                assert_eq!(error.into_inner(), round);
                assert!(tx.is_closed());
            }
        },
        |rx, _| drop(rx),
    ),
    (
        "an end that comes as the sender waits for it shows what the receivers did",
        |tx, round| {
            block_on(async { join!(tx.closed(), tx.closed()) });
            assert_eq!(DONE.load(Relaxed), round);
        },
        |rx, round| {
            let other = rx.clone();
            DONE.store(round, Relaxed);
            drop((other, rx));
        },
    ),
    #[cfg(feature = "stream")]
    (
        "a `select!` completes whenever the end comes",
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |rx, round| assert_eq!(crate::streams::selects(rx), [round]),
    ),
];

/// The round that a receiver has seen, which its drop shows.
static DONE: AtomicUsize = AtomicUsize::new(0);

#[test]
fn a_send_or_an_end_at_the_moment_of_a_receive_is_not_missed() {
    for &(name, send, receive) in MEETINGS {
        watched(move |watchdog| {
            let meeting = Meeting::of(2);
            let (hand_over, handed_over) = mpsc::channel();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watchdog.running(format!("sender: {name}"));
                    let hand_over = hand_over;
                    for round in rounds(10_000) {
                        let (tx, rx) = channel();
                        hand_over.send(rx).unwrap();
                        meeting.meet();
                        // The moments move against each other by a few instructions.
                        (0..round % 61).for_each(|_| spin_loop());
                        send(tx, round);
                    }
                });
                let _running = watchdog.running(format!("receiver: {name}"));
                for (round, mut rx) in (1..).zip(handed_over) {
                    rx.set_spin_limit(0);
                    meeting.meet();
                    (0..round % 59).for_each(|_| spin_loop());
                    receive(rx, round);
                }
            });
        });
    }
}

/// What becomes of a value that wakes a receiver.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    /// The woken receiver takes it, or the receiver that stays.
    Stays,
    /// A third receiver takes it if it still can.
    IsSnatched,
    /// The same, and the next value comes as the woken receiver looks about.
    IsReplaced,
}

type Stay = fn(Receiver<usize>, &dyn Fn(usize));

/// How a receiver looks once in each round; how the moments of the sends move against that; and what the value meets.
type Leaving = (&'static str, fn(&mut Receiver<usize>, usize) -> bool, fn(usize), Outcome);
const LEAVING: [Leaving; 7] = [
    (
        "it times out as the value comes",
        |rx, round| rx.recv_timeout(micros(round % 60)).is_ok(),
        |round| wait(micros(round % 22 * 7)),
        Outcome::Stays,
    ),
    (
        "it times out as the value comes, and is dropped",
        |rx, round| rx.clone().recv_timeout(micros(round % 60)).is_ok(),
        |round| wait(micros(round % 22 * 7)),
        Outcome::Stays,
    ),
    (
        "it panics as it looks at the value, or times out",
        |rx, round| {
            let looks = || rx.recv_matching_timeout(micros(round % 60), strikes).is_ok();
            caught(looks).unwrap_or(true)
        },
        |round| wait(micros(round % 22 * 7)),
        Outcome::Stays,
    ),
    (
        "it is a future that is dropped as the value comes",
        |rx, round| {
            let (task, mut future) = (Task::new(), rx.recv_async());
            task.poll(&mut future).is_ready() || {
                wait(micros(round % 60));
                // Dropped without another poll, it has not looked for the value that it was woken for.
                round % 2 == 0 && task.poll(&mut future).is_ready()
            }
        },
        |round| wait(micros(round % 22 * 7)),
        Outcome::Stays,
    ),
    (
        "it waits for any, and takes nothing",
        |rx, round| {
            let _ready = wait_any_timeout(&mut [rx], micros(round % 60));
            false
        },
        |round| wait(micros(round % 22 * 7)),
        Outcome::Stays,
    ),
    (
        "its time passes between the announcement and the sleep",
        |rx, round| rx.recv_timeout(Duration::from_nanos(round as u64 % 143 * 7)).is_ok(),
        |round| (0..round % 20).for_each(|_| spin_loop()),
        Outcome::IsSnatched,
    ),
    (
        "it takes the next value",
        |rx, _| rx.recv().is_ok(),
        |round| (0..round % 301).for_each(|_| spin_loop()),
        Outcome::IsReplaced,
    ),
];

fn micros(count: usize) -> Duration {
    Duration::from_micros(count as u64)
}

fn wait(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {}
}

/// A receiver that was woken and has no value owes the wake to the receiver that stays, which is asleep.
#[test]
fn a_receiver_that_leaves_strands_no_other() {
    let stays: [(_, Stay); 2] = [("thread", as_thread), ("task", as_task)];
    for ((name, look, delay, fate), (kind, stay)) in
        LEAVING.into_iter().flat_map(|row| stays.map(|stay| (row, stay)))
    {
        watched(move |watchdog| {
            let [stays, leaves] = [(); 2].map(|()| Sleeper::default());
            let [begun, looked, received] = [const { AtomicUsize::new(0) }; 3];
            // The first receiver is notified first, and after that each time the other was the last.
            let (mut tx, mut first) = channel();
            let (second, mut third) = (first.clone(), first.clone());
            first.set_spin_limit(0);
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watchdog.running(format!("{kind} that stays: {name}"));
                    stays.is_this_thread();
                    stay(second, &|_| _ = received.fetch_add(1, SeqCst));
                });
                scope.spawn(|| {
                    let _running = watchdog.running("receiver that leaves");
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
                let _running = watchdog.running("sender");
                let mut total = 0;
                let mut send = || {
                    assert_eq!(tx.send(total), Ok(None));
                    total += 1;
                    total
                };
                for round in rounds(4_000) {
                    stays.until_asleep();
                    let call = looked.load(SeqCst) + 1;
                    begun.store(call, SeqCst);
                    if fate == Outcome::IsReplaced {
                        leaves.until_asleep();
                    } else {
                        delay(round);
                    }
                    let mut expected = send();
                    if fate != Outcome::Stays && third.try_recv().is_ok() {
                        received.fetch_add(1, SeqCst);
                        if fate == Outcome::IsReplaced {
                            delay(round);
                            expected = send();
                        }
                    }
                    // A call without a timeout may go on.
                    let has_looked = || fate == Outcome::IsReplaced || looked.load(SeqCst) == call;
                    until(|| received.load(SeqCst) == expected && has_looked());
                    // A last value shows whether the receiver that stays is still woken.
                    if fate != Outcome::Stays {
                        let expected = send();
                        until(|| received.load(SeqCst) == expected);
                    }
                }
                drop(tx);
                begun.store(usize::MAX, SeqCst);
            });
        });
    }
}
