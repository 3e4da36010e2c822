//! Histories on the machine's threads.

use crate::{
    history::{Call, Clock, Recorder},
    script::{Beginning, Dice, Part, Subject, begin, end, play},
};
use std::{
    fmt,
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire},
        },
    },
    thread::{scope, yield_now},
};

/// The most that play in one history.
const THREADS: usize = 6;

/// Threads are made for so many histories at a time, and meet at the beginning of each.
const BATCH: u64 = 100;

/// What was checked.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) histories: u64,
    calls: usize,
    overlapping: usize,
}

impl Tally {
    fn add<O>(&mut self, history: &[Call<O>]) {
        let overlaps = |call: &&Call<O>| {
            history.iter().any(|other| {
                other.thread != call.thread && other.from < call.to && call.from < other.to
            })
        };
        self.histories += 1;
        self.calls += history.len();
        self.overlapping += history.iter().filter(overlaps).count();
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { histories, calls, overlapping } = self;
        write!(f, "{histories} histories of {calls} calls, {overlapping} of which overlap another")
    }
}

/// One history, while it is being made.
struct Round<S: Subject> {
    seed: u64,
    begun: Beginnings,
    calls: Vec<Call<S::Operation>>,
    left: Vec<S::Handle>,
    witness: S::Witness,
}

/// Where its threads meet, and their time.
#[derive(Clone)]
struct Beginnings {
    clock: Arc<Clock>,
    missing: Arc<AtomicUsize>,
}

impl Beginnings {
    /// Waits for the others, so that all begin at once.
    fn meet(&self) {
        self.missing.fetch_sub(1, AcqRel);
        let mut looks = 0;
        while self.missing.load(Acquire) > 0 {
            looks += 1;
            // With more threads than cores the others may be waiting for this one's.
            if looks < 200 { spin_loop() } else { yield_now() }
        }
    }
}

/// What one thread does in one history.
struct Role<S: Subject> {
    history: usize,
    begun: Beginnings,
    handle: S::Handle,
    part: Part<S::Call>,
}

type Played<S> = (usize, Vec<Call<<S as Subject>::Operation>>, Option<<S as Subject>::Handle>);

/// Records and checks so many histories.
///
/// # Panics
/// At the first one that no order explains.
pub(crate) fn check<S: Subject>(seed: u64, histories: u64) -> Tally {
    let mut tally = Tally::default();
    while tally.histories < histories {
        let size = BATCH.min(histories - tally.histories);
        let first = seed.wrapping_add(tally.histories);
        batch::<S>((0..size).map(|number| first.wrapping_add(number)), &mut tally);
    }
    tally
}

fn batch<S: Subject>(seeds: impl Iterator<Item = u64>, tally: &mut Tally) {
    let mut roles: [Vec<Role<S>>; THREADS] = Default::default();
    let mut rounds = Vec::new();
    for (history, seed) in seeds.enumerate() {
        let Beginning { first, parts, witness } = S::begin(&mut Dice::new(seed), false);
        let missing = Arc::new(AtomicUsize::new(parts.len()));
        let begun = Beginnings { clock: Arc::default(), missing };
        let calls = begin(&begun.clock, first);
        for (thread, (handle, part)) in parts.into_iter().enumerate() {
            roles[thread].push(Role { history, begun: begun.clone(), handle, part });
        }
        rounds.push(Round::<S> { seed, begun, calls, left: Vec::new(), witness });
    }
    let played: Vec<Vec<Played<S>>> = scope(|scope| {
        let play = |(thread, roles): (usize, Vec<Role<S>>)| {
            scope.spawn(move || roles.into_iter().map(|role| role.play(thread)).collect())
        };
        let threads: Vec<_> = roles.into_iter().enumerate().map(play).collect();
        threads.into_iter().map(|thread| thread.join().expect("no call panics")).collect()
    });
    for (history, calls, handle) in played.into_iter().flatten() {
        rounds[history].calls.extend(calls);
        rounds[history].left.extend(handle);
    }
    for Round { seed, begun, calls, left, witness } in rounds {
        let history = end::<S>(&begun.clock, calls, left, witness);
        history.check(format_args!("seed {seed}"));
        tally.add(&history.calls);
    }
}

impl<S: Subject> Role<S> {
    fn play(self, thread: usize) -> Played<S> {
        let Self { history, begun, handle, part } = self;
        let mut recorder = Recorder::new(&begun.clock, thread);
        begun.meet();
        let handle = play::<S>(handle, part, &mut recorder);
        (history, recorder.into_calls(), handle)
    }
}
