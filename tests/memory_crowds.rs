//! Threads make and drop receivers and futures by the hundred at the same time: they leave no more memory behind than
//! one thread that makes as many, and no two of them share a wait node.
#![cfg(feature = "watch")]

use overwrite_channel::{channel, watch};
use std::{
    future::Future,
    hint::spin_loop,
    mem,
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::{Context, Waker},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod counting;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    counting::{Counting, bytes, measure},
    waker::Task,
    watchdog::watched,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The most handles at once, of all threads: more than a list that doubles has in its first 1,022 nodes.
const MOST: usize = 1200;
/// The most bytes of one wait node and its share of an index, in a list of which one half may be free.
const BYTES: isize = 2 * 25;
const THREADS: usize = 4;
const ROUNDS: usize = 4;

/// Where threads meet before each handle they make, so that they look for a vacant node at the same moment; but not
/// for long, because the machine may be busy.
struct Meeting {
    threads: usize,
    came: AtomicUsize,
    end: Instant,
}

impl Meeting {
    fn new(threads: usize) -> Self {
        let end = Instant::now() + Duration::from_millis(200);
        Self { threads, came: AtomicUsize::new(0), end }
    }

    fn meet(&self) {
        let all = (self.came.fetch_add(1, SeqCst) / self.threads + 1) * self.threads;
        let mut looks = 0;
        while self.came.load(SeqCst) < all && (looks % 200 > 0 || Instant::now() < self.end) {
            looks += 1;
            if looks % 200 > 0 { spin_loop() } else { thread::yield_now() }
        }
    }
}

/// Makes `each` handles, and several times drops some and makes as many in their places.
fn churn<H>(make: &impl Fn() -> H, each: usize, meeting: &Meeting) -> Vec<H> {
    let mut handles = Vec::with_capacity(each);
    for step in [1, 1, 2, 3, 7] {
        let mut at = 0;
        handles.retain(|_| {
            at += 1;
            at % step != 0
        });
        // The other threads have dropped theirs.
        meeting.meet();
        for _ in handles.len()..each {
            meeting.meet();
            handles.push(make());
        }
    }
    handles
}

/// What stays allocated of `MOST` handles that `threads` make by `make`. Each waits once by `wait`, and `wake` must
/// wake all of them.
fn left_behind<H: Send>(
    threads: usize,
    make: impl Fn() -> H + Sync,
    wait: impl Fn(&mut H, &Task),
    wake: impl FnOnce(),
) -> isize {
    let (meeting, each) = (Meeting::new(threads), MOST / threads);
    let (mut handles, counts): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let churn = || measure(|| churn(&make, each, &meeting));
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(churn)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).unzip()
    });
    let tasks: Vec<_> = (0..MOST).map(|_| Task::new()).collect();
    for (handle, task) in handles.iter_mut().flatten().zip(&tasks) {
        wait(handle, task);
    }
    wake();
    let woken = tasks.iter().filter(|task| task.seen().woken == 1).count();
    assert_eq!(woken, MOST, "some share a wait node");
    let drop_all = || handles.iter_mut().for_each(|handles| drop(mem::take(handles)));
    let ((), end) = measure(drop_all);
    counts.into_iter().fold(end, |sum, counts| sum + counts).live_bytes
}

fn no_more_than_one_by_one(left_behind: impl Fn(usize) -> isize + Send + 'static) {
    watched(move |watch| {
        let _running = watch.running("threads that make handles");
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

#[test]
fn receivers_of_watch() {
    no_more_than_one_by_one(|threads| {
        let (tx, rx) = watch::channel(0_u64);
        left_behind(
            threads,
            || rx.clone(),
            |rx, task| {
                let mut changed = rx.changed();
                assert!(task.poll(&mut changed).is_pending());
                mem::forget(changed);
            },
            || tx.send(1).unwrap(),
        )
    });
}

#[test]
fn futures_that_wait_for_the_receivers_end() {
    no_more_than_one_by_one(|threads| {
        let (tx, rx) = channel::<u64>();
        left_behind(
            threads,
            || {
                let mut closed = tx.closed();
                let mut cx = Context::from_waker(Waker::noop());
                assert!(Pin::new(&mut closed).poll(&mut cx).is_pending());
                closed
            },
            |closed, task| assert!(task.poll(closed).is_pending()),
            || drop(rx),
        )
    });
}
