//! Histories on the machine's threads.

use crate::{
    history::{Call, Clock, Recorder},
    script::{Beginning, Handle, Operation, Part, Subject, begin, end, play},
};
use std::{
    fmt,
    hint::spin_loop,
    sync::{
        Mutex,
        atomic::{
            AtomicUsize,
            Ordering::{AcqRel, Acquire},
        },
    },
    thread::{scope, yield_now},
};

/// The largest number of threads in one history.
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
    clock: Clock,
    /// How many threads have not come yet.
    missing: AtomicUsize,
    calls: Mutex<Vec<Call<Operation<S>>>>,
    left: Mutex<Vec<Handle<S>>>,
    witness: S::Witness,
}

/// For each history of a batch, the part of one thread, if it has one.
type Parts<S> = Vec<Option<(Handle<S>, Part<S>)>>;

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
    let mut parts: [Parts<S>; THREADS] = Default::default();
    let begin = |seed| {
        let Beginning { first, parts: begun, witness } = Beginning::<S>::new(seed, false);
        let (clock, missing) = (Clock::default(), AtomicUsize::new(begun.len()));
        let calls = Mutex::new(begin(&clock, first));
        let mut begun = begun.into_iter();
        for parts in &mut parts {
            parts.push(begun.next());
        }
        Round { seed, clock, missing, calls, left: Mutex::default(), witness }
    };
    let rounds: Vec<Round<S>> = seeds.map(begin).collect();
    scope(|scope| {
        for (thread, parts) in parts.into_iter().enumerate() {
            let rounds = &rounds;
            scope.spawn(move || {
                for (round, part) in rounds.iter().zip(parts) {
                    if let Some((handle, part)) = part {
                        round.play(thread, handle, part);
                    }
                }
            });
        }
    });
    for Round { seed, clock, calls, left, witness, .. } in rounds {
        let (calls, left) = (calls.into_inner().unwrap(), left.into_inner().unwrap());
        let history = end::<S>(&clock, calls, left, witness);
        history.check(format_args!("seed {seed}"));
        tally.add(&history.calls);
    }
}

impl<S: Subject> Round<S> {
    /// Plays the part of one thread, when all threads of the history have come.
    fn play(&self, thread: usize, handle: Handle<S>, part: Part<S>) {
        let mut recorder = Recorder::new(&self.clock, thread);
        self.missing.fetch_sub(1, AcqRel);
        let mut looks = 0;
        while self.missing.load(Acquire) > 0 {
            looks += 1;
            // With more threads than cores the other threads may be waiting for this thread's core.
            if looks < 200 { spin_loop() } else { yield_now() }
        }
        let handle = play(handle, part, &mut recorder);
        self.calls.lock().unwrap().extend(recorder.calls);
        self.left.lock().unwrap().extend(handle);
    }
}
