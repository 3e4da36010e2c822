//! A thread that sends back what it receives, both sides polling.

use crate::{
    cores::Pair,
    peers::{Payload, Peer, open_elsewhere},
};
use std::{
    hint::spin_loop,
    sync::mpsc,
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How long a side polls before it takes the other for dead.
const PATIENCE: Duration = Duration::from_secs(5);

const STOP: u64 = u64::MAX;

pub(crate) struct Echo<T: Payload, P: Peer<T>> {
    there: P::Tx,
    back: P::Rx,
    /// What goes round.
    value: T,
    trips: u64,
    thread: Option<JoinHandle<()>>,
}

impl<T: Payload, P: Peer<T>> Echo<T, P> {
    pub(crate) fn start(pair: Pair) -> Self {
        let (there, mut inbox, _kept) = open_elsewhere::<T, P>();
        let (mut outbox, back, _kept) = open_elsewhere::<T, P>();
        let (started, has_started) = mpsc::channel();
        let thread = thread::spawn(move || {
            pair.go_there();
            let _ = started.send(());
            while let Some(value) = poll::<T, P>(&mut inbox).filter(|value| value.number() != STOP)
            {
                P::send(&mut outbox, value);
            }
        });
        // A thread starts on the core of its maker, and could not leave it while that one polls.
        has_started.recv().expect("the echo starts");
        Self { there, back, value: T::new(0), trips: 0, thread: Some(thread) }
    }

    /// Panics if a round trip brings anything else back than it took.
    pub(crate) fn round_trips(&mut self, count: u64) {
        for _ in 0..count {
            self.trips += 1;
            self.value.renumber(self.trips);
            P::send(&mut self.there, self.value.take());
            let back = poll::<T, P>(&mut self.back).expect("the echo is alive");
            assert_eq!(back.number(), self.trips, "{} echoes", P::NAME);
            self.value = back;
        }
    }
}

impl<T: Payload, P: Peer<T>> Drop for Echo<T, P> {
    fn drop(&mut self) {
        // After a panic, the other side's patience ends it.
        if !thread::panicking() {
            P::send(&mut self.there, T::new(STOP));
            let ended = self.thread.take().is_none_or(|thread| thread.join().is_ok());
            assert!(ended, "the echo of {} ended well", P::NAME);
        }
    }
}

/// The next value; none if it does not come in time.
#[inline]
fn poll<T: Payload, P: Peer<T>>(rx: &mut P::Rx) -> Option<T> {
    let mut since = None;
    loop {
        for _ in 0..1 << 16 {
            if let Some(value) = P::try_recv(rx) {
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
