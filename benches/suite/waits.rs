//! What a hand-over costs when each side waits for the other: two tasks, and two threads that park.
//!
//! The floors do the waking and nothing else: `Notify` for tasks, `park` and `unpark` for threads.

use super::prelude::*;
use std::thread::{self, JoinHandle};
use tokio::runtime::Runtime;

pub(super) const STOP: u64 = u64::MAX;

/// A thread that sends back what it receives, on the second core of a pair, and this one.
pub(super) struct Echo<T: Payload, C: Blocks<T>> {
    contender: C,
    there: C::Tx,
    back: C::Rx,
    /// What goes round.
    value: T,
    trips: u64,
    thread: Option<JoinHandle<()>>,
}

impl<T: Payload, C: Blocks<T>> Echo<T, C> {
    fn start(contender: C, pair: Option<Pair>) -> Self {
        let (there, mut inbox, _one) = open_elsewhere(contender);
        let (mut outbox, back, _other) = open_elsewhere(contender);
        let thread = start_there(pair, move || {
            loop {
                let value = contender.recv(&mut inbox);
                if value.number() == STOP {
                    break;
                }
                contender.put(&mut outbox, value);
            }
        });
        Self { contender, there, back, value: T::new(0), trips: 0, thread: Some(thread) }
    }

    /// Panics if a round trip brings anything else back than it took.
    fn round_trips(&mut self, count: u32) {
        for _ in 0..count {
            self.trips += 1;
            self.value.renumber(self.trips);
            self.contender.put(&mut self.there, self.value.take());
            self.value = self.contender.recv(&mut self.back);
            assert_eq!(self.value.number(), self.trips, "{} echoes", self.contender.name());
        }
    }

    /// Round trips between two threads.
    pub(super) fn timed(contender: C, pair: Option<Pair>) -> Timed {
        Timed::new(contender.name(), move || {
            let mut echo = Self::start(contender, pair);
            move |count| timed(|| echo.round_trips(count))
        })
    }
}

impl<T: Payload, C: Blocks<T>> Drop for Echo<T, C> {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.contender.put(&mut self.there, T::new(STOP));
            let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
            assert!(ended, "the echo of {} ends well", self.contender.name());
        }
    }
}

/// Round trips between two tasks: one sends back what it receives, the other measures.
pub(super) fn between_tasks<C: Awaits>(contender: C, runtime: Arc<Runtime>) -> Timed {
    Timed::new(contender.name(), move || {
        let runtime = Arc::clone(&runtime);
        // Lent to the two tasks of a batch.
        let mut ends = Some((contender.open(1), contender.open(1)));
        move |count| {
            let lent = ends.take().expect("the tasks gave the ends back");
            let ((mut there, mut inbox), (mut outbox, mut back)) = lent;
            let echo = runtime.spawn(async move {
                for _ in 0..count {
                    outbox.put(inbox.take().await).await;
                }
                (inbox, outbox)
            });
            let measuring = runtime.spawn(async move {
                let start = Instant::now();
                for trip in 1..=count.into() {
                    there.put(trip).await;
                    assert_eq!(back.take().await, trip, "{} echoes", contender.name());
                }
                (start.elapsed(), there, back)
            });
            let measured = runtime.block_on(measuring);
            let (time, there, back) = measured.expect("the measuring task ends well");
            let (inbox, outbox) = runtime.block_on(echo).expect("the echo ends well");
            ends = Some(((there, inbox), (outbox, back)));
            time
        }
    })
}

fn tasks(title: &str, runtime: &Arc<Runtime>) -> Contest {
    let contenders = awaiting().into_iter();
    let contenders = contenders.map(|contender| (contender.round_trips)(Arc::clone(runtime)));
    Contest::new(title, 50, contenders.collect())
}

fn threads(title: &str, pair: Option<Pair>) -> Contest {
    let contenders = blocking().iter().map(|contender| (contender.round_trips)(pair)).collect();
    Contest::new(title, 30, contenders)
}

pub(super) fn measured(setup: &Setup) -> Section {
    let (pair, runtimes) = (setup.pair(), &setup.runtimes);
    let mut contests = vec![
        tasks("two tasks on one thread of tokio's", &runtimes[0]),
        tasks("two tasks on two threads of tokio's", &runtimes[1]),
    ];
    if pair.is_some() {
        contests.push(threads("two threads on two cores", pair));
    }
    if let Some(Pair::Pinned { .. }) = pair {
        // This thread is pinned, and a thread that it starts stays where it is.
        contests.push(threads("two threads on one core", None));
    }
    let head = "## Hand-overs to a receiver that waits\n\n\
                Round trips: each side waits for the other. Queues have room for one value. Of the threads, this \
                crate's and `crossbeam-channel`'s spin before they park, and `kanal`'s yield up to 256 times.";
    Section::of_ratios(setup, head, contests)
}
