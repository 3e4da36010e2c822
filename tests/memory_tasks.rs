//! Waiting as a task, waiting for several channels and sending through `&self`: what they allocate,
//! which is nothing but cells for the most futures that wait for the receivers' end at once.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, channel, wait_any, wait_any_deadline, wait_any_timeout};
use std::{
    cell::Cell,
    task::Poll,
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod counting;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    counting::{Counting, Counts, bytes, measure},
    waker::Task,
    watchdog::watched,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// So large that a node's bytes cannot be mistaken for anything else's.
type Large = [u64; 512];
const NODE: isize = 4096;

const ROUNDS: u64 = 100;

/// What `round` allocates and leaves behind when it is done again and again.
fn counts_of(round: impl FnMut(u64)) -> Counts {
    measure(|| (0..ROUNDS).for_each(round)).1
}

fn two_tasks() -> [Task; 2] {
    [(); 2].map(|()| Task::new())
}

#[test]
fn a_future_allocates_nothing() {
    let [task, other] = two_tasks();
    let (mut tx, mut rx) = channel();
    let counts = counts_of(|value| {
        // Made and dropped, polled and dropped, polled by one and another, woken, finished.
        drop(rx.recv_async());
        assert!(task.poll(&mut rx.recv_async()).is_pending());
        let mut future = rx.recv_async();
        assert!(task.poll(&mut future).is_pending());
        assert!(task.poll(&mut future).is_pending());
        assert!(other.poll(&mut future).is_pending());
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(other.poll(&mut future), Poll::Ready(Ok(value)));
        drop(future);

        let mut future = rx.recv_matching_async(|got| *got == value);
        assert!(task.poll(&mut future).is_pending());
        assert_eq!(tx.send(value + 1), Ok(None));
        assert!(other.poll(&mut future).is_pending());
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(other.poll(&mut future), Poll::Ready(Ok(value)));
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_future_that_passes_its_wake_on_allocates_nothing() {
    let [task, other] = two_tasks();
    // The receiver that was made first has the first turn, and the other one the next.
    let (mut tx, mut first) = channel();
    let mut second = first.clone();
    let counts = counts_of(|value| {
        let (mut one, mut two) = (first.recv_async(), second.recv_async());
        assert!(task.poll(&mut one).is_pending());
        assert!(other.poll(&mut two).is_pending());
        task.seen();
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(task.seen().woken, 1);
        drop(one);
        assert_eq!(other.poll(&mut two), Poll::Ready(Ok(value)));
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_poll_that_leaves_its_waker_allocates_nothing() {
    let [task, other] = two_tasks();
    let (mut tx, mut rx) = channel();
    let counts = counts_of(|value| {
        for task in [&task, &task, &other] {
            assert!(rx.poll_recv(&mut task.context()).is_pending());
        }
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(value)));
    });
    assert_eq!(counts, Counts::default());
}

#[cfg(feature = "stream")]
#[test]
fn a_stream_allocates_nothing() {
    use futures::StreamExt;

    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let counts = counts_of(|value| {
        assert!(task.poll(&mut rx.next()).is_pending());
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(task.poll(&mut rx.next()), Poll::Ready(Some(value)));
    });
    assert_eq!(counts, Counts::default());
}

#[cfg(feature = "sink")]
#[test]
fn a_sink_allocates_nothing() {
    use futures::SinkExt;

    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let mut shared = tx.clone().into_shared();
    let counts = counts_of(|value| {
        assert_eq!(task.poll(&mut SinkExt::send(&mut tx, value)), Poll::Ready(Ok(())));
        assert_eq!(task.poll(&mut SinkExt::send(&mut shared, value)), Poll::Ready(Ok(())));
        assert_eq!(rx.try_recv(), Ok(value));
    });
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_wait_for_several_channels_allocates_nothing() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let task = Task::new();
        let ((mut a_tx, mut a), (_b_tx, mut b)) = (channel(), channel::<u8>());
        a.set_spin_limit(2);
        b.set_spin_limit(0);
        let soon = Duration::from_micros(1);
        let counts = counts_of(|value| {
            assert!(a.poll_recv(&mut task.context()).is_pending());
            // These park.
            assert_eq!(wait_any_timeout(&mut [&mut a, &mut b], soon), None);
            assert_eq!(wait_any_deadline(&mut [&mut b, &mut a], Instant::now() + soon), None);
            assert_eq!(a_tx.send(value), Ok(None));
            assert_eq!(wait_any(&mut [&mut b, &mut a]), 1);
            assert_eq!(wait_any_timeout(&mut [&mut a, &mut b], Duration::MAX), Some(0));
            assert_eq!(a.try_recv(), Ok(value));
        });
        assert_eq!(counts, Counts::default());
    });
}

#[test]
fn sending_through_a_shared_sender_allocates_nothing() {
    let (tx, mut rx) = channel::<Large>();
    let (shared, counts) = measure(|| tx.into_shared());
    assert_eq!(counts, Counts::default());
    let other = shared.clone();
    let counts = counts_of(|value| {
        let value = [value; 512];
        assert_eq!(shared.send(value), Ok(None));
        assert_eq!(other.send_newest(value), Ok(Some(value)));
        assert_eq!(shared.send_newest_by_key(value, |value| value[0]), Ok(Some(value)));
        assert_eq!(rx.try_recv(), Ok(value));
    });
    assert_eq!(counts, Counts::default());

    drop(rx);
    let counts = counts_of(|value| assert!(shared.send([value; 512]).is_err()));
    assert_eq!(counts, Counts::default());
}

#[test]
fn a_shared_senders_clone_is_one_node() {
    let (tx, _rx) = channel::<Large>();
    let shared = tx.into_shared();
    let (clone, counts) = measure(|| shared.clone());
    assert_eq!(counts, Counts { allocations: 1, live_bytes: NODE });
    let ((), counts) = measure(|| drop(clone));
    assert_eq!(counts, Counts { allocations: 0, live_bytes: -NODE });
}

#[test]
fn sends_that_meet_in_one_handle_leave_no_more_than_one_node_behind() {
    let ((), counts) = measure(|| {
        let (tx, mut rx) = channel::<Large>();
        let shared = tx.into_shared();
        let mut live = 0;
        for value in 0..ROUNDS {
            let ((), counts) = measure(|| {
                let looked = Cell::new(false);
                let outcome = shared.send_newest_by_key([value; 512], |value| {
                    // The outer send has the node that is at home.
                    if !looked.replace(true) {
                        assert_eq!(shared.send(*value), Ok(None));
                    }
                    value[0]
                });
                assert_eq!(outcome, Ok(Some([value; 512])));
                assert!(rx.try_recv().is_ok());
            });
            live += counts.live_bytes;
            assert!((0..=NODE).contains(&live), "{live} bytes after {value} meetings");
        }
    });
    assert!(counts.allocations > 0, "they met");
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn threads_that_meet_in_one_handle_give_all_of_it_back() {
    let (tx, rx) = channel::<Box<u64>>();
    // What belongs to the channel itself is given back by the thread that drops it.
    let (channel_made, made) = measure(channel::<Box<u64>>);
    let ((), freed) = measure(|| drop(channel_made));
    assert_eq!(made.live_bytes + freed.live_bytes, 0);

    let shared = tx.into_shared();
    let counts = thread::scope(|scope| {
        let threads = [1, 2, 3].map(|at| {
            let shared = &shared;
            let send_all = move || {
                for value in 0..2_000 {
                    drop(shared.send(Box::new(at * value)).unwrap());
                }
            };
            scope.spawn(move || measure(send_all).1)
        });
        threads.map(|thread| thread.join().unwrap())
    });
    let [one, two, three] = counts;
    let ((), end) = measure(|| drop((shared, rx)));
    let total = one + two + three + end;
    assert_eq!(total.live_bytes, -made.live_bytes);
}

#[test]
fn waiting_for_the_receivers_end_allocates_once_for_the_most_that_wait_at_once() {
    const MOST: usize = 30;
    let [task, other] = two_tasks();
    let (tx, rx) = channel::<u64>();
    let poll = |task: &Task, most: usize| {
        measure(|| {
            let mut futures: [_; MOST] = [(); MOST].map(|()| tx.closed());
            for future in &mut futures[..most] {
                assert!(task.poll(future).is_pending());
            }
        })
        .1
    };
    let ((), counts) = measure(|| drop(tx.closed()));
    assert_eq!(counts, Counts::default(), "one that is not polled");
    let first = poll(&task, 1);
    assert_eq!(first.allocations, 1);
    assert!((1..=256).contains(&first.live_bytes), "the list: {first:?}");
    for _ in 0..10 {
        assert_eq!(poll(&other, 1), Counts::default(), "the place of the one before");
    }
    // More at once, in a list that doubles, and from then on no more.
    let more = poll(&task, MOST);
    assert!(more.allocations < 30 && more.live_bytes <= 2 * 64 * bytes(MOST), "{more:?}");
    for most in [MOST, 1, 2, MOST] {
        assert_eq!(poll(&other, most), Counts::default());
    }

    let mut future = tx.closed();
    let ((), counts) = measure(|| {
        for task in [&task, &task, &other, &task] {
            assert!(task.poll(&mut future).is_pending());
        }
        drop(rx);
        assert!(task.poll(&mut future).is_ready());
        assert!(task.poll(&mut tx.closed()).is_ready());
    });
    assert_eq!(counts.allocations, 0);
}

/// Clones of every kind, made, used and dropped.
fn churn(tx: &Sender<u64>, rx: &Receiver<u64>, task: &Task) {
    let shared = tx.clone().into_shared();
    let other = shared.clone();
    let mut rx = rx.clone();
    assert!(task.poll(&mut rx.recv_async()).is_pending());
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    drop((shared, other, rx));
    assert!(task.poll(&mut tx.closed()).is_pending());
}

#[test]
fn an_idle_channel_with_a_waiting_task_is_less_than_a_kilobyte_and_does_not_grow() {
    const KILOBYTE: usize = 1024;
    for in_call in [false, true] {
        let task = Task::new();
        let ((tx, mut rx), made) = measure(channel::<u64>);
        let extra = rx.clone();
        let mut waits = tx.clone();
        let ((), idle) = measure(|| {
            let mut future = rx.recv_async();
            if in_call {
                assert!(task.poll(&mut future).is_pending());
                std::mem::forget(future);
            } else {
                drop(future);
                assert!(rx.poll_recv(&mut task.context()).is_pending());
            }
        });
        assert_eq!(idle, Counts::default());
        assert!((1..bytes(KILOBYTE)).contains(&made.live_bytes), "{made:?}");

        // The cells of the most receivers there were at once, and of those that waited for their end,
        // stay; after the first time, nothing comes in addition.
        let ((), first) = measure(|| churn(&tx, &extra, &task));
        let live = made.live_bytes + first.live_bytes;
        assert!(live < bytes(KILOBYTE), "{live} bytes");
        for _ in 0..ROUNDS {
            let ((), counts) = measure(|| churn(&tx, &extra, &task));
            assert_eq!(counts.live_bytes, 0);
        }
        assert_eq!(waits.send(1), Ok(None));
        assert_eq!(task.seen().woken, 1, "it waits still");
    }
}
