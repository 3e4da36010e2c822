//! Passing values between threads that park allocates nothing, in whichever thread.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel};
use std::{
    fs,
    sync::atomic::{AtomicU64, Ordering::SeqCst},
    thread,
};

mod common {
    pub(crate) mod counting;
    pub(crate) mod parked;
    pub(crate) mod watchdog;
}
use common::{
    counting::{Counting, Counts, measure},
    parked::Sleeper,
    watchdog::watched,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often this thread gave its core up to wait, if the kernel says so.
fn waits() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/status")
        .ok()?
        .lines()
        .find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"))?
        .trim()
        .parse()
        .ok()
}

/// The same value there and back, parking on each way unless it has come already.
fn bounce(tx: &mut Sender<u64>, rx: &mut Receiver<u64>, rounds: u64) {
    for _ in 0..rounds {
        let value = rx.recv().unwrap();
        tx.send(value + 1).unwrap();
    }
}

#[test]
fn a_ping_pong_of_parked_threads_allocates_nothing() {
    const ROUNDS: u64 = 5_000;
    watched(|watch| {
        let (mut there_tx, mut there_rx) = channel();
        let (mut back_tx, mut back_rx) = channel();
        there_rx.set_spin_limit(0);
        back_rx.set_spin_limit(0);

        let (waited, counts) = thread::scope(|scope| {
            let pong = scope.spawn(|| {
                let _running = watch.running("pong");
                let before = waits();
                let ((), counts) = measure(|| bounce(&mut back_tx, &mut there_rx, ROUNDS));
                (waits().zip(before).map(|(after, before)| after - before), counts)
            });
            let _running = watch.running("ping");
            let ((), counts) = measure(|| {
                there_tx.send(0).unwrap();
                bounce(&mut there_tx, &mut back_rx, ROUNDS - 1);
                assert_eq!(back_rx.recv(), Ok(2 * ROUNDS - 1));
            });
            let (waited, pong_counts) = pong.join().unwrap();
            (waited, counts + pong_counts)
        });
        assert_eq!(counts, Counts::default());
        // It did park: not each time, a value may have come already.
        assert!(waited.is_none_or(|times| times > 0));
    });
}

#[test]
fn a_send_to_a_receiver_that_is_asleep_allocates_nothing_on_either_side() {
    const ROUNDS: u64 = 200;
    watched(|watch| {
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);
        let (sleeper, newest) = (Sleeper::default(), AtomicU64::new(0));

        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let _running = watch.running("receiver");
                sleeper.is_this_thread();
                measure(|| {
                    while let Ok(value) = rx.recv() {
                        newest.store(value, SeqCst);
                    }
                })
            });
            let _running = watch.running("sender");
            let mut counts = Counts::default();
            for round in 1..=ROUNDS {
                sleeper.until_asleep();
                let (sent, more) = measure(|| tx.send(round));
                assert_eq!(sent, Ok(None));
                counts = counts + more;
                // Only now it may be asleep again, for the next value.
                while newest.load(SeqCst) != round {
                    thread::yield_now();
                }
            }
            drop(tx);
            counts = counts + receiver.join().unwrap().1;
            assert_eq!(counts, Counts::default());
        });
    });
}
