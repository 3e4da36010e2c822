//! On tokio.

#[path = "../../common/watchdog.rs"]
mod watchdog;

mod common {
    pub(crate) mod cancelling;
    pub(crate) mod dice;
    pub(crate) mod on_tokio;
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
    on_tokio,
    rounds::rounds,
    runtime::{Runtime, noted, until, yield_now, yield_times},
    suite::suite,
    tally::{Payload, Tally},
};
use futures::{StreamExt, future::join_all};
use overwrite_channel::{Receiver, RecvError, channel};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};
use tokio::{
    runtime::Builder,
    sync::Mutex,
    task::{spawn, spawn_blocking},
    time::{sleep, timeout},
};
use watchdog::watched;

suite!(multi_thread, crate::on_tokio::MultiThread);
suite!(current_thread, crate::on_tokio::CurrentThread);

/// Runs on one thread, with a clock that moves when every task waits.
fn with_paused_clock<F: Future>(root: F) -> F::Output {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(root)
}

/// A wait of each kind, by turns.
async fn receive(rx: &mut Receiver<usize>, kind: usize) -> Option<usize> {
    match kind % 3 {
        0 => rx.recv_async().await.ok(),
        1 => rx.next().await,
        _ => rx.recv_matching_async(|_| true).await.ok(),
    }
}

#[test]
fn a_timeout_before_at_or_after_a_send_loses_nothing() {
    const MILLIS: u64 = 5;
    watched(|_| {
        with_paused_clock(async {
            let mut late = 0;
            for kind in 0..3 {
                for (sent_after, wait) in (0..MILLIS).flat_map(|a| (0..MILLIS).map(move |b| (a, b)))
                {
                    let (mut tx, mut rx) = channel();
                    let sender = spawn(async move {
                        sleep(Duration::from_millis(sent_after)).await;
                        assert_eq!(tx.send(1), Ok(None));
                        tx
                    });
                    let in_time =
                        timeout(Duration::from_millis(wait), receive(&mut rx, kind)).await;
                    match in_time {
                        Ok(value) => assert_eq!(value, Some(1)),
                        Err(_) => late += 1,
                    }
                    let _tx = sender.await.unwrap();
                    assert_eq!(rx.try_recv().is_ok(), in_time.is_err());
                    assert!(sent_after <= wait || in_time.is_err());
                    assert!(sent_after >= wait || in_time.is_ok());
                }
            }
            assert!(late > 0);
        });
    });
}

#[test]
fn many_timeouts_among_many_sends_lose_nothing() {
    const PAYLOADS: usize = 2000;
    watched(|_| {
        let tally = Tally::new(PAYLOADS);
        let timeouts = with_paused_clock(async {
            let (mut tx, rx) = channel::<Payload>();
            let receivers: Vec<_> = (0..4)
                .map(|seed| {
                    let (mut rx, mut dice) = (rx.clone(), Dice::new(seed));
                    spawn(async move {
                        let mut timeouts = 0;
                        loop {
                            let wait = Duration::from_millis(dice.below(4).try_into().unwrap());
                            match timeout(wait, rx.recv_async()).await {
                                Ok(Ok(payload)) => payload.received(),
                                Ok(Err(RecvError)) => return timeouts,
                                Err(_) => timeouts += 1,
                            }
                            // Else a wait of no time would leave the clock none to move.
                            sleep(Duration::from_millis(dice.below(2).try_into().unwrap())).await;
                        }
                    })
                })
                .collect();
            drop(rx);
            let mut dice = Dice::new(PAYLOADS);
            while let Some(payload) = tally.issue() {
                if let Some(stale) = tx.send(payload).ok().unwrap() {
                    stale.displaced();
                }
                sleep(Duration::from_millis(dice.below(3).try_into().unwrap())).await;
            }
            drop(tx);
            join_all(receivers).await.into_iter().map(Result::unwrap).sum::<usize>()
        });
        let totals = tally.settle();
        assert_eq!(totals.received + totals.displaced, PAYLOADS, "{totals:?}");
        assert!(totals.received > 0 && timeouts > 0, "{totals:?}, {timeouts} timeouts");
    });
}

/// With a clock that nobody holds, and a thread that sends.
#[test]
fn a_timeout_that_races_with_a_thread_loses_nothing() {
    watched(|_| {
        on_tokio::MultiThread::run(|_| async {
            let (mut tx, mut rx) = channel();
            let mut dice = Dice::new(0);
            for round in rounds(300) {
                let delay = Duration::from_micros(dice.below(2000).try_into().unwrap());
                let sender = std::thread::spawn(move || {
                    std::thread::sleep(delay);
                    assert_eq!(tx.send(round), Ok(None));
                    tx
                });
                let in_time = timeout(Duration::from_millis(1), receive(&mut rx, round)).await;
                tx = spawn_blocking(|| sender.join().unwrap()).await.unwrap();
                let value = in_time.unwrap_or_else(|_| rx.try_recv().ok());
                assert_eq!(value, Some(round));
                assert!(rx.is_empty());
            }
        });
    });
}

#[test]
fn a_thread_of_the_blocking_pool_receives() {
    watched(|_| {
        on_tokio::MultiThread::run(|_| async {
            let (mut tx, mut rx) = channel();
            let (mut back, mut answers) = channel();
            let blocking = spawn_blocking(move || {
                let mut received = 0;
                while let Ok(value) = rx.recv() {
                    assert_eq!(back.send(value), Ok(None));
                    received += 1;
                }
                received
            });
            for value in 0..200 {
                assert_eq!(tx.send(value), Ok(None));
                assert_eq!(answers.recv_async().await, Ok(value));
            }
            drop(tx);
            assert_eq!(blocking.await.unwrap(), 200);
        });
    });
}

/// One task stays, and the others are aborted about the time at which one is woken.
fn tasks_are_aborted<R: Runtime>() {
    const TASKS: usize = 3;
    R::run(|_| async {
        let mut dice = Dice::new(TASKS);
        for round in rounds(500) {
            let (mut tx, rx) = channel();
            let (answer, mut answers) = channel();
            let waiting = Arc::new(AtomicUsize::new(0));
            let receivers: Vec<_> = (0..=TASKS).map(|_| Arc::new(Mutex::new(rx.clone()))).collect();
            let tasks: Vec<_> = receivers
                .iter()
                .map(|rx| {
                    let (rx, waiting, mut answer) = (rx.clone(), waiting.clone(), answer.clone());
                    spawn(async move {
                        let mut rx = rx.lock().await;
                        // One value, so the others wait to the end.
                        let Ok(value) = noted(rx.recv_async(), &waiting).await else { return 0 };
                        assert_eq!(answer.send(value), Ok(None));
                        1
                    })
                })
                .collect();
            until(|| waiting.load(SeqCst) == TASKS + 1).await;
            // The wake is passed on by the future if its receiver stays, else by either.
            let kept = (round % 2 == 0).then_some(receivers);
            let abort_first = dice.below(4) == 0;
            if !abort_first {
                assert_eq!(tx.send(round), Ok(None));
                yield_times(dice.below(2)).await;
            }
            // All but the last, which has the last turn.
            tasks[..TASKS].iter().for_each(tokio::task::JoinHandle::abort);
            if abort_first {
                yield_now().await;
                assert_eq!(tx.send(round), Ok(None));
            }
            assert_eq!(answers.recv_async().await, Ok(round));
            drop((tx, kept));
            let mut received = 0;
            for task in tasks {
                received += task.await.unwrap_or_else(|error| {
                    assert!(error.is_cancelled());
                    0
                });
            }
            assert_eq!(received, 1);
        }
    });
}

#[test]
fn an_aborted_task_passes_its_wake_on() {
    watched(|_| tasks_are_aborted::<on_tokio::CurrentThread>());
}

#[test]
fn an_aborted_task_passes_its_wake_on_between_threads() {
    watched(|_| tasks_are_aborted::<on_tokio::MultiThread>());
}
