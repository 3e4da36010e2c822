//! Time to the fresh value: how long a receiver needs to get to the sentinel it waits for, after attempts whose
//! sentinels came too late.
//!
//! A program that uses this module has `channels.rs` and `cores.rs` as modules of its root.

pub(crate) mod policy;
mod task;

use crate::{
    channels::{
        AsyncChannel, Channel, Crossbeam, Flume, Kanal, Overwrite, Sentinel, SyncChannel,
        TokioMpsc, Watch,
    },
    cores::Pair,
};
use std::{
    hint::black_box,
    thread,
    time::{Duration, Instant},
};
use task::OverwriteTask;

/// Attempts that timed out.
pub(crate) const STALE: [u32; 4] = [1, 10, 1_000, 100_000];
/// For a sentinel that is there: only a channel that has lost it uses this up.
const PATIENCE: Duration = Duration::from_secs(10);
/// Many stale values in one channel take long enough for the clock. Fewer are spread over channels that the
/// receiver goes through, one after the other.
const STALE_VALUES: u32 = 256;
const MOST_CHANNELS: u32 = 32;

/// Nanoseconds until the receiver has the sentinel; pinned or not.
type Measure = fn(u32, Option<Pair>) -> f64;

struct Contender {
    name: &'static str,
    measure: Measure,
}

impl Contender {
    const fn of<C: Channel>() -> Self {
        Self { name: C::NAME, measure: measured::<C> }
    }
}

/// Ours is first: the others are compared with it, and it with itself.
const CONTENDERS: [Contender; 9] = [
    Contender::of::<Overwrite>(),
    Contender::of::<OverwriteTask>(),
    Contender::of::<Watch>(),
    Contender::of::<SyncChannel>(),
    Contender::of::<Crossbeam>(),
    Contender::of::<Flume>(),
    Contender::of::<Kanal>(),
    Contender::of::<AsyncChannel>(),
    Contender::of::<TokioMpsc>(),
];

/// A contender after so many attempts that timed out.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) stale: u32,
    /// Of each round, from the least to the greatest.
    pub(crate) nanos: Vec<f64>,
    /// To this crate's channel right before and after in the same round; sorted as well.
    pub(crate) ratios: Vec<f64>,
}

/// A quarter of the values is below the first, half of them below the second.
pub(crate) fn quartiles(sorted: &[f64]) -> [f64; 3] {
    [1, 2, 3].map(|quarter| sorted[sorted.len() * quarter / 4])
}

/// Interleaved rounds, one at least, for about `time`. `progress` gets how much of that is over.
///
/// # Panics
///
/// If a receiver does not get the sentinel it waits for, and before it as many others as the channel is to
/// keep.
pub(crate) fn measure(
    time: Duration,
    stale: &[u32],
    pair: Option<Pair>,
    progress: &mut dyn FnMut(Duration),
) -> Vec<Row> {
    let mut rows = Vec::new();
    for stale in stale {
        rows.extend(CONTENDERS.map(|Contender { name, measure }| {
            let row = Row { name, stale: *stale, nanos: Vec::new(), ratios: Vec::new() };
            (row, measure)
        }));
    }
    let ours = CONTENDERS[0].measure;
    let start = Instant::now();
    loop {
        for group in rows.chunks_mut(CONTENDERS.len()) {
            let stale = group[0].0.stale;
            let mut before = ours(stale, pair);
            for (row, measure) in group {
                let nanos = measure(stale, pair);
                // A ratio in the thousands is as good with one look at ours in each round.
                let after = if is_many(stale) { before } else { ours(stale, pair) };
                row.nanos.push(nanos);
                row.ratios.push(2.0 * nanos / (before + after));
                before = after;
            }
            progress(start.elapsed().min(time));
        }
        if start.elapsed() >= time {
            break;
        }
    }
    let sorted = |(mut row, _): (Row, Measure)| {
        row.nanos.sort_by(f64::total_cmp);
        row.ratios.sort_by(f64::total_cmp);
        row
    };
    rows.into_iter().map(sorted).collect()
}

/// Of a few goes, the middle one: each is short, and may be interrupted.
fn measured<C: Channel>(stale: u32, pair: Option<Pair>) -> f64 {
    let goes = if is_many(stale) { 3 } else { 5 };
    let mut nanos = (0..goes).map(|_| once::<C>(stale, pair)).collect::<Vec<_>>();
    nanos.sort_by(f64::total_cmp);
    nanos[nanos.len() / 2]
}

fn once<C: Channel>(stale: u32, pair: Option<Pair>) -> f64 {
    // A channel that keeps one value is as quick with any number of others before it.
    let count = if C::KEEPS_ALL { STALE_VALUES / stale } else { MOST_CHANNELS };
    let count = count.clamp(1, MOST_CHANNELS);
    let challenge = u64::from(stale);
    let capacity = stale as usize + 1;
    let mut channels = (0..count).map(|_| C::new(black_box(capacity))).collect::<Vec<_>>();
    // The stale ones long before, and then the one that counts: so it is as fresh after many.
    for challenges in [0..=challenge - 1, challenge..=challenge] {
        by_worker(pair, || {
            for channel in &mut channels {
                for challenge in challenges.clone() {
                    assert!(channel.send(Sentinel::of(challenge)), "{} has room for it", C::NAME);
                }
            }
        });
    }
    // So is code that has not run for a while.
    for _ in 0..MOST_CHANNELS {
        let mut warm = C::new(1);
        assert!(warm.send(Sentinel::of(challenge)) && warm.wait_for(challenge, far()).is_some());
    }

    // Written to, so that its memory is there.
    let mut got = vec![None; channels.len()];
    let deadline = far();
    let start = Instant::now();
    for (channel, got) in channels.iter_mut().zip(&mut got) {
        *got = channel.wait_for(challenge, deadline);
    }
    let elapsed = start.elapsed();
    let skipped = if C::KEEPS_ALL { challenge } else { 0 };
    for got in got {
        assert_eq!(got, Some((Sentinel::of(challenge), skipped)), "{}", C::NAME);
    }
    elapsed.as_secs_f64() * 1e9 / f64::from(count)
}

/// Do they take so long to send that fewer repetitions must do?
fn is_many(stale: u32) -> bool {
    stale > 10_000
}

/// What the worker sends has to come from another thread, on another core if there is one.
fn by_worker(pair: Option<Pair>, work: impl FnOnce() + Send) {
    thread::scope(|scope| {
        let worker = scope.spawn(|| {
            if let Some(pair) = pair {
                pair.go_there();
            }
            work();
        });
        // A core that has slept is slow at first. But the worker starts on this one, and may have no other.
        while !worker.is_finished() {
            thread::yield_now();
        }
    });
}

fn far() -> Instant {
    Instant::now() + PATIENCE
}
