//! A wait whose task changes while somebody wakes the task before: the last waker is the one that
//! counts.

use futures::{FutureExt, future::BoxFuture};
use overwrite_channel::channel;
use std::{
    hint::spin_loop,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

mod common {
    pub(crate) mod dice;
}
#[path = "../../common/rounds.rs"]
mod rounds;
#[path = "../../common/watchdog.rs"]
mod watchdog;
use common::dice::Dice;
use rounds::rounds;
use watchdog::watched;

#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Polls with a waker of its own, which is returned.
fn poll<T>(future: &mut BoxFuture<'static, T>) -> (Poll<T>, Arc<Woken>) {
    let woken = Arc::new(Woken::default());
    let poll = future.poll_unpin(&mut Context::from_waker(&Waker::from(woken.clone())));
    (poll, woken)
}

/// The step after the last.
const END: usize = usize::MAX;

/// Tells the other thread that there is nothing more, also if this one panics.
struct Ends<'a>(&'a AtomicUsize);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(END, SeqCst);
    }
}

/// Waits for the other thread, on another core if there is one.
fn reaches(step: &AtomicUsize, value: usize) -> bool {
    for spins in 0.. {
        let now = step.load(SeqCst);
        if now >= value {
            return now != END;
        }
        if spins % 1000 < 999 {
            spin_loop();
        } else {
            thread::yield_now();
        }
    }
    unreachable!("a thread does not spin for so long")
}

#[test]
fn the_last_waker_is_woken() {
    watched(|watch| {
        let _running = watch.running("both threads");
        let leaving = Mutex::new(None);
        // Of each round: 1 there is one who leaves, 2 taken over, 3 it leaves, 4 it has left.
        let step = AtomicUsize::new(0);
        let mut dice = Dice::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for round in 0.. {
                    if !reaches(&step, 4 * round + 1) {
                        break;
                    }
                    let leaving = leaving.lock().unwrap().take();
                    step.store(4 * round + 2, SeqCst);
                    reaches(&step, 4 * round + 3);
                    drop(leaving);
                    step.store(4 * round + 4, SeqCst);
                }
            });
            let _ends = Ends(&step);
            for round in rounds(20_000).map(|round| round - 1) {
                let (mut tx, mut leaves) = channel();
                let (mut stays, mut takes) = (leaves.clone(), leaves.clone());
                let mut stays = async move { stays.recv_async().await }.boxed();
                let mut leaves = async move { leaves.recv_async().await }.boxed();
                assert!(poll(&mut stays).0.is_pending());
                let (pending, woken) = poll(&mut leaves);
                assert!(pending.is_pending());
                // It has the first turn, and is woken; for a value that another one takes, so that it owes a wake
                // when it leaves.
                assert_eq!(tx.send(1), Ok(None));
                assert!(woken.0.load(SeqCst));
                assert_eq!(takes.try_recv(), Ok(1));
                *leaving.lock().unwrap() = Some(leaves);
                step.store(4 * round + 1, SeqCst);
                reaches(&step, 4 * round + 2);
                step.store(4 * round + 3, SeqCst);
                for _ in 0..dice.below(200) {
                    spin_loop();
                }
                let (pending, last) = poll(&mut stays);
                assert!(pending.is_pending());
                reaches(&step, 4 * round + 4);
                assert_eq!(tx.send(2), Ok(None));
                assert!(last.0.load(SeqCst), "in round {round}");
                assert_eq!(poll(&mut stays).0, Poll::Ready(Ok(2)));
            }
        });
    });
}
