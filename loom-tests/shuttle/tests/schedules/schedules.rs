//! How many schedules, and of which kinds.

use shuttle::{
    Config, Runner,
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};
use std::{env, time::Duration};

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
    // That the orderings are taken for sequentially consistent is told above.
    config.silence_warnings = true;
    config.max_time = env::var_os("SCHEDULES").is_none().then_some(Duration::from_secs(60));
    Runner::new(scheduler, config).run(test)
}
