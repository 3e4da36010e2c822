//! Threads make and drop receivers and futures by the hundred at the same time: they leave no more memory behind than
//! one thread that makes as many, and no two owners share a wait node.

use crate::cost;
use overwrite_channel::channel;
use std::{
    thread,
    time::{Duration, Instant},
};
use support::{
    allocator::{bytes, measure},
    threads::Meeting,
    waker::Task,
    watchdog::watched,
};

/// The most owners at once, of all threads: more than a list that doubles has in its first 1,022 nodes.
const MOST: usize = 1200;
/// The most bytes of one wait node and its share of an index, in a list of which one half may be free.
const BYTES: isize = 2 * 25;
const THREADS: usize = 4;
const ROUNDS: usize = 4;

/// How long threads meet before each owner they make, so that they look for a vacant node at the same moment: not for
/// long, because the machine may be busy.
const MEET_FOR: Duration = Duration::from_millis(200);

/// Makes `each` owners, and several times drops some and makes as many in their places.
fn churn<O>(make: &impl Fn() -> O, each: usize, meet: &impl Fn()) -> Vec<O> {
    let mut owners = Vec::with_capacity(each);
    for step in [1, 1, 2, 3, 7] {
        let mut at = 0;
        owners.retain(|_| {
            at += 1;
            at % step != 0
        });
        // The other threads have dropped theirs.
        meet();
        for _ in owners.len()..each {
            meet();
            owners.push(make());
        }
    }
    owners
}

/// Returns what stays allocated of `MOST` owners that `threads` make by `make`. Each waits once by `wait`, and `wake`
/// must wake all of them.
fn left_behind<O: Send>(
    threads: usize,
    make: impl Fn() -> O + Sync,
    wait: impl Fn(&mut O, &Task),
    wake: impl FnOnce(),
) -> isize {
    let (meeting, start) = (Meeting::of(threads), Instant::now());
    let meet = || meeting.meet_or(|| start.elapsed() > MEET_FOR);
    let (mut owners, counts): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let churn = || measure(|| churn(&make, MOST / threads, &meet));
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(churn)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).unzip()
    });
    let tasks: Vec<_> = (0..MOST).map(|_| Task::new()).collect();
    for (owner, task) in owners.iter_mut().flatten().zip(&tasks) {
        wait(owner, task);
    }
    wake();
    let woken = tasks.iter().filter(|task| task.seen().woken == 1).count();
    assert_eq!(woken, MOST, "some share a wait node");
    let end = cost(|| owners.iter_mut().for_each(|owners| *owners = Vec::new()));
    counts.into_iter().fold(end, |sum, counts| sum + counts).live_bytes
}

fn no_more_than_one_by_one(left_behind: impl Fn(usize) -> isize + Send + 'static) {
    watched(move |watchdog| {
        let _running = watchdog.running("threads that make owners");
        let one_by_one = left_behind(1);
        assert!((0..=BYTES * bytes(MOST)).contains(&one_by_one), "{one_by_one} bytes");
        for _ in 0..ROUNDS {
            let at_once = left_behind(THREADS);
            assert!(at_once <= one_by_one, "{at_once} bytes, one by one {one_by_one}");
        }
    });
}

#[test]
fn receivers() {
    no_more_than_one_by_one(|threads| {
        let (mut tx, rx) = channel::<u64>();
        left_behind(
            threads,
            || rx.clone(),
            |rx, task| assert!(rx.poll_recv(&mut task.context()).is_pending()),
            || assert_eq!(tx.send(1), Ok(None)),
        )
    });
}

#[cfg(feature = "watch")]
#[test]
fn receivers_of_watch() {
    no_more_than_one_by_one(|threads| {
        let (tx, rx) = overwrite_channel::watch::channel(0_u64);
        left_behind(
            threads,
            || rx.clone(),
            |rx, task| {
                let mut changed = rx.changed();
                assert!(task.poll(&mut changed).is_pending());
                std::mem::forget(changed);
            },
            || tx.send(1).unwrap(),
        )
    });
}

#[test]
fn futures_that_wait_for_the_receivers_end() {
    no_more_than_one_by_one(|threads| {
        let (tx, rx) = channel::<u64>();
        let noop = Task::new();
        left_behind(
            threads,
            || {
                let mut closed = tx.closed();
                assert!(noop.poll(&mut closed).is_pending());
                closed
            },
            |closed, task| assert!(task.poll(closed).is_pending()),
            || drop(rx),
        )
    });
}
