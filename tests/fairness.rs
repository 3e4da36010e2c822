//! Threads and tasks that wait for slow sends: each has its turn. And a thread behind stalled futures.
#![cfg(feature = "std")]

use futures::executor::block_on;
use overwrite_channel::{Receiver, channel};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

mod common {
    #[expect(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod crowd;
    pub(crate) mod parked;
    #[expect(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{crowd::Crowd, parked::Sleeper, watchdog::watched};

/// Waits, by yielding, for what other threads do.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

fn as_thread(mut rx: Receiver<usize>, got: &dyn Fn(usize)) {
    rx.set_spin_limit(0);
    rx.into_iter().for_each(got);
}

fn as_task(mut rx: Receiver<usize>, got: &dyn Fn(usize)) {
    block_on(async {
        while let Ok(value) = rx.recv_async().await {
            got(value);
        }
    });
}

/// Each send comes when all four are asleep: the kernel says so.
#[cfg(target_os = "linux")]
#[test]
fn threads_and_tasks_get_equal_shares_of_slow_sends() {
    type Receive = fn(Receiver<usize>, &dyn Fn(usize));
    const SENDS: usize = 400;
    watched(|watch| {
        let receive: [[Receive; 4]; 3] =
            [[as_thread; 4], [as_task; 4], [as_thread, as_task, as_thread, as_task]];
        for receive in receive {
            let sleepers = [(); 4].map(|()| Sleeper::default());
            let (last, turns) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
            let (mut tx, rx) = channel();
            thread::scope(|scope| {
                for (at, (receive, sleeper)) in receive.into_iter().zip(&sleepers).enumerate() {
                    let (rx, last, turns) = (rx.clone(), &last, &turns);
                    scope.spawn(move || {
                        let _running = watch.running(format!("receiver {at}"));
                        sleeper.is_this_thread();
                        receive(rx, &|value| {
                            turns.lock().unwrap().push(at);
                            last.store(value, SeqCst);
                        });
                    });
                }
                let _running = watch.running("sender");
                for value in 1..=SENDS {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    assert_eq!(tx.send(value), Ok(None));
                    until(|| last.load(SeqCst) == value);
                }
                drop(tx);
            });
            let turns = turns.into_inner().unwrap();
            let rounds: Vec<_> = turns.chunks(4).collect();
            assert_eq!(rounds, vec![&turns[..4]; SENDS / 4], "each has the same turn again");
            let shares = [0, 1, 2, 3].map(|at| turns.iter().filter(|turn| **turn == at).count());
            assert_eq!(shares, [SENDS / 4; 4]);
        }
    });
}

/// A thread is asleep while futures stall, wherever its place among theirs is.
#[test]
fn a_parked_thread_waits_for_one_send_more_than_there_are_stalled_futures() {
    const FUTURES: usize = 5;
    watched(|watch| {
        for thread_at in 0..=FUTURES {
            let (mut tx, rx) = channel();
            let (mut rxs, crowd) = (vec![rx; FUTURES + 1], Crowd::new(FUTURES));
            let parks = rxs.remove(thread_at);
            let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future);
            }
            let (sleeper, received) = (Sleeper::default(), AtomicUsize::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watch.running(format!("the thread at {thread_at}"));
                    sleeper.is_this_thread();
                    as_thread(parks, &|value| received.store(value, SeqCst));
                });
                sleeper.until_asleep();
                let _running = watch.running("sender");
                let mut value = 0;
                while crowd.woken().len() == usize::from(value > 0) {
                    value += 1;
                    assert!(value <= FUTURES + 1, "the thread still sleeps");
                    tx.send(value).unwrap();
                }
                // No future was woken by this one.
                until(|| received.load(SeqCst) == value);
                drop(tx);
            });
        }
    });
}
