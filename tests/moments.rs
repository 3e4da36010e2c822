//! A send or a close at the very moment at which a receiver falls asleep: two threads meet, and each
//! makes one call, over and over.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvError, Sender, TryRecvError, channel};
use std::{
    hint::spin_loop,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

mod common {
    pub(crate) mod rounds;
    pub(crate) mod watchdog;
}
use common::{rounds::rounds, watchdog::watched};

/// Two threads that wait for each other without a system call, unless one of them does not run.
#[derive(Default)]
struct Meeting(AtomicUsize);

impl Meeting {
    fn meet(&self, round: usize) {
        self.0.fetch_add(1, SeqCst);
        let mut looks = 0;
        while self.0.load(SeqCst) < 2 * round {
            looks += 1;
            if looks < 1000 { spin_loop() } else { thread::yield_now() }
        }
    }
}

/// In each round, of a new channel, `send` and `receive` begin at the same time, up to a few
/// instructions that differ from round to round.
fn meet(
    send: impl Fn(Sender<usize>, usize) + Send + Sync + 'static,
    receive: impl Fn(Receiver<usize>, usize) + Send + Sync + 'static,
) {
    /// Two threads that meet have the cores for themselves: one test at a time.
    static ALONE: Mutex<()> = Mutex::new(());
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);

    watched(move |watch| {
        let meeting = Meeting::default();
        let (hand_over, handed_over) = mpsc::channel();
        thread::scope(|scope| {
            scope.spawn(|| {
                let _running = watch.running("sender");
                let hand_over = hand_over;
                for round in rounds(10_000) {
                    let (tx, rx) = channel();
                    hand_over.send(rx).unwrap();
                    meeting.meet(round);
                    (0..round % 61).for_each(|_| spin_loop());
                    send(tx, round);
                }
            });
            let _running = watch.running("receiver");
            for (round, mut rx) in (1..).zip(handed_over) {
                rx.set_spin_limit(0);
                meeting.meet(round);
                (0..round % 59).for_each(|_| spin_loop());
                receive(rx, round);
            }
        });
    });
}

#[test]
fn a_value_sent_as_the_receiver_falls_asleep_arrives() {
    meet(
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |mut rx, round| assert_eq!(rx.recv(), Ok(round)),
    );
}

#[test]
fn a_close_as_the_receiver_falls_asleep_is_noticed() {
    meet(|tx, _| drop(tx), |mut rx, _| assert_eq!(rx.recv(), Err(RecvError)));
}

#[test]
fn the_last_value_comes_before_the_end() {
    meet(
        |mut tx, round| assert_eq!(tx.send(round), Ok(None)),
        |mut rx, round| {
            let received = loop {
                match rx.try_recv() {
                    Err(TryRecvError::Empty) => {}
                    outcome => break outcome,
                }
            };
            assert_eq!(received, Ok(round));
            assert_eq!(rx.recv(), Err(RecvError));
        },
    );
}

#[test]
fn a_receiver_that_goes_as_a_value_comes_takes_it_along_or_lets_it_come_back() {
    meet(
        |mut tx, round| {
            // Sent before the end, and dropped with the channel, or handed back.
            if let Err(error) = tx.send(round) {
                assert_eq!(error.into_inner(), round);
                assert!(tx.is_closed());
            }
        },
        |rx, _| drop(rx),
    );
}
