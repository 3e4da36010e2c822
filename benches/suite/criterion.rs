//! The contests of `ratios` and those of `buffer` that poll, measured and drawn by criterion.

use super::{buffer, prelude::*, ratios};
use criterion::Criterion;

pub(super) fn run() {
    let mut criterion = Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_millis(400))
        // With the default, ten times as many, it draws for longer than it measures.
        .nresamples(10_000)
        .configure_from_args();
    let pair = Pair::pinned();
    if pair.is_none() {
        println!("round trips: left out, there is one core only");
    }
    for contest in ratios::contests(pair).into_iter().chain(buffer::contests(pair)) {
        let mut group =
            criterion.benchmark_group(contest.title.trim_end_matches(", results written"));
        for Timed { name, start } in contest.contenders {
            group.bench_function(name, |b| {
                let mut run = start();
                b.iter_custom(|count| run(u32::try_from(count).expect("a moment's operations")));
            });
        }
        group.finish();
    }
    criterion.final_summary();
}
