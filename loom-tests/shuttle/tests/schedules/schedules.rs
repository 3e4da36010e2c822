//! How many schedules, and of which kinds; and what the tests share.

use shuttle::{
    Config, Runner,
    rand::{RngCore, thread_rng},
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
    thread::{JoinHandle, yield_now},
};
use std::{env, future::Future, mem, task::Poll, time::Duration};
use support::dice::Dice;
pub(crate) use support::waker::poll_once;

/// How many schedules of each kind a test runs, unless `SCHEDULES` says otherwise.
const SCHEDULES: usize = 2000;

/// The same ones each time, so that what failed fails again.
const SEED: u64 = 1;

/// The priorities change at so many points of a schedule, less one.
const DEPTHS: [usize; 2] = [2, 4];

/// Runs `test` on random schedules, and on schedules in which the thread of the highest priority runs
/// and priorities change now and then.
///
/// # Panics
/// If `test` does on one of them, if all threads sleep, or if one schedule does not end.
pub(crate) fn explore(test: impl Fn() + Send + Sync + 'static + Clone) {
    let schedules = env::var("SCHEDULES").map_or(SCHEDULES, |schedules| {
        schedules.parse().expect("`SCHEDULES` is a number of schedules")
    });
    let ran = run(RandomScheduler::new_from_seed(SEED, schedules), test.clone());
    assert_eq!(ran, schedules);
    for depth in DEPTHS {
        let schedules = schedules.div_ceil(DEPTHS.len());
        let ran = run(PctScheduler::new_from_seed(SEED, depth, schedules), test.clone());
        assert_eq!(ran, schedules);
    }
}

fn run(scheduler: impl Scheduler + 'static, test: impl Fn() + Send + Sync + 'static) -> usize {
    let mut config = Config::new();
    // Histories are printed by the threads of the schedule.
    config.stack_size = 0x4_0000;
    // The tests know that shuttle takes every ordering for sequentially consistent.
    config.silence_warnings = true;
    config.max_time = env::var_os("SCHEDULES").is_none().then_some(Duration::from_secs(60));
    Runner::new(scheduler, config).run(test)
}

/// Dice that differ from schedule to schedule, and are the same when a schedule is replayed.
pub(crate) fn dice() -> Dice {
    Dice::new(thread_rng().next_u64())
}

/// Joins the threads, none of which panics, once all are spawned.
pub(crate) fn join<R>(threads: impl IntoIterator<Item = JoinHandle<R>>) -> Vec<R> {
    let threads: Vec<_> = threads.into_iter().collect();
    threads.into_iter().map(|thread| thread.join().expect("no call panics")).collect()
}

/// Returns what a first poll came to, or else waits.
pub(crate) fn or_else<R>(poll: Poll<R>, wait: impl FnOnce() -> R) -> R {
    match poll {
        Poll::Ready(output) => output,
        Poll::Pending => wait(),
    }
}

/// Polls a future and drops it, woken or not.
pub(crate) fn poll_and_drop<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    let poll = poll_once(&mut future);
    yield_now();
    poll
}

/// Polls a future and forgets it.
pub(crate) fn poll_and_forget<F: Future + Unpin>(mut future: F) -> Poll<F::Output> {
    let poll = poll_once(&mut future);
    mem::forget(future);
    poll
}
