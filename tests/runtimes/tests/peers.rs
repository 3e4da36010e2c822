//! What the tests of other crates assert, for this one: of a channel of one, those of crossbeam-channel, flume, async-channel
//! and Kotlin's `Channel.CONFLATED`; of a watch, those of embassy and postage, and of Kotlin's `ConflatedBroadcastChannel`.
//!
//! Each case names the tests that it stands for. *Differs* says what the other crates do instead; `docs/choosing.md` lists
//! these differences. What another test of this crate asserts is not asserted again:
//!
//! * `tests/fuzz/channel` stands for `send`, `try_send`, `force_send`, `len_empty_full`, `recv_after_disconnect`,
//!   `drop_unreceived`, `testDropOldest`, `testDropLatest`, `testConflatedClose`, `testCancelWithCause`,
//!   `testConflatedResourceCancelled`, `testSendToClosedChannel` and `testConsumeAll`;
//! * `tests/fuzz/watch` for `receive_after_create`, `multiple_sends`, `all_try_get`, `contains_value`, `predicate_fn`,
//!   `max_receivers_drop`, `dynamic_receiver_count`, `recv_default`, `subscribe_default`, `subscribe_both_receive_value`,
//!   `sender_disconnect`, `testInitialValueAndReceiveClosed` and `testBasicScenario`;
//! * `tests/channel/merging.rs` for `iter_threaded`, `hydra`, `drain` and `nested_recv_iter`;
//! * `tests/channel/turns` for `async_recv_drop_recv`, `stream_recv_drop_recv` and `forget_blocked_receiver`;
//! * `tests/channel/wakes.rs` for `testConflationSendReceive`.

use futures::{FutureExt, StreamExt, join};
use overwrite_channel::{RecvError, RecvTimeoutError::Timeout, TryRecvError, channel, watch};
use overwrite_channel_runtimes::{
    on_each_runtime,
    runtime::{Runtime, yield_times},
};
use std::{
    cell::OnceCell,
    sync::{Arc, Mutex, mpsc},
    task::Poll,
    thread,
    time::Duration,
};
use support::{
    rounds::rounds,
    waker::{Event, Task, tasks},
    watchdog::watched,
};

on_each_runtime! {
    a_channel_that_is_used_for_one_value_delivers_it
    a_producer_is_paced_by_nothing_but_its_own_yields
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

/// Stands for Kotlin's `testConcurrentModification`: in the middle of a send, a receiver leaves that waits itself.
#[test]
fn a_receiver_that_leaves_while_another_one_is_notified_costs_the_rest_no_wake() {
    let (tx, rx) = watch::channel(0);
    let waits = |task: &Task| {
        let mut rx = rx.clone();
        task.waits(async move { rx.changed().await }.boxed())
    };
    let [leaving, staying] = tasks();
    let gone = Mutex::new(Some(waits(&leaving)));
    let drops = Task::acting_in(Event::Wake, move || drop(gone.lock().unwrap().take()));
    let mut others = [(&drops, waits(&drops)), (&staying, waits(&staying))];
    tx.send(1).unwrap();
    assert_eq!(tx.receiver_count(), 3);
    for (task, wait) in &mut others {
        assert_eq!((task.seen().woken, task.poll(wait)), (1, Poll::Ready(Ok(()))));
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
