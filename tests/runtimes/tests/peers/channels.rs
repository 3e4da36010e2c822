//! Of crossbeam-channel, flume, async-channel and Kotlin's `Channel.CONFLATED`, whose tests have much in common.

use futures::{StreamExt, join};
use overwrite_channel::{
    RecvError, RecvTimeoutError::Timeout, SendError, TryRecvError, channel, watch,
};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_times},
};
use std::{
    cell::OnceCell,
    rc::Rc,
    sync::{Arc, mpsc},
    task::Poll,
    thread,
    time::Duration,
};
use support::{
    rounds::rounds,
    sleeper::asleep,
    waker::{Seen, tasks},
    watchdog::watched,
};

on_each_runtime! {
    a_channel_that_is_used_for_one_value_delivers_it
    a_producer_is_paced_by_nothing_but_its_own_yields
}

/// Stands for crossbeam's and async-channel's `send`, `try_send` and `len_empty_full`, and for async-channel's `force_send`.
/// *Differs:* there the second send waits or fails, except `force_send`.
#[test]
fn a_full_channel_takes_the_next_value_and_returns_the_unread_one() {
    watched(|_| {
        let (mut tx, mut rx) = channel();
        assert_eq!([tx.send(7), tx.send(8)], [Ok(None), Ok(Some(7))]);
        assert!(!tx.is_empty() && !rx.is_empty());
        assert_eq!(rx.recv(), Ok(8));
        assert!(tx.is_empty() && rx.is_empty());
        assert_eq!(asleep(|| rx.recv(), || assert_eq!(tx.send(9), Ok(None))), Ok(9));
    });
}

/// Stands for Kotlin's `testDropOldest` and `testDropLatest`. *Differs:* there the channel has one of the two ways; here each
/// send does.
#[test]
fn a_send_replaces_the_unread_value_or_keeps_it() {
    let (mut tx, mut rx) = channel();
    assert_eq!([tx.send(1), tx.send(2)], [Ok(None), Ok(Some(1))]);
    assert_eq!(tx.send_merged(3, |unread, _| unread), Ok(true));
    assert_eq!(rx.recv(), Ok(2));
}

/// Stands for Kotlin's `testConflationSendReceive`. *Differs:* there a receiver that waits is handed 3, and finds 6 afterwards.
#[test]
fn what_is_sent_before_a_notified_receiver_runs_is_replaced() {
    let (mut tx, mut rx) = channel();
    let [task] = tasks();
    let mut receive = task.waits(rx.recv_async());
    let stale = [3, 4, 5, 6].map(|value| tx.send(value).unwrap());
    assert_eq!(stale, [None, Some(3), Some(4), Some(5)]);
    assert_eq!(task.seen().woken, 1);
    assert_eq!(task.poll(&mut receive), Poll::Ready(Ok(6)));
    assert!(tx.is_empty());
}

/// Stands for `recv_after_disconnect` and Kotlin's `testConflatedClose`. *Differs:* crossbeam's late receiver finds 1, 2 and 3.
/// Kotlin's `close` ends the channel although senders stay, and `isClosedForReceive` turns true with the last receive.
#[test]
fn a_channel_whose_senders_are_gone_is_closed_and_has_its_last_value() {
    let (mut tx, mut rx) = channel();
    let other = tx.clone();
    assert_eq!([1, 2, 3].map(|value| tx.send(value)), [Ok(None), Ok(Some(1)), Ok(Some(2))]);
    drop(tx);
    assert!(!rx.is_closed());
    drop(other);
    assert!(rx.is_closed() && !rx.is_empty());
    assert_eq!([rx.recv(), rx.recv()], [Ok(3), Err(RecvError)]);
}

/// Stands for Kotlin's `testCancelWithCause`. *Differs:* there `close` and `cancel` take a cause, which every later call throws.
#[test]
fn a_cause_of_the_end_is_sent_as_the_last_value_to_one_receiver() {
    let (mut tx, mut rx) = channel();
    let mut other = rx.clone();
    assert_eq!([tx.send(Ok(1)), tx.send(Err("late"))], [Ok(None), Ok(Some(Ok(1)))]);
    drop(tx);
    assert_eq!(
        [rx.recv(), rx.recv(), other.recv()],
        [Ok(Err("late")), Err(RecvError), Err(RecvError)]
    );
}

/// Stands for crossbeam's `drop_unreceived` and Kotlin's `testConflatedResourceCancelled`, `testSendToClosedChannel` and
/// `testConsumeAll`. *Differs:* there the last receiver, or `cancel`, drops the value; Kotlin calls `onUndeliveredElement`.
#[test]
fn an_undelivered_value_is_returned_or_stays_until_the_last_sender_withdraws_it_or_goes() {
    for withdraws in [true, false] {
        let (mut tx, rx) = channel();
        let [replaced, unread, late] = [1, 2, 3].map(Rc::new);
        assert_eq!(tx.send(replaced.clone()), Ok(None));
        assert!(
            tx.send(unread.clone()).unwrap().is_some_and(|value| Rc::ptr_eq(&value, &replaced))
        );
        drop(rx);
        assert_eq!(tx.send(late.clone()), Err(SendError(late)));
        assert_eq!(Rc::strong_count(&unread), 2);
        if withdraws {
            assert!(tx.withdraw().is_some_and(|value| Rc::ptr_eq(&value, &unread)));
        }
        drop(tx);
        assert_eq!([&replaced, &unread].map(Rc::strong_count), [1, 1]);
    }
}

/// Stands for `linearizable`. *Differs:* there a thread that has sent always finds a value.
#[test]
fn threads_that_have_sent_find_no_value_as_often_as_sends_displace_one() {
    let (tx, rx) = channel();
    let displaced_but_not_missed = || {
        let (mut tx, mut rx) = (tx.clone(), rx.clone());
        let send_and_take = |_| {
            let is_displaced = tx.send(()).unwrap().is_some();
            i32::from(is_displaced) - i32::from(rx.try_recv().is_err())
        };
        (0..5000).map(send_and_take).sum::<i32>()
    };
    thread::scope(|scope| {
        let threads = [(); 4].map(|()| scope.spawn(displaced_but_not_missed));
        assert_eq!(threads.map(|thread| thread.join().unwrap()).iter().sum::<i32>(), 0);
    });
    assert!(rx.is_empty());
}

/// Stands for flume's `iter_threaded`, `hydra` and `drain`, and for `nested_recv_iter`. *Differs:* there plain sends suffice;
/// here they displace, so that the sum arrives only if unread values are merged.
#[test]
fn sums_from_many_threads_arrive_in_full_if_unread_values_are_merged() {
    let (tx, mut rx) = channel();
    for mut tx in vec![tx; 16] {
        thread::spawn(move || {
            (1..=500).for_each(|value| _ = tx.send_merged(value, |unread, new| unread + new));
        });
    }
    watched(move |_| assert_eq!(rx.iter().sum::<u64>(), 16 * 500 * 501 / 2));
}

/// Stands for crossbeam's `use_while_exiting`. The thread-locals that waits use are dropped before `LAST` is.
#[test]
fn a_thread_may_wait_while_its_thread_locals_are_dropped() {
    const SHORT: Duration = Duration::from_millis(2);
    struct Last(mpsc::Sender<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            let (mut tx, mut rx) = channel();
            rx.set_spin_limit(0);
            assert_eq!(rx.recv_timeout(SHORT), Err(Timeout));
            assert_eq!((tx.send(1), rx.recv()), (Ok(None), Ok(1)));
            let (tx, mut rx) = watch::channel(0);
            rx.set_spin_limit(0);
            assert!(rx.blocking_changed_timeout(SHORT).is_err());
            assert_eq!((tx.send(1), *rx.borrow_and_update()), (Ok(()), 1));
            self.0.send(()).unwrap();
        }
    }
    thread_local! {
        static LAST: OnceCell<Last> = const { OnceCell::new() };
    }
    watched(|_| {
        let (say, said) = mpsc::channel();
        thread::spawn(|| {
            LAST.with(|last| last.set(Last(say)).is_ok());
            let (_tx, mut rx) = watch::channel(0);
            rx.set_spin_limit(0);
            assert!(rx.blocking_changed_timeout(SHORT).is_err() && *rx.borrow() == 0);
        });
        assert_eq!(said.recv(), Ok(()));
    });
}

/// Stands for flume's `weak_close` and `weak_upgrade` and async-channel's `weak`. *Differs:* those have weak handles.
#[test]
fn a_weak_sender_is_a_weak_reference_to_a_shared_one() {
    let (tx, mut rx) = channel();
    let tx = Arc::new(tx.into_shared());
    let weak = Arc::downgrade(&tx);
    let upgraded = weak.upgrade().unwrap();
    drop(tx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert_eq!((upgraded.send(3), rx.recv()), (Ok(None), Ok(3)));
    drop(upgraded);
    assert!(weak.upgrade().is_none());
    assert_eq!(rx.recv(), Err(RecvError));
}

/// Stands for flume's `async_recv_drop_recv` and `stream_recv_drop_recv` and async-channel's `forget_blocked_receiver`.
/// *Differs:* there every value notifies one more receiver; here the second one does because it displaces the first.
#[test]
fn a_receive_that_is_not_polled_or_is_dropped_keeps_no_wake_and_a_stalled_one_the_first() {
    for (is_polled, is_dropped) in [(false, false), (true, true), (true, false)] {
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        let [stalled, task] = tasks();
        let mut receive = Some(rx.recv_async());
        if is_polled {
            receive = receive.map(|receive| stalled.waits(receive));
        }
        let mut waits = task.waits(other.recv_async());
        task.seen();
        if is_dropped {
            receive = None;
        }
        let is_stalled = is_polled && !is_dropped;
        assert_eq!(tx.send(3), Ok(None));
        let woken = [&task, &stalled].map(|task| task.seen().woken);
        assert_eq!(woken, if is_stalled { [0, 1] } else { [1, 0] });
        assert_eq!(tx.send(7), Ok(Some(3)));
        assert_eq!(task.seen(), if is_stalled { Seen::WOKEN } else { Seen::NOTHING });
        assert_eq!(task.poll(&mut waits), Poll::Ready(Ok(7)));
        drop(receive);
    }
}

/// Stands for `stress_oneshot`.
fn a_channel_that_is_used_for_one_value_delivers_it<R: Runtime>() {
    R::run(|runtime| async move {
        for value in rounds(500) {
            let (mut tx, mut rx) = channel();
            let receiver = runtime.spawn(async move { rx.recv_async().await });
            let sender = runtime.spawn(async move { tx.send(value) });
            assert_eq!(join!(receiver, sender), (Ok(value), Ok(None)));
        }
    });
}

/// Stands for flume's `spsc_single_threaded_value_ordering` and `stream_forward_issue_55`. *Differs:* there a full channel makes
/// the producer wait for the consumer.
fn a_producer_is_paced_by_nothing_but_its_own_yields<R: Runtime>() {
    for (yields, expected) in [(0, vec![99]), (1, (0..100).collect())] {
        R::run(|_| async {
            let (mut tx, rx) = channel();
            let produce = async move {
                for value in 0..100 {
                    tx.send(value).unwrap();
                    yield_times(yields).await;
                }
            };
            assert_eq!(join!(produce, rx.collect::<Vec<_>>()).1, expected);
        });
    }
}
