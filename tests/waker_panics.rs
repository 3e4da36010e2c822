//! A waker that panics takes nothing along: no value, no wake of another's, and no memory.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, Sender, TryRecvError, channel};
use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

mod common {
    pub(crate) mod counting;
    pub(crate) mod parked;
    pub(crate) mod tracked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    counting::{Counting, Counts, measure},
    parked::Sleeper,
    tracked::{Ledger, Tracked},
    waker::{Event, Task},
    watchdog::watched,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A task whose waker panics when that is done to it, the first time.
fn panicking(at: Event) -> Task {
    let panicked = AtomicBool::new(false);
    Task::with(move |event| {
        if event == at && !panicked.swap(true, SeqCst) {
            quiet_panic();
        }
    })
}

/// Without a message, which would take memory.
fn quiet_panic() -> ! {
    resume_unwind(Box::new(()))
}

fn panics<R>(body: impl FnOnce() -> R) {
    assert!(catch_unwind(AssertUnwindSafe(|| drop(body()))).is_err(), "it did not panic");
}

/// Nothing is wrong with the channel, which is empty.
fn still_works<'l>(mut tx: Sender<Tracked<'l>>, mut rx: Receiver<Tracked<'l>>, ledger: &'l Ledger) {
    let task = Task::new();
    assert!(matches!(rx.try_recv(), Err(TryRecvError::Empty)));
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    task.seen();
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    assert_eq!(task.seen().woken, 1);
    assert!(task.poll(&mut future).is_ready());
    drop(future);

    let mut closed = tx.closed();
    assert!(task.poll(&mut closed).is_pending());
    task.seen();
    drop(rx);
    assert_eq!(task.seen().woken, 1);
    assert!(task.poll(&mut closed).is_ready());
    drop(closed);
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn a_send_that_wakes_a_waker_that_panics_has_sent() {
    for in_call in [false, true] {
        let ledger = Ledger::new(10);
        let task = panicking(Event::Wake);
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        if in_call {
            let mut future = rx.recv_async();
            assert!(task.poll(&mut future).is_pending());
            panics(|| tx.send(ledger.issue()));
            assert_eq!(ledger.dropped(), [], "it is in the slot");
            // It was woken as far as the channel knows, and may go.
            drop(future);
        } else {
            assert!(rx.poll_recv(&mut task.context()).is_pending());
            panics(|| tx.send(ledger.issue()));
            assert_eq!(ledger.dropped(), [], "it is in the slot");
        }
        assert_eq!(task.seen().woken, 1);
        assert_eq!(other.try_recv().unwrap().id(), 0);
        drop(other);
        still_works(tx, rx, &ledger);
    }
}

#[test]
fn the_one_whose_waker_panicked_may_still_receive() {
    let task = panicking(Event::Wake);
    let (mut tx, mut rx) = channel();
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    panics(|| tx.send(1));
    assert_eq!(task.poll(&mut future), Poll::Ready(Ok(1)));
    drop(future);
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(tx.send(2), Ok(None));
    assert_eq!(task.poll(&mut future), Poll::Ready(Ok(2)));
}

#[test]
fn those_who_wait_beside_a_waker_that_panics_are_woken_all_the_same() {
    const RECEIVERS: usize = 6;
    // Which one panics, and how many of them wait inside a call: the last ones, or the first.
    for panics_at in 0..RECEIVERS {
        for in_call in 0..=RECEIVERS {
            for calls_last in [false, true] {
                let (mut tx, rx) = channel();
                let mut waiters: Vec<_> = (0..RECEIVERS)
                    .map(|at| {
                        let task =
                            if at == panics_at { panicking(Event::Wake) } else { Task::new() };
                        (task, rx.clone())
                    })
                    .collect();
                let left_ones =
                    if calls_last { 0..RECEIVERS - in_call } else { in_call..RECEIVERS };
                let mut futures = Vec::new();
                for (at, (task, rx)) in waiters.iter_mut().enumerate() {
                    if left_ones.contains(&at) {
                        assert!(rx.poll_recv(&mut task.context()).is_pending());
                    } else {
                        let mut future = rx.recv_async();
                        assert!(task.poll(&mut future).is_pending());
                        futures.push(future);
                    }
                    task.seen();
                }
                let outcome = catch_unwind(AssertUnwindSafe(|| tx.send(1)));
                // The last one first: the one that was notified must find no other to notify.
                futures.into_iter().rev().for_each(drop);
                let woken: Vec<_> = waiters.iter().map(|(task, _)| task.seen().woken).collect();
                let about = format!("{panics_at} of {in_call}, {calls_last}: {woken:?}");
                assert!(left_ones.clone().all(|at| woken[at] >= 1), "{about}");
                assert_eq!(outcome.is_err(), woken[panics_at] > 0, "{about}");
                // The first one in a call is notified. If its waker panics, the next one is, too.
                let calls = (0..RECEIVERS).filter(|at| !left_ones.contains(at));
                let notified = if calls.clone().next() == Some(panics_at) { 2 } else { 1 };
                let expected = calls.clone().take(notified);
                assert!(calls.filter(|at| woken[*at] > 0).eq(expected), "{about}");
                assert_eq!(waiters[0].1.try_recv(), Ok(1));
            }
        }
    }
}

#[test]
fn a_second_one_in_a_call_is_woken_at_once_if_the_first_ones_waker_panics() {
    let ledger = Ledger::new(10);
    let (first, second) = (panicking(Event::Wake), Task::new());
    let (mut tx, mut first_rx) = channel();
    let (mut second_rx, mut third_rx) = (first_rx.clone(), first_rx.clone());
    let third = Task::new();
    let mut first_future = first_rx.recv_async();
    let (mut second_future, mut third_future) = (second_rx.recv_async(), third_rx.recv_async());
    assert!(first.poll(&mut first_future).is_pending());
    assert!(second.poll(&mut second_future).is_pending());
    assert!(third.poll(&mut third_future).is_pending());
    let _before = (first.seen(), second.seen(), third.seen());
    panics(|| tx.send(ledger.issue()));
    assert_eq!([&first, &second, &third].map(|task| task.seen().woken), [1, 1, 0]);
    drop((first_future, second_future, third_future));
    assert_eq!(third_rx.try_recv().unwrap().id(), 0);
    drop((first_rx, second_rx));
    still_works(tx, third_rx, &ledger);
}

#[test]
fn a_thread_that_is_parked_is_woken_though_a_waker_before_it_panics() {
    watched(|watch| {
        let task = panicking(Event::Wake);
        // The first receiver is notified first.
        let (mut tx, mut rx) = channel();
        let mut parks = rx.clone();
        parks.set_spin_limit(0);
        let mut future = rx.recv_async();
        assert!(task.poll(&mut future).is_pending());
        let sleeper = Sleeper::default();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let _running = watch.running("the parked receiver");
                sleeper.is_this_thread();
                parks.recv()
            });
            sleeper.until_asleep();
            panics(|| tx.send(1));
            assert_eq!(receiver.join().unwrap(), Ok(1));
        });
        assert_eq!(task.seen().woken, 1);
    });
}

#[test]
fn a_dropped_future_that_passes_its_wake_to_a_waker_that_panics_loses_nothing() {
    let ledger = Ledger::new(10);
    let (first, second, third) = (Task::new(), panicking(Event::Wake), Task::new());
    let (mut tx, mut first_rx) = channel();
    let (mut second_rx, mut third_rx) = (first_rx.clone(), first_rx.clone());
    let (mut one, mut two, mut three) =
        (first_rx.recv_async(), second_rx.recv_async(), third_rx.recv_async());
    assert!(first.poll(&mut one).is_pending());
    assert!(second.poll(&mut two).is_pending());
    assert!(third.poll(&mut three).is_pending());
    tx.send(ledger.issue()).unwrap();
    assert_eq!((first.seen().woken, second.seen().woken, third.seen().woken), (1, 0, 0));
    panics(|| drop(one));
    assert_eq!((second.seen().woken, third.seen().woken), (1, 1));
    assert!(third.poll(&mut three).is_ready());
    drop((two, three));
    drop((second_rx, third_rx));
    still_works(tx, first_rx, &ledger);
}

#[test]
fn a_receiver_whose_drop_wakes_a_waker_that_panics_is_gone() {
    let ((), counts) = measure(|| {
        let task = panicking(Event::Wake);
        // The first receiver is notified first.
        let (mut tx, mut rx) = channel();
        let mut waits = rx.clone();
        let mut lost = rx.recv_async();
        assert!(Task::new().poll(&mut lost).is_pending());
        std::mem::forget(lost);
        let mut future = waits.recv_async();
        assert!(task.poll(&mut future).is_pending());
        tx.send(Box::new(1)).unwrap();
        panics(|| drop(rx));
        assert_eq!(task.seen().woken, 1);
        drop(future);
        drop(waits);
        assert!(tx.is_closed(), "both were counted");
    });
    assert_eq!(counts.live_bytes, 0);
}

#[test]
fn a_waker_that_panics_while_it_is_cloned_leaves_no_trace() {
    let ledger = Ledger::new(10);
    let (mut tx, mut rx) = channel();
    // On the first poll, by either way.
    let task = panicking(Event::Clone);
    panics(|| task.poll(&mut rx.recv_async()).is_pending());
    let task = panicking(Event::Clone);
    panics(|| rx.poll_recv(&mut task.context()).is_pending());
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    assert_eq!(task.seen().woken, 0);
    assert_eq!(rx.try_recv().unwrap().id(), 0);

    // On a later poll: the future waits no more until it is polled again.
    let (before, after) = (Task::new(), panicking(Event::Clone));
    let mut future = rx.recv_async();
    assert!(before.poll(&mut future).is_pending());
    panics(|| after.poll(&mut future).is_pending());
    assert_eq!(before.seen().dropped, 1);
    assert!(after.poll(&mut future).is_pending(), "it panics once only");
    after.seen();
    assert!(tx.send(ledger.issue()).unwrap().is_none());
    assert_eq!(after.seen().woken, 1);
    assert!(after.poll(&mut future).is_ready());
    drop(future);

    // So it is with the wait for the receivers' end.
    let task = panicking(Event::Clone);
    let mut closed = tx.closed();
    panics(|| task.poll(&mut closed).is_pending());
    assert!(task.poll(&mut closed).is_pending());
    drop(closed);
    still_works(tx, rx, &ledger);
}

#[test]
fn a_waker_that_panics_while_it_is_cloned_keeps_no_wake_from_others() {
    let (woken, beside) = (Task::new(), Task::new());
    // The first receiver is notified first.
    let (mut tx, mut rx) = channel();
    let (mut takes, mut waits) = (rx.clone(), rx.clone());
    let (mut future, mut other) = (rx.recv_async(), waits.recv_async());
    assert!(beside.poll(&mut other).is_pending());
    assert!(woken.poll(&mut future).is_pending());
    tx.send(1).unwrap();
    assert_eq!((woken.seen().woken, beside.seen().woken), (1, 0));
    assert_eq!(takes.try_recv(), Ok(1));
    // It holds a wake that others depend on, finds nothing and would wait again.
    let task = panicking(Event::Clone);
    panics(|| task.poll(&mut future).is_pending());
    drop(future);
    let at_once = beside.seen().woken;
    tx.send(2).unwrap();
    assert_eq!(at_once + beside.seen().woken, 1);
}

#[test]
fn a_waker_that_panics_while_it_is_dropped_loses_no_more_than_the_value_just_taken() {
    // Taken by the other waker's poll.
    let ledger = Ledger::new(10);
    let (old, new) = (panicking(Event::Drop), Task::new());
    let (tx, mut rx) = channel();
    let mut future = rx.recv_async();
    assert!(old.poll(&mut future).is_pending());
    panics(|| new.poll(&mut future).is_pending());
    assert!(new.poll(&mut future).is_pending());
    drop(future);
    still_works(tx, rx, &ledger);

    // The drop of a future, and of a receiver with a waker behind it.
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel();
    let mut gone = rx.clone();
    let task = panicking(Event::Drop);
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    panics(|| drop(future));
    let task = panicking(Event::Drop);
    assert!(gone.poll_recv(&mut task.context()).is_pending());
    panics(|| drop(gone));
    // It is gone: another one is the last.
    still_works(tx, rx, &ledger);

    // A receive that parks. It may well not have parked before its time was over: then again.
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel();
    rx.set_spin_limit(0);
    let task = panicking(Event::Drop);
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    let panicked = (0..14).any(|doublings| {
        let timeout = Duration::from_millis(1 << doublings);
        catch_unwind(AssertUnwindSafe(|| assert!(rx.recv_timeout(timeout).is_err()))).is_err()
    });
    assert!(panicked && task.seen().dropped == 1);
    still_works(tx, rx, &ledger);

    // The wait for the receivers' end.
    let ledger = Ledger::new(10);
    let (tx, rx) = channel();
    let task = panicking(Event::Drop);
    let mut closed = tx.closed();
    assert!(task.poll(&mut closed).is_pending());
    panics(|| drop(closed));
    still_works(tx, rx, &ledger);
}

#[test]
fn a_value_taken_while_a_waker_panics_is_dropped_once() {
    let ledger = Ledger::new(10);
    let (task, woken) = (panicking(Event::Drop), Task::new());
    // The first receiver is notified first.
    let (mut tx, mut rx) = channel();
    let mut other = rx.clone();
    let mut first = rx.recv_async();
    let mut waits = other.recv_async();
    assert!(task.poll(&mut waits).is_pending());
    assert!(woken.poll(&mut first).is_pending());
    tx.send(ledger.issue()).unwrap();
    assert_eq!((task.seen().woken, woken.seen().woken), (0, 1));
    // The one that was not woken finds the value, and its waker is dropped.
    panics(|| task.poll(&mut waits).is_ready());
    assert_eq!(ledger.dropped(), [0]);
    drop((first, waits));
    drop(other);
    still_works(tx, rx, &ledger);
}

/// What lies in the slot when a side ends.
type Payload<'l> = (Tracked<'l>, Box<u8>);

#[test]
fn a_channel_closes_and_is_freed_though_wakers_panic() {
    for in_call in [false, true] {
        for value in [false, true] {
            let ledger = Ledger::new(1);
            let ((), counts) = measure(|| {
                let (task, beside) = (panicking(Event::Wake), Task::new());
                // The first receiver is notified first.
                let (mut tx, mut first) = channel::<Payload<'_>>();
                let (mut rx, mut other) = (first.clone(), first.clone());
                let mut future = other.recv_async();
                assert!(beside.poll(&mut future).is_pending());
                let mut lost = first.recv_async();
                if in_call {
                    assert!(task.poll(&mut lost).is_pending());
                } else {
                    drop(lost);
                    assert!(first.poll_recv(&mut task.context()).is_pending());
                    lost = rx.recv_async();
                }
                let _before = (task.seen(), beside.seen());
                if value {
                    // One waker panics here already.
                    let value = (ledger.issue(), Box::new(1));
                    panics(|| tx.send(value));
                    drop(tx);
                } else {
                    panics(|| drop(tx));
                }
                assert_eq!((task.seen().woken, beside.seen().woken), (1, 1));
                let received = beside.poll(&mut future);
                assert!(matches!(&received, Poll::Ready(got) if got.is_ok() == value));
                drop(received);
                drop((future, lost));
                assert!(other.is_closed() && rx.is_closed());
                assert!(matches!(rx.try_recv(), Err(TryRecvError::Disconnected)));
            });
            assert_eq!(counts.live_bytes, 0, "{in_call}, {value}");
            ledger.assert_each_dropped_once();
        }
    }
}

/// An older value displaces a newer one, and a task past the stalled one is notified, whose waker panics.
#[test]
fn the_newest_value_stays_though_a_waker_panics() {
    let (mut tx, mut stalls) = channel();
    let (mut panics_too, mut looks) = (stalls.clone(), stalls.clone());
    let (stalled, task) = (Task::new(), panicking(Event::Wake));
    let mut first = stalls.recv_async();
    assert!(stalled.poll(&mut first).is_pending());
    let mut second = panics_too.recv_async();
    assert!(task.poll(&mut second).is_pending());
    assert_eq!(tx.send_newest(2), Ok(None));
    assert_eq!(stalled.seen().woken, 1);
    panics(|| tx.send_newest(1));
    assert_eq!(looks.try_recv(), Ok(2));
}

#[test]
fn the_last_value_is_dropped_though_a_waker_panics_at_the_end() {
    let ledger = Ledger::new(1);
    let ((), counts) = measure(|| {
        let task = panicking(Event::Wake);
        let (mut tx, rx) = channel::<Payload<'_>>();
        let waits = tx.clone();
        let mut closed = waits.closed();
        assert!(task.poll(&mut closed).is_pending());
        assert!(tx.send((ledger.issue(), Box::new(1))).unwrap().is_none());
        panics(|| drop(rx));
        assert_eq!(task.seen().woken, 1);
        assert!(task.poll(&mut closed).is_ready());
        assert!(tx.is_closed());
        assert_eq!(ledger.dropped(), []);
        drop(closed);
        drop((tx, waits));
        assert_eq!(ledger.dropped(), [0]);
    });
    assert_eq!(counts.live_bytes, 0);
    ledger.assert_each_dropped_once();
}

#[test]
fn the_last_receiver_is_gone_though_wakers_that_wait_for_it_panic() {
    for others in 0..3 {
        for panics_at in 0..=others {
            let ((), counts) = measure(|| {
                let (tx, rx) = channel::<Box<u8>>();
                let tasks: Vec<_> = (0..=others)
                    .map(|at| if at == panics_at { panicking(Event::Wake) } else { Task::new() })
                    .collect();
                let mut futures: Vec<_> = tasks.iter().map(|_| tx.closed()).collect();
                for (task, future) in tasks.iter().zip(&mut futures) {
                    assert!(task.poll(future).is_pending());
                    task.seen();
                }
                panics(|| drop(rx));
                assert!(tx.is_closed());
                for (task, future) in tasks.iter().zip(&mut futures) {
                    assert_eq!(task.seen().woken, 1);
                    assert!(task.poll(future).is_ready());
                }
                drop(futures);
                let mut tx = tx;
                assert!(tx.send(Box::new(1)).is_err());
            });
            assert_eq!(counts.live_bytes, 0, "{panics_at} of {others}");
        }
    }
}

#[test]
fn a_shared_sender_whose_send_panicked_has_its_node_back() {
    let ((), counts) = measure(|| {
        let task = panicking(Event::Wake);
        let (tx, mut rx) = channel();
        let shared = Arc::new(tx.into_shared());
        assert!(rx.poll_recv(&mut task.context()).is_pending());
        panics(|| shared.send([1_u64; 8]));
        assert_eq!(task.seen().woken, 1);
        let ((), counts) = measure(|| {
            for sent in 1..10 {
                assert_eq!(shared.send([sent + 1; 8]), Ok(Some([sent; 8])));
            }
            assert_eq!(rx.try_recv(), Ok([10; 8]));
        });
        assert_eq!(counts, Counts::default());

        // The same of a key that panics.
        panics(|| shared.send_newest_by_key([0; 8], |_| -> u8 { quiet_panic() }));
        let ((), counts) = measure(|| {
            assert_eq!(shared.send([1; 8]), Ok(None));
            assert_eq!(rx.try_recv(), Ok([1; 8]));
        });
        assert_eq!(counts, Counts::default());
    });
    assert_eq!(counts.live_bytes, 0);
}
