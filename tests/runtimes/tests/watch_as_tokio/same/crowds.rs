//! Many at once, on real runtimes and on plain threads.

use super::{old, watch};
use crate::{
    on_smol, on_tokio,
    rounds::rounds,
    runtime::{Runtime, noted, until, yield_now},
    watchdog::watched,
};
use futures::{FutureExt, future::join_all};
use std::{
    future::ready,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use tokio::select;

const CROWD: usize = 8;
const SENDS: usize = 2000;

/// A value that a torn one cannot pass for.
#[derive(Clone)]
struct Whole([usize; 6]);

impl Whole {
    fn new(value: usize) -> Self {
        Self([value; 6])
    }

    fn get(&self) -> usize {
        assert!(self.0.iter().all(|part| *part == self.0[0]), "torn: {:?}", self.0);
        self.0[0]
    }
}

/// Makes a test of each scenario on each runtime.
macro_rules! on_each_runtime {
    ($($scenario:ident)*) => {
        on_each_runtime! { tokio_multi_thread, on_tokio::MultiThread, $($scenario)* }
        on_each_runtime! { tokio_current_thread, on_tokio::CurrentThread, $($scenario)* }
        on_each_runtime! { smol_three_threads, on_smol::ThreeThreads, $($scenario)* }
        on_each_runtime! { smol_one_thread, on_smol::OneThread, $($scenario)* }
    };
    ($module:ident, $runtime:ty, $($scenario:ident)*) => {
        mod $module {
            use super::*;
            $(
                #[test]
                fn $scenario() {
                    watched(|watch| {
                        let _running = watch.running(stringify!($scenario));
                        super::$scenario::<$runtime>();
                    });
                }
            )*
        }
    };
}

on_each_runtime! {
    all_see_the_last_value_and_none_goes_back
    all_find_what_they_wait_for
    two_who_answer_each_other_never_miss_a_change
    changes_are_given_up_and_none_is_lost
    senders_learn_that_all_are_gone
    subscribers_begin_with_what_was_sent
}

/// A thread sends, and tasks see versions that only rise, up to the last.
fn all_see_the_last_value_and_none_goes_back<R: Runtime>() {
    let (tx, rx) = watch::channel(Whole::new(0));
    let waiting = Arc::new(AtomicUsize::new(0));
    let seen = R::run(|runtime| async move {
        let tasks: Vec<_> = vec![rx; CROWD]
            .into_iter()
            .map(|mut rx| {
                let waiting = waiting.clone();
                runtime.spawn(async move {
                    let (mut last, mut changes) = (0, 0);
                    while noted(rx.changed(), &waiting).await.is_ok() {
                        let at_least = rx.borrow().get();
                        let value = rx.borrow_and_update().get();
                        assert!(last <= at_least && at_least <= value, "{last} {at_least} {value}");
                        last = value;
                        changes += 1;
                    }
                    assert_eq!(rx.borrow().get(), SENDS);
                    (last, changes)
                })
            })
            .collect();
        until(|| waiting.load(SeqCst) >= CROWD).await;
        let thread = thread::spawn(move || {
            for value in 1..=SENDS {
                assert!(tx.send(Whole::new(value)).is_ok());
            }
        });
        let seen = join_all(tasks).await;
        thread.join().unwrap();
        seen
    });
    for (last, changes) in seen {
        assert_eq!(last, SENDS);
        assert!((1..=SENDS).contains(&changes));
    }
}

/// Each waits for a value that stays, which comes while others still change it.
fn all_find_what_they_wait_for<R: Runtime>() {
    let (tx, rx) = watch::channel(0);
    R::run(|runtime| async move {
        let tasks: Vec<_> = (1..=CROWD)
            .map(|number| {
                let mut rx = rx.clone();
                let wanted = number * SENDS / CROWD;
                runtime.spawn(async move {
                    let mut before = 0;
                    let found = rx.wait_for(|value| {
                        assert!(before <= *value, "{before} after {value}");
                        before = *value;
                        *value >= wanted
                    });
                    *found.await.unwrap() >= wanted
                })
            })
            .collect();
        let thread = thread::spawn(move || {
            for value in 1..=SENDS {
                tx.send(value).unwrap();
            }
        });
        assert!(join_all(tasks).await.into_iter().all(|found| found));
        thread.join().unwrap();
        // The end has come, and the last value does still.
        let mut rx = rx;
        assert_eq!(*rx.wait_for(|value| *value == SENDS).await.unwrap(), SENDS);
        assert!(rx.wait_for(|value| *value > SENDS).await.is_err());
    });
}

/// A wake that is missed once stops both.
fn two_who_answer_each_other_never_miss_a_change<R: Runtime>() {
    R::run(|runtime| async move {
        let (question, mut questions) = watch::channel(0);
        let (answer, mut answers) = watch::channel(0);
        let echo = runtime.spawn(async move {
            let mut echoed = 0;
            while questions.changed().await.is_ok() {
                let value = *questions.borrow_and_update();
                answer.send(value).unwrap();
                echoed += 1;
            }
            echoed
        });
        for value in 1..=SENDS {
            question.send(value).unwrap();
            answers.changed().await.unwrap();
            assert_eq!(*answers.borrow_and_update(), value);
        }
        drop(question);
        assert_eq!(echo.await, SENDS);
        assert!(answers.changed().await.is_err());
    });
}

/// Receivers give up waiting between any two sends; each change they have not seen is still there.
fn changes_are_given_up_and_none_is_lost<R: Runtime>() {
    let (tx, rx) = watch::channel(0);
    R::run(|runtime| async move {
        let tasks: Vec<_> = vec![rx; CROWD]
            .into_iter()
            .enumerate()
            .map(|(number, mut rx)| {
                runtime.spawn(async move {
                    let (mut last, mut given_up) = (0, 0);
                    loop {
                        let looks = (number + given_up) % 4;
                        let patience = async {
                            for _ in 0..looks {
                                yield_now().await;
                            }
                        };
                        select! {
                            changed = rx.changed() => {
                                if changed.is_err() {
                                    break last;
                                }
                                let value = *rx.borrow_and_update();
                                assert!(value > last, "{value} after {last}");
                                last = value;
                            }
                            () = patience => {
                                given_up += 1;
                                yield_now().await;
                            }
                        }
                    }
                })
            })
            .collect();
        let sender = runtime.spawn(async move {
            for value in 1..=SENDS {
                tx.send(value).unwrap();
                if value % 3 == 0 {
                    yield_now().await;
                }
            }
        });
        sender.await;
        assert_eq!(join_all(tasks).await, [SENDS; CROWD]);
    });
}

/// Receivers go in threads and tasks, the last of them anywhere.
fn senders_learn_that_all_are_gone<R: Runtime>() {
    for _ in rounds(50) {
        let (tx, rx) = watch::channel(0);
        R::run(|runtime| async move {
            let waiting = Arc::new(AtomicUsize::new(0));
            let senders: Vec<_> = (0..4)
                .map(|_| {
                    let (tx, waiting) = (tx.clone(), waiting.clone());
                    runtime.spawn(async move {
                        noted(tx.closed(), &waiting).await;
                        tx.is_closed() && tx.send(1).is_err()
                    })
                })
                .collect();
            until(|| waiting.load(SeqCst) == 4).await;
            let mut receivers = vec![rx; 4];
            let in_task = receivers.split_off(2);
            let thread = thread::spawn(move || drop(receivers));
            let task = runtime.spawn(ready(in_task).map(drop));
            assert_eq!(join_all(senders).await, [true; 4]);
            tx.closed().await;
            task.await;
            thread.join().unwrap();
        });
    }
}

/// While others send, a new receiver has at least what was there before it came.
fn subscribers_begin_with_what_was_sent<R: Runtime>() {
    let (tx, rx) = watch::channel(0);
    R::run(|runtime| async move {
        let sender = runtime.spawn({
            let tx = tx.clone();
            async move {
                for value in 1..=SENDS {
                    tx.send(value).unwrap();
                    yield_now().await;
                }
            }
        });
        let mut last = 0;
        while last < SENDS {
            let before = *tx.borrow();
            let mut new = tx.subscribe();
            let begins = *new.borrow();
            assert!(last <= before && before <= begins, "{last} {before} {begins}");
            if begins < SENDS {
                // What it has not seen, it is told of.
                new.wait_for(|value| *value > begins).await.unwrap();
            }
            last = begins;
        }
        sender.await;
        assert_eq!(*rx.borrow(), SENDS);
    });
}

#[test]
fn no_modification_is_lost() {
    const THREADS: usize = 4;
    watched(|watch| {
        let _running = watch.running("threads that modify");
        let (tx, mut rx) = watch::channel([0; THREADS]);
        let odd = AtomicUsize::new(0);
        let begin = Barrier::new(THREADS);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (tx, odd, begin) = (tx.clone(), &odd, &begin);
                scope.spawn(move || {
                    begin.wait();
                    for round in 0..SENDS {
                        if round % 2 == 0 {
                            tx.send_modify(|counts| {
                                if round % 16 == 0 {
                                    // Others come in between, if they can.
                                    thread::yield_now();
                                }
                                counts[number] += 1;
                            });
                        } else if tx.send_if_modified(|counts| {
                            // Only if all others together are odd, which they decide.
                            let others: usize = counts.iter().sum::<usize>() - counts[number];
                            if others % 2 == 1 {
                                counts[number] += 1;
                            }
                            others % 2 == 1
                        }) {
                            odd.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
        });
        let total: usize = rx.borrow_and_update().iter().sum();
        assert_eq!(total, THREADS * SENDS / 2 + odd.load(SeqCst));
    });
}

#[test]
fn every_value_that_was_replaced_is_handed_out_once() {
    const THREADS: usize = 3;
    const SENDS: usize = 20_000;
    watched(|watch| {
        let _running = watch.running("threads that replace");
        let (tx, rx) = watch::channel(0);
        let begin = Barrier::new(THREADS);
        let replaced: Vec<usize> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|number| {
                    let (tx, begin) = (tx.clone(), &begin);
                    scope.spawn(move || {
                        let values = (number * SENDS + 1)..=((number + 1) * SENDS);
                        begin.wait();
                        values.map(|value| old(tx.send_replace(value))).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let mut all = replaced;
        all.push(*rx.borrow());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=THREADS * SENDS));
    });
}

#[test]
fn no_value_is_torn_and_none_comes_before_an_older_one() {
    watched(|watch| {
        let _running = watch.running("threads that look");
        let (tx, rx) = watch::channel(Whole::new(0));
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                let (mut rx, ended) = (rx.clone(), &ended);
                scope.spawn(move || {
                    let mut last = 0;
                    while !ended.load(SeqCst) {
                        let value = rx.borrow();
                        let (newer, is_changed) = (value.get(), value.has_changed());
                        drop(value);
                        assert!(newer >= last, "{newer} after {last}");
                        assert_eq!(is_changed, newer != last, "{newer} after {last}");
                        let value = rx.borrow_and_update().get();
                        assert!(value >= newer, "{value} after {newer}");
                        last = value;
                    }
                });
            }
            for value in rounds(50_000) {
                assert!(tx.send(Whole::new(value)).is_ok());
                assert_eq!(tx.borrow().get(), value);
            }
            ended.store(true, SeqCst);
        });
    });
}

/// Who learns of a send in another way finds it sent, and its value there.
#[test]
fn a_send_that_returned_has_arrived() {
    watched(|watch| {
        let _running = watch.running("a thread that is told");
        let (tx, mut rx) = watch::channel(0);
        let sent = AtomicUsize::new(0);
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for value in rounds(100_000) {
                    tx.send(value).unwrap();
                    sent.store(value, SeqCst);
                }
                ended.store(true, SeqCst);
            });
            let mut last = 0;
            while !ended.load(SeqCst) {
                let told = sent.load(SeqCst);
                if told > last {
                    assert!(rx.has_changed().unwrap(), "{told} after {last}");
                    assert!(rx.changed().now_or_never().unwrap().is_ok());
                }
                last = *rx.borrow_and_update();
                assert!(last >= told, "{last}, and {told} was sent");
            }
        });
    });
}

/// The value that is sent right before the channel closes is seen before the end is.
#[test]
fn the_last_value_is_never_missed() {
    watched(|watch| {
        for round in rounds(300) {
            let _running = watch.running(format!("round {round}"));
            let (tx, rx) = watch::channel(0);
            let thread = thread::spawn(move || {
                tx.send(1).unwrap();
                tx.send(2).unwrap();
            });
            let tasks = vec![rx; 3].into_iter().map(|mut rx| async move {
                let mut last = 0;
                while rx.changed().await.is_ok() {
                    last = *rx.borrow_and_update();
                }
                last
            });
            assert_eq!(futures::executor::block_on(join_all(tasks)), [2; 3]);
            thread.join().unwrap();
        }
    });
}
