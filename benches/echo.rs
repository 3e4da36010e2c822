//! A thread that sends back what it receives, both sides polling.

use crate::{contenders::Contender, cores::Pair};
use std::{
    hint::spin_loop,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a side polls before it takes the other for dead.
const PATIENCE: Duration = Duration::from_secs(5);

const STOP: u64 = u64::MAX;

pub(crate) struct Echo<C: Contender> {
    there: C::Tx,
    back: C::Rx,
    trips: u64,
    thread: Option<JoinHandle<()>>,
}

impl<C: Contender> Echo<C> {
    pub(crate) fn start(pair: Pair) -> Self {
        let (there, mut inbox) = C::open();
        let (mut outbox, back) = C::open();
        let (started, has_started) = mpsc::channel();
        let thread = thread::spawn(move || {
            pair.go_there();
            let _ = started.send(());
            while let Some(value) = poll::<C>(&mut inbox).filter(|value| *value != STOP) {
                C::send(&mut outbox, value);
            }
        });
        // A thread starts on the core of its maker, and could not leave it while that one polls.
        has_started.recv().expect("the echo starts");
        Self { there, back, trips: 0, thread: Some(thread) }
    }

    /// Panics if a round trip brings anything else back than it took.
    pub(crate) fn round_trips(&mut self, count: u64) {
        for _ in 0..count {
            self.trips += 1;
            C::send(&mut self.there, self.trips);
            assert_eq!(poll::<C>(&mut self.back), Some(self.trips), "{} echoes", C::NAME);
        }
    }
}

impl<C: Contender> Drop for Echo<C> {
    fn drop(&mut self) {
        // After a panic, the other side's patience ends it.
        if !thread::panicking() {
            C::send(&mut self.there, STOP);
            let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
            assert!(ended, "the echo of {} ended well", C::NAME);
        }
    }
}

/// The next value; none if it does not come in time.
#[inline]
fn poll<C: Contender>(rx: &mut C::Rx) -> Option<u64> {
    let mut since = None;
    loop {
        for _ in 0..1 << 16 {
            if let Some(value) = C::try_recv(rx) {
                return Some(value);
            }
            spin_loop();
        }
        // The clock is read only once nothing came for milliseconds.
        if since.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return None;
        }
    }
}
