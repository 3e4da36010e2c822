//! Waiting as a task, waiting for several channels and sending in the middle of a send: nothing is allocated but a wait
//! list for the futures that wait for the receivers' end.

use crate::{
    LARGE, Large, NOTHING, cost, counts, grows_as_the_number_doubles, is_free,
    wait_nodes::{closing, grown},
};
use overwrite_channel::{channel, wait_any, wait_any_deadline, wait_any_timeout};
use std::{
    cell::Cell,
    future::Future,
    task::Poll,
    thread,
    time::{Duration, Instant},
};
use support::{
    allocator::measure,
    waker::{Task, tasks},
};

/// A runtime allocates the future of a wait as a part of its task.
#[test]
fn a_wait_takes_little_room_in_its_task() {
    let (tx, mut rx) = channel::<[u8; 1000]>();
    assert_eq!(size_of_val(&rx.recv_async()), size_of::<usize>());
    assert!(size_of_val(&tx.closed()) <= size_of::<[usize; 8]>());
}

#[test]
fn a_future_a_stream_and_a_sink_allocate_nothing() {
    let [task, other] = tasks();
    let (mut tx, mut rx) = channel();
    #[cfg(feature = "sink")]
    let mut shared = tx.clone().into_shared();
    is_free(|value| {
        // Made and dropped, polled and dropped, polled by one task and another, woken, finished.
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
        drop(future);

        // Wakers that are left behind.
        for task in [&task, &task, &other] {
            assert!(rx.poll_recv(&mut task.context()).is_pending());
        }
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(value)));

        #[cfg(feature = "stream")]
        {
            use futures::StreamExt;
            assert!(task.poll(&mut rx.next()).is_pending());
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(task.poll(&mut rx.next()), Poll::Ready(Some(value)));
        }
        #[cfg(feature = "sink")]
        {
            use futures::SinkExt;
            assert_eq!(task.poll(&mut SinkExt::send(&mut tx, value)), Poll::Ready(Ok(())));
            assert_eq!(rx.try_recv(), Ok(value));
            assert_eq!(task.poll(&mut SinkExt::send(&mut shared, value)), Poll::Ready(Ok(())));
            assert_eq!(rx.try_recv(), Ok(value));
        }
    });
}

#[test]
fn a_future_that_passes_its_wake_on_allocates_nothing() {
    let [task, other] = tasks();
    // In each round the first receiver is notified first, and then the second.
    let (mut tx, mut rx) = channel();
    let mut second = rx.clone();
    is_free(|value| {
        let (mut one, mut two) = (rx.recv_async(), second.recv_async());
        assert!(task.poll(&mut one).is_pending());
        assert!(other.poll(&mut two).is_pending());
        task.seen();
        assert_eq!(tx.send(value), Ok(None));
        assert_eq!((task.seen().woken, other.seen().woken), (1, 0));
        drop(one);
        assert_eq!(other.seen().woken, 1);
        assert_eq!(other.poll(&mut two), Poll::Ready(Ok(value)));
    });
}

#[test]
fn a_wait_for_several_channels_allocates_nothing() {
    let task = Task::new();
    let ((mut a_tx, mut a), (_b_tx, mut b)) = (channel(), channel::<u8>());
    a.set_spin_limit(2);
    b.set_spin_limit(0);
    let soon = Duration::from_micros(1);
    is_free(|value| {
        assert!(a.poll_recv(&mut task.context()).is_pending());
        // These park.
        assert_eq!(wait_any_timeout(&mut [&mut a, &mut b], soon), None);
        assert_eq!(wait_any_deadline(&mut [&mut b, &mut a], Instant::now() + soon), None);
        assert_eq!(a_tx.send(value), Ok(None));
        assert_eq!(wait_any(&mut [&mut b, &mut a]), 1);
        assert_eq!(wait_any_timeout(&mut [&mut a, &mut b], Duration::MAX), Some(0));
        assert_eq!(a.try_recv(), Ok(value));
    });
}

#[test]
fn sends_that_meet_in_one_handle_leave_no_more_than_one_node_behind() {
    let counts = cost(|| {
        let (tx, mut rx) = channel::<Large>();
        let shared = tx.into_shared();
        let mut live = 0;
        for value in 0..100 {
            let counts = cost(|| {
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
            assert!((0..=LARGE).contains(&live), "{live} bytes after {value} meetings");
        }
    });
    assert!(counts.allocations > 0, "they met");
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn threads_that_meet_in_one_handle_give_all_of_it_back() {
    let ((tx, rx), made) = measure(channel::<Box<u64>>);
    let shared = tx.into_shared();
    let sent = thread::scope(|scope| {
        let send_all = || (0..2_000).for_each(|value| drop(shared.send(Box::new(value)).unwrap()));
        let threads = [(); 3].map(|()| scope.spawn(move || cost(send_all)));
        threads.map(|thread| thread.join().unwrap())
    });
    let end = cost(|| drop((shared, rx)));
    assert_eq!(sent.into_iter().fold(made + end, |sum, counts| sum + counts).live_bytes, 0);
}

/// The most futures that wait for the receivers' end.
pub(crate) const MOST_WAITING: usize = 140;

/// Checks that futures that wait for the receivers' end make a wait list, which then grows as their number doubles.
pub(crate) fn waiting_for_the_end_makes_a_wait_list<F: Future<Output = ()> + Unpin>(
    closed: impl Fn() -> F,
    drop_receiver: impl FnOnce(),
) {
    let [task, other] = tasks();
    let polled = |task: &Task| {
        let mut closed = closed();
        assert!(task.poll(&mut closed).is_pending());
        closed
    };
    assert_eq!(cost(|| drop(closed())), NOTHING, "a future that is not polled");
    let (mut first, list) = measure(|| polled(&task));
    assert_eq!(list, closing());
    grows_as_the_number_doubles(
        MOST_WAITING,
        NOTHING,
        || polled(&other),
        |all| {
            for closed in all {
                assert!(task.poll(closed).is_pending());
            }
        },
    );
    let counts = cost(|| {
        for task in [&task, &task, &other, &task] {
            assert!(task.poll(&mut first).is_pending());
        }
        drop_receiver();
        assert!(task.poll(&mut first).is_ready());
        assert!(task.poll(&mut closed()).is_ready());
    });
    assert_eq!(counts, NOTHING);
}

#[test]
fn waiting_for_the_receivers_end_makes_a_wait_list_that_ends_with_the_channel() {
    let ((tx, rx), made) = measure(channel::<u64>);
    waiting_for_the_end_makes_a_wait_list(|| tx.closed(), || drop(rx));
    let all = made + closing() + grown(MOST_WAITING);
    assert_eq!(cost(|| drop(tx)), counts(0, -all.live_bytes));
}
