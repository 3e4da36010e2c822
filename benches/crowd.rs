//! Several threads that send into one slot, each a fixed number of values, while nobody receives.

use crate::{
    cores::Pair,
    peers::{Peer, open_elsewhere},
};
use std::{
    hint::{black_box, spin_loop},
    sync::atomic::{
        AtomicU64, AtomicUsize,
        Ordering::{AcqRel, Acquire, Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

/// How long a sender waits for the others before it takes them for dead.
const PATIENCE: Duration = Duration::from_secs(5);

/// From the first sender's start to the last one's end, of at most `batches`; after some time no other
/// is begun.
pub(crate) fn wall_times<P: Peer<u64, Tx: Clone>>(
    pair: Option<Pair>,
    senders: u32,
    each: u64,
    batches: usize,
    enough: Duration,
) -> Vec<Duration> {
    let (tx, _rx, _kept) = open_elsewhere::<u64, P>();
    let start = Start { arrived: AtomicU64::new(0), batches: AtomicUsize::new(batches) };
    // The channel's own sender is one of them: an idle one would be a handle more than there are.
    let mut handles = vec![tx];
    while handles.len() < senders as usize {
        handles.push(handles[0].clone());
    }
    let times = thread::scope(|scope| {
        let threads: Vec<_> = (0..senders)
            .zip(handles)
            .map(|(sender, mut tx)| {
                let start = &start;
                scope.spawn(move || {
                    // The others stay on the core of their maker.
                    if let (Some(pair), true) = (pair, sender % 2 == 1) {
                        pair.go_there();
                    }
                    let begun = Instant::now();
                    let mut times = Vec::with_capacity(batches);
                    loop {
                        // Only the first one decides, so that all end together.
                        if sender == 0 && !times.is_empty() && begun.elapsed() > enough {
                            start.batches.store(times.len(), Relaxed);
                        }
                        start.together(senders);
                        if times.len() >= start.batches.load(Relaxed) {
                            break;
                        }
                        let from = Instant::now();
                        for value in 1..=each {
                            black_box(P::send(&mut tx, value));
                        }
                        times.push((from, Instant::now()));
                    }
                    times
                })
            })
            .collect();
        let times = threads.into_iter().map(|thread| thread.join().expect("a sender ends well"));
        times.collect::<Vec<_>>()
    });
    (0..times[0].len())
        .map(|batch| {
            let begun = times.iter().map(|times| times[batch].0).min();
            let ended = times.iter().map(|times| times[batch].1).max();
            ended.zip(begun).map_or(Duration::ZERO, |(ended, begun)| ended - begun)
        })
        .collect()
}

/// Where senders meet before each batch, awake: one that had to be woken would come when the others have
/// done half their work.
struct Start {
    arrived: AtomicU64,
    /// How many batches there will be. Who looks late may see that there is none after the present one.
    batches: AtomicUsize,
}

impl Start {
    fn together(&self, senders: u32) {
        let senders = u64::from(senders);
        let all = (self.arrived.fetch_add(1, AcqRel) / senders + 1) * senders;
        let mut since = None;
        let mut looks = 0_u32;
        while self.arrived.load(Acquire) < all {
            looks += 1;
            if looks % 128 != 0 {
                spin_loop();
                continue;
            }
            // There may be more senders than cores.
            thread::yield_now();
            let since = since.get_or_insert_with(Instant::now);
            assert!(since.elapsed() < PATIENCE, "a sender is missing");
        }
    }
}
