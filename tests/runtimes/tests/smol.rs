//! On smol.

#[path = "../../common/watchdog.rs"]
mod watchdog;

mod common {
    pub(crate) mod cancelling;
    pub(crate) mod cooperation;
    pub(crate) mod dice;
    pub(crate) mod on_smol;
    #[path = "../../../common/rounds.rs"]
    pub(crate) mod rounds;
    pub(crate) mod runtime;
    pub(crate) mod scenarios;
    pub(crate) mod selects;
    pub(crate) mod suite;
    pub(crate) mod tally;
}
use common::{
    dice::Dice,
    on_smol,
    rounds::rounds,
    runtime::{Runtime, noted, until},
    suite::suite,
};
use overwrite_channel::channel;
use smol::{Timer, future::or, lock::Mutex, unblock};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};
use watchdog::watched;

suite!(one_thread, crate::on_smol::OneThread);
suite!(three_threads, crate::on_smol::ThreeThreads);

#[test]
fn a_timer_that_races_with_a_send_loses_nothing() {
    watched(|_| {
        smol::block_on(async {
            let (mut tx, mut rx) = channel();
            let mut dice = Dice::new(0);
            for round in rounds(300) {
                let delay = Duration::from_micros(dice.below(600).try_into().unwrap());
                let sender = thread::spawn(move || {
                    thread::sleep(delay);
                    assert_eq!(tx.send(round), Ok(None));
                    tx
                });
                let timer = async {
                    Timer::after(Duration::from_micros(300)).await;
                    None
                };
                let received = async { rx.recv_async().await.ok() };
                let in_time = if round % 2 == 0 {
                    or(timer, received).await
                } else {
                    or(received, timer).await
                };
                tx = unblock(|| sender.join().unwrap()).await;
                assert_eq!(in_time.or_else(|| rx.try_recv().ok()), Some(round));
                assert!(rx.is_empty());
            }
        });
    });
}

#[test]
fn a_timer_beside_a_loop_that_never_waits_fires() {
    watched(|_| {
        smol::block_on(async {
            let (mut tx, mut rx) = channel();
            let receives = async {
                loop {
                    tx.send(1).unwrap();
                    rx.recv_async().await.unwrap();
                }
            };
            let timer = async {
                Timer::after(Duration::from_millis(50)).await;
            };
            or(receives, timer).await;
        });
    });
}

#[test]
fn a_thread_of_the_blocking_pool_receives() {
    watched(|_| {
        smol::block_on(async {
            let (mut tx, mut rx) = channel();
            let (mut back, mut answers) = channel();
            let blocking = unblock(move || {
                let answer = |value| assert_eq!(back.send(value), Ok(None));
                rx.iter().map(answer).count()
            });
            for value in 0..200 {
                assert_eq!(tx.send(value), Ok(None));
                assert_eq!(answers.recv_async().await, Ok(value));
            }
            drop(tx);
            assert_eq!(blocking.await, 200);
        });
    });
}

#[test]
fn a_cancelled_task_passes_its_wake_on() {
    watched(|_| {
        on_smol::OneThread::run(|runtime| async move {
            for round in rounds(300) {
                // The first receiver is notified first.
                let (mut tx, first) = channel();
                let mut rx = first.clone();
                let other = Arc::new(Mutex::new(first));
                // The wake is passed on by the future if its receiver stays, else by either.
                let _kept = (round % 2 == 0).then(|| other.clone());
                let waiting = Arc::new(AtomicUsize::new(0));
                let noted_by_task = waiting.clone();
                let patient =
                    runtime.spawn(async move { noted(rx.recv_async(), &noted_by_task).await });
                let noted_by_task = waiting.clone();
                let cancelled = runtime.spawn(async move {
                    noted(other.lock().await.recv_async(), &noted_by_task).await
                });
                until(|| waiting.load(SeqCst) == 2).await;
                // Wakes the first one, whose task is dropped before it runs.
                assert_eq!(tx.send(round), Ok(None));
                drop(cancelled);
                assert_eq!(patient.await, Ok(round));
            }
        });
    });
}
