//! How often a waker is cloned, woken and dropped: each operation on its own, counted.
#![cfg(feature = "std")]

use overwrite_channel::{Receiver, RecvError, RecvFuture, Sender, TryRecvError, channel};
use std::{
    cell::{Cell, RefCell},
    mem,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    waker::{Event, Seen, Task},
    watchdog::watched,
};

const NOTHING: Seen = Seen { cloned: 0, woken: 0, dropped: 0 };
const CLONED: Seen = Seen { cloned: 1, ..NOTHING };
const WOKEN: Seen = Seen { woken: 1, ..NOTHING };
const DROPPED: Seen = Seen { dropped: 1, ..NOTHING };

/// A task that does something while its waker is cloned, once: between a poll's look at the slot
/// and its announcement.
fn during_clone(act: impl FnOnce() + Send + 'static) -> Task {
    let act = Mutex::new(Some(act));
    Task::with(move |event| {
        let act = act.lock().unwrap().take_if(|_| event == Event::Clone);
        if let Some(act) = act {
            act();
        }
    })
}

fn tasks<const N: usize>() -> [Task; N] {
    std::array::from_fn(|_| Task::new())
}

/// Was each of them left alone, or woken once and nothing else? How many were woken.
fn woken<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> usize {
    let woken = tasks.into_iter().map(|task| {
        let seen = task.seen();
        assert!(seen == NOTHING || seen == WOKEN, "{seen:?}");
        seen.woken
    });
    woken.sum()
}

/// Which of these were woken, and no other was touched.
fn woken_at<F>(futures: &[(&Task, F)]) -> Vec<usize> {
    (0..futures.len()).filter(|at| woken([futures[*at].0]) == 1).collect()
}

/// Polls, which must wait, by a clone of the waker.
fn pends<T>(task: &Task, future: &mut RecvFuture<'_, T>) {
    assert!(task.poll(future).is_pending());
    assert_eq!(task.seen(), CLONED);
}

/// As `pends`, by a waker that is left behind.
fn leaves<T>(task: &Task, rx: &mut Receiver<T>) {
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    assert_eq!(task.seen(), CLONED);
}

#[test]
fn a_future_is_woken_by_the_send_and_by_its_last_waker() {
    let [first, other] = tasks();
    let (mut tx, mut rx) = channel();
    let mut future = rx.recv_async();
    assert_eq!(first.seen(), NOTHING, "nothing before the first poll");
    pends(&first, &mut future);
    for _ in 0..3 {
        assert!(first.poll(&mut future).is_pending());
        assert_eq!(first.seen(), NOTHING, "the same waker");
    }
    pends(&other, &mut future);
    assert_eq!(first.seen(), DROPPED);

    assert_eq!(tx.send(1), Ok(None));
    assert_eq!((first.seen(), other.seen()), (NOTHING, WOKEN));
    assert_eq!(tx.send(2), Ok(Some(1)));
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING), "it was woken already");
    assert_eq!(first.poll(&mut future), Poll::Ready(Ok(2)));
    drop(future);
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));

    assert_eq!(tx.send(3), Ok(None), "nobody waits");
    drop((tx, rx));
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));
}

/// A second receiver would come for nothing: the first has been woken, and will see what is there by then.
#[test]
fn while_one_is_on_its_way_a_send_wakes_no_other() {
    let [first, other] = tasks();
    let (mut tx, mut rx) = channel();
    let (mut first_rx, mut other_rx) = (rx.clone(), rx.clone());
    let (mut one, mut two) = (first_rx.recv_async(), other_rx.recv_async());
    pends(&first, &mut one);
    pends(&other, &mut two);
    tx.send(1).unwrap();
    assert_eq!(woken([&first, &other]), 1);
    // The value goes to somebody else, who took no wake and owes none.
    assert_eq!(rx.try_recv(), Ok(1));
    tx.send(2).unwrap();
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));
}

#[test]
fn a_left_waker_is_woken_by_the_send_and_only_the_last_one() {
    let [first, other] = tasks();
    let (mut tx, mut rx) = channel();
    leaves(&first, &mut rx);
    assert!(rx.poll_recv(&mut first.context()).is_pending());
    assert_eq!(first.seen(), NOTHING, "the same waker");
    leaves(&other, &mut rx);
    assert_eq!(first.seen(), DROPPED);

    assert_eq!(tx.send(1), Ok(None));
    assert_eq!(tx.send(2), Ok(Some(1)));
    assert_eq!((first.seen(), other.seen()), (NOTHING, WOKEN));
    assert_eq!(rx.poll_recv(&mut first.context()), Poll::Ready(Ok(2)));
    drop((tx, rx));
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));
}

#[test]
fn a_poll_that_finds_something_touches_no_waker() {
    let [task] = tasks();
    let (mut tx, mut rx) = channel();
    tx.send(1).unwrap();
    assert_eq!(task.poll(&mut rx.recv_async()), Poll::Ready(Ok(1)));
    tx.send(2).unwrap();
    assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(2)));
    tx.send(3).unwrap();
    assert_eq!(task.poll(&mut rx.recv_matching_async(|v| *v == 3)), Poll::Ready(Ok(3)));
    drop(tx);
    assert_eq!(task.poll(&mut rx.recv_async()), Poll::Ready(Err(RecvError)));
    assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Err(RecvError)));
    drop(rx);
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn a_value_that_comes_in_the_middle_of_a_poll_is_returned_and_the_waker_dropped() {
    const BOTH: Seen = Seen { cloned: 1, dropped: 1, ..NOTHING };
    type PollOnce = fn(&Task, &mut Receiver<u8>) -> Poll<Result<u8, RecvError>>;
    let ways: [PollOnce; 3] = [
        |task, rx| task.poll(&mut rx.recv_async()),
        |task, rx| task.poll(&mut rx.recv_matching_async(|_| true)),
        |task, rx| rx.poll_recv(&mut task.context()),
    ];
    for poll in ways {
        let [beside] = tasks();
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        let mut future = other.recv_async();
        let mut sender = tx.clone();
        let task = during_clone(move || assert_eq!(sender.send(1), Ok(None)));
        assert_eq!(poll(&task, &mut rx), Poll::Ready(Ok(1)));
        assert_eq!(task.seen(), BOTH);

        // A send in the middle wakes another one that waits; who takes the value then owes it a wake,
        // and so it does not go without.
        pends(&beside, &mut future);
        let mut sender = tx.clone();
        let task = during_clone(move || assert_eq!(sender.send(2), Ok(None)));
        assert_eq!(poll(&task, &mut rx), Poll::Ready(Ok(2)));
        assert_eq!((task.seen(), beside.seen()), (BOTH, WOKEN));
        pends(&beside, &mut future);
        tx.send(3).unwrap();
        assert_eq!((task.seen(), beside.seen()), (NOTHING, WOKEN));
        assert_eq!(rx.try_recv(), Ok(3));

        // The end in the middle of a poll.
        pends(&beside, &mut future);
        let task = during_clone(move || drop(tx));
        assert_eq!(poll(&task, &mut rx), Poll::Ready(Err(RecvError)));
        assert_eq!((task.seen(), beside.seen()), (BOTH, WOKEN));
    }
}

#[test]
fn receivers_that_end_in_the_middle_of_a_poll_end_the_closed_future() {
    let (tx, rx) = channel::<u8>();
    let task = during_clone(move || drop(rx));
    assert!(task.poll(&mut tx.closed()).is_ready());
    assert_eq!(task.seen(), Seen { cloned: 1, dropped: 1, ..NOTHING });
}

#[test]
fn a_future_that_finds_a_value_meant_for_another_drops_its_waker() {
    let [early, late] = tasks();
    let (mut tx, mut rx) = channel();
    let mut other = rx.clone();
    let (mut a, mut b) = (rx.recv_async(), other.recv_async());
    pends(&early, &mut a);
    pends(&late, &mut b);
    tx.send(1).unwrap();
    let (early_seen, late_seen) = (early.seen(), late.seen());
    assert_eq!(early_seen.woken + late_seen.woken, 1);
    // The one that was not woken takes the value all the same.
    let (not_woken, task, woken, other_task) = if early_seen == WOKEN {
        (&mut b, &late, &mut a, &early)
    } else {
        (&mut a, &early, &mut b, &late)
    };
    assert_eq!(task.poll(not_woken), Poll::Ready(Ok(1)));
    assert_eq!(task.seen(), DROPPED);
    pends(other_task, woken);
    tx.send(2).unwrap();
    assert_eq!(other_task.seen(), WOKEN);
}

#[test]
fn a_dropped_future_takes_its_waker_along() {
    let [task, next] = tasks();
    let (mut tx, mut rx) = channel();
    let mut future = rx.recv_async();
    pends(&task, &mut future);
    drop(future);
    assert_eq!(task.seen(), DROPPED);
    tx.send(1).unwrap();
    assert_eq!(rx.try_recv(), Ok(1));

    // One that was never polled has none.
    drop(rx.recv_async());
    let mut future = rx.recv_async();
    pends(&next, &mut future);
    tx.send(2).unwrap();
    assert_eq!((task.seen(), next.seen()), (NOTHING, WOKEN));
}

#[test]
fn a_dropped_future_passes_its_wake_on_to_one() {
    let all = tasks::<5>();
    let (mut tx, rx) = channel();
    let mut receivers = [(); 5].map(|()| rx.clone());
    let mut futures: Vec<_> = receivers.iter_mut().map(|rx| Some(rx.recv_async())).collect();
    for (task, future) in all.iter().zip(&mut futures) {
        pends(task, future.as_mut().unwrap());
    }
    tx.send(1).unwrap();
    // Each that is woken goes, and the next one is woken for the value that still lies there.
    for round in 0..all.len() {
        let awake: Vec<_> =
            all.iter().zip(&mut futures).filter(|(task, _)| woken([*task]) == 1).collect();
        assert_eq!(awake.len(), 1, "in round {round}");
        for (_, future) in awake {
            *future = None;
        }
    }
    assert_eq!(woken(&all), 0);
    assert!(futures.iter().all(Option::is_none));
    drop(futures);
    assert_eq!(receivers[0].try_recv(), Ok(1));
}

#[test]
fn a_dropped_future_that_was_not_woken_wakes_nobody() {
    let all = tasks::<3>();
    let (mut tx, rx) = channel();
    let mut receivers = [(); 3].map(|()| rx.clone());
    let mut futures: Vec<_> = receivers.iter_mut().map(Receiver::recv_async).collect();
    for (task, future) in all.iter().zip(&mut futures) {
        pends(task, future);
    }
    drop(futures.remove(1));
    assert_eq!(all.each_ref().map(Task::seen), [NOTHING, DROPPED, NOTHING]);
    tx.send(1).unwrap();
    assert_eq!(woken(&all), 1);
}

#[test]
fn only_the_last_sender_wakes_and_each_once() {
    let all = tasks::<6>();
    let (tx, rx) = channel::<u8>();
    let (other, shared) = (tx.clone(), tx.clone().into_shared());
    let mut receivers = [(); 6].map(|()| rx.clone());
    let (in_call, left) = receivers.split_at_mut(3);
    let mut futures: Vec<_> = in_call.iter_mut().map(Receiver::recv_async).collect();
    for (task, future) in all.iter().zip(&mut futures) {
        pends(task, future);
    }
    for (task, rx) in all[3..].iter().zip(&mut *left) {
        leaves(task, rx);
    }
    drop((tx, shared));
    assert_eq!(woken(&all), 0);
    drop(other);
    assert_eq!(woken(&all), 6);

    for (task, future) in all.iter().zip(&mut futures) {
        assert_eq!(task.poll(future), Poll::Ready(Err(RecvError)));
    }
    for (task, rx) in all[3..].iter().zip(left) {
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Err(RecvError)));
    }
    drop(futures);
    drop(receivers);
    assert_eq!(woken(&all), 0);
}

#[test]
fn a_dropped_receiver_drops_the_waker_left_behind() {
    let [task, other] = tasks();
    let (mut tx, mut rx) = channel();
    let mut stays = rx.clone();
    leaves(&task, &mut rx);
    leaves(&other, &mut stays);
    drop(rx);
    assert_eq!((task.seen(), other.seen()), (DROPPED, NOTHING));
    tx.send(1).unwrap();
    assert_eq!((task.seen(), other.seen()), (NOTHING, WOKEN));

    // Also the last one, after the senders.
    assert_eq!(stays.try_recv(), Ok(1));
    leaves(&task, &mut stays);
    drop(stays);
    assert_eq!(task.seen(), DROPPED);
    assert_eq!(tx.send(2).unwrap_err().into_inner(), 2);
}

#[test]
fn a_left_waker_stays_while_its_receiver_only_looks() {
    let [task] = tasks();
    let (mut tx, mut rx) = channel();
    rx.set_spin_limit(0);
    leaves(&task, &mut rx);
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    assert!(rx.try_iter().next().is_none());
    assert!(rx.is_empty() && !rx.is_closed());
    // These two do not wait.
    assert!(rx.recv_timeout(Duration::ZERO).is_err());
    assert!(rx.recv_deadline(Instant::now()).is_err());
    drop(rx.clone());
    assert_eq!(task.seen(), NOTHING);
    tx.send(1).unwrap();
    assert_eq!(task.seen(), WOKEN);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_future_takes_over_the_waker_left_behind_on_its_receiver() {
    let [task, other] = tasks();
    let (mut tx, mut rx) = channel();
    leaves(&task, &mut rx);
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(task.seen(), NOTHING, "the same waker");
    drop(future);
    assert_eq!(task.seen(), DROPPED, "it waited inside the call at last");

    leaves(&task, &mut rx);
    let mut future = rx.recv_async();
    pends(&other, &mut future);
    assert_eq!(task.seen(), DROPPED);
    tx.send(1).unwrap();
    assert_eq!((task.seen(), other.seen()), (NOTHING, WOKEN));
    assert_eq!(other.poll(&mut future), Poll::Ready(Ok(1)));
}

#[test]
fn a_receive_that_parks_drops_the_waker_left_behind_on_its_receiver() {
    type Recv = fn(&mut Receiver<u8>) -> Option<u8>;
    let ways: [Recv; 4] = [
        |rx| rx.recv().ok(),
        |rx| rx.recv_timeout(Duration::MAX).ok(),
        |rx| rx.recv_matching(|_| true).ok(),
        |rx| rx.iter().next(),
    ];
    watched(move |watch| {
        for recv in ways {
            let [task] = tasks();
            let sleeper = Sleeper::default();
            let (mut tx, mut rx) = channel();
            rx.set_spin_limit(0);
            leaves(&task, &mut rx);
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let _running = watch.running("receiver");
                    sleeper.is_this_thread();
                    recv(&mut rx)
                });
                let _running = watch.running("sender");
                // Until it has parked; then nothing but the send can follow.
                let dropped = until(|| Some(task.seen()).filter(|seen| *seen != NOTHING));
                assert_eq!(dropped, DROPPED);
                sleeper.until_asleep();
                assert_eq!(tx.send(1), Ok(None));
                assert_eq!(receiver.join().unwrap(), Some(1));
            });
            drop((tx, rx));
            assert_eq!(task.seen(), NOTHING);
        }
    });
}

/// Waits, by yielding, for what another thread does.
fn until<R>(mut look: impl FnMut() -> Option<R>) -> R {
    loop {
        if let Some(result) = look() {
            return result;
        }
        thread::yield_now();
    }
}

#[test]
fn a_receive_that_parks_and_times_out_drops_the_waker_left_behind_and_leaves_none() {
    type Recv = fn(&mut Receiver<u8>, Duration) -> bool;
    let ways: [Recv; 4] = [
        |rx, timeout| rx.recv_timeout(timeout).is_err(),
        |rx, timeout| rx.recv_deadline(Instant::now() + timeout).is_err(),
        |rx, timeout| rx.recv_matching_timeout(timeout, |_| true).is_err(),
        |rx, timeout| rx.recv_matching_deadline(Instant::now() + timeout, |_| true).is_err(),
    ];
    for recv in ways {
        let [task] = tasks();
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);
        leaves(&task, &mut rx);
        // A thread that is not run until the time is over does not park at all: then more time.
        let mut timeout = Duration::from_millis(1);
        let seen = loop {
            assert!(recv(&mut rx, timeout));
            let seen = task.seen();
            if seen != NOTHING || timeout > Duration::from_secs(10) {
                break seen;
            }
            timeout *= 2;
        };
        assert_eq!(seen, DROPPED);
        tx.send(1).unwrap();
        assert_eq!(task.seen(), NOTHING);
    }
}

#[test]
fn a_closed_future_is_woken_once_by_the_last_receiver() {
    let [first, other, third] = tasks();
    let (mut tx, rx) = channel();
    let sender = tx.clone();
    let shared = tx.clone().into_shared();
    let (mut one, mut two) = (sender.closed(), shared.closed());
    assert!(first.poll(&mut one).is_pending());
    assert_eq!(first.seen(), CLONED);
    assert!(first.poll(&mut one).is_pending());
    assert_eq!(first.seen(), NOTHING, "the same waker");
    assert!(other.poll(&mut one).is_pending());
    assert_eq!((first.seen(), other.seen()), (DROPPED, CLONED));
    assert!(third.poll(&mut two).is_pending());
    assert_eq!(third.seen(), CLONED);

    tx.send(1).unwrap();
    drop((rx.clone(), tx));
    let last = rx.clone();
    drop(rx);
    assert_eq!(woken([&first, &other, &third]), 0);
    drop(last);
    assert_eq!([first, other, third].each_ref().map(Task::seen), [NOTHING, WOKEN, WOKEN]);

    let [late] = tasks();
    assert!(late.poll(&mut one).is_ready() && late.poll(&mut two).is_ready());
    assert!(late.poll(&mut sender.closed()).is_ready());
    assert_eq!(late.seen(), NOTHING, "a poll that finds the end");
}

#[test]
fn a_dropped_closed_future_takes_its_waker_along() {
    let [task, other] = tasks();
    let (tx, rx) = channel::<u8>();
    let (mut one, mut two) = (tx.closed(), tx.closed());
    assert!(task.poll(&mut one).is_pending());
    assert!(other.poll(&mut two).is_pending());
    assert_eq!((task.seen(), other.seen()), (CLONED, CLONED));
    drop(one);
    assert_eq!((task.seen(), other.seen()), (DROPPED, NOTHING));
    drop(rx);
    assert_eq!((task.seen(), other.seen()), (NOTHING, WOKEN));
    drop(two);
    assert_eq!((task.seen(), other.seen()), (NOTHING, NOTHING));
}

#[cfg(feature = "stream")]
#[test]
fn a_dropped_next_leaves_its_waker_which_the_send_wakes() {
    use futures::{Stream, StreamExt};
    use std::pin::Pin;

    let [task, beside] = tasks();
    let (mut tx, mut rx) = channel();
    let mut other = rx.clone();
    let mut future = other.recv_async();
    pends(&beside, &mut future);
    let mut next = rx.next();
    assert!(task.poll(&mut next).is_pending());
    assert_eq!(task.seen(), CLONED);
    drop(next);
    assert_eq!(task.seen(), NOTHING);
    assert!(Pin::new(&mut rx).poll_next(&mut task.context()).is_pending());
    assert_eq!(task.seen(), NOTHING, "the same waker");
    tx.send(1).unwrap();
    assert_eq!((task.seen(), beside.seen()), (WOKEN, WOKEN), "in addition to the one in a call");
    assert_eq!(task.poll(&mut rx.next()), Poll::Ready(Some(1)));
    drop(tx);
    assert_eq!(task.poll(&mut rx.next()), Poll::Ready(None));
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn an_unwanted_value_costs_one_wake_and_one_clone() {
    let [task] = tasks();
    let (mut tx, mut rx) = channel();
    let mut future = rx.recv_matching_async(|value| *value == 3);
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(task.seen(), CLONED);
    for unwanted in 0..3 {
        assert_eq!(tx.send(unwanted), Ok(None));
        assert_eq!(task.seen(), WOKEN);
        assert!(task.poll(&mut future).is_pending());
        assert_eq!(task.seen(), CLONED);
    }
    tx.send(3).unwrap();
    assert_eq!(task.seen(), WOKEN);
    assert_eq!(task.poll(&mut future), Poll::Ready(Ok(3)));
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn a_poll_looks_at_no_more_than_128_unwanted_values_and_then_wakes_itself() {
    let [task, beside] = tasks();
    let (tx, mut rx) = channel();
    let tx = RefCell::new(tx);
    let mut other = rx.clone();
    let looked = Cell::new(0);
    let most = Cell::new(400);
    // Each look at a value puts the next one in.
    let mut future = rx.recv_matching_async(|_| {
        looked.set(looked.get() + 1);
        if looked.get() < most.get() {
            tx.borrow_mut().send(looked.get()).unwrap();
        }
        false
    });
    tx.borrow_mut().send(0).unwrap();
    for polls in 1..=3 {
        assert!(task.poll(&mut future).is_pending());
        assert_eq!(looked.get(), 128 * polls);
        assert_eq!(task.seen(), WOKEN, "by itself, without a clone");
    }
    // Some are left, and then it waits.
    assert!(task.poll(&mut future).is_pending());
    assert_eq!((looked.get(), task.seen()), (400, CLONED));

    // The wake by a send is not mistaken for one by itself: whoever else waits is not forgotten.
    most.set(1000);
    let mut waits = other.recv_async();
    pends(&beside, &mut waits);
    tx.borrow_mut().send(0).unwrap();
    if task.seen() == WOKEN {
        assert!(task.poll(&mut future).is_pending());
        assert_eq!((looked.get(), task.seen()), (528, WOKEN));
    }
    assert_eq!(beside.seen(), WOKEN);
    drop(future);
    assert!(beside.poll(&mut waits).is_ready());
}

#[test]
fn one_send_wakes_one_of_those_in_a_call_and_all_that_were_left_behind() {
    for (in_call, left) in [(8, 0), (0, 8), (1, 1), (3, 5), (5, 3), (1, 7), (7, 1)] {
        // Those that leave a waker behind come first: to their places, and to wait.
        for (made_first, left_first) in [(false, false), (false, true), (true, false), (true, true)]
        {
            let (mut tx, rx) = channel();
            let clones = |count| (0..count).map(|_| (Task::new(), rx.clone())).collect::<Vec<_>>();
            let (mut lefts, mut calls);
            if made_first {
                (lefts, calls) = (clones(left), clones(in_call));
            } else {
                (calls, lefts) = (clones(in_call), clones(left));
            }
            if left_first {
                for (task, rx) in &mut lefts {
                    leaves(task, rx);
                }
            }
            let mut futures: Vec<_> = calls
                .iter_mut()
                .map(|(task, rx)| {
                    let mut future = rx.recv_async();
                    pends(task, &mut future);
                    (&*task, future)
                })
                .collect();
            if !left_first {
                for (task, rx) in &mut lefts {
                    leaves(task, rx);
                }
            }
            assert_eq!(tx.send(1), Ok(None));
            let only = |at: usize| Vec::from_iter((at < in_call).then_some(at));
            assert_eq!(woken(lefts.iter().map(|(task, _)| task)), left);
            assert_eq!(woken_at(&futures), only(0));
            // The first one may be stalled.
            assert_eq!(tx.send(2), Ok(Some(1)));
            assert_eq!(woken(lefts.iter().map(|(task, _)| task)), 0);
            assert_eq!(woken_at(&futures), only(1));

            // The one that takes the value sees to it that the next send wakes another one.
            if let Some((task, future)) = futures.first_mut() {
                assert_eq!(task.poll(future), Poll::Ready(Ok(2)));
                assert_eq!(tx.send(3), Ok(None));
                assert_eq!(woken_at(&futures), only(2));
            }
        }
    }
}

#[test]
#[cfg(target_os = "linux")] // it must see that a thread is asleep
fn one_send_wakes_a_parked_thread_or_a_future_but_not_both() {
    const FUTURES: usize = 3;
    watched(|watch| {
        // The thread's node comes before those of the futures, between them, or after.
        for thread_at in 0..=FUTURES {
            let all = tasks::<FUTURES>();
            let (mut tx, rx) = channel();
            let mut receivers: Vec<_> = (0..=FUTURES).map(|_| rx.clone()).collect();
            let mut parked = receivers.remove(thread_at);
            parked.set_spin_limit(0);
            let mut futures: Vec<_> =
                all.iter().zip(receivers.iter_mut().map(Receiver::recv_async)).collect();
            for (task, future) in &mut futures {
                pends(task, future);
            }
            let mut futures = futures.into_iter();
            let (sleeper, got) = (Sleeper::default(), AtomicUsize::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watch.running(format!("the thread in node {thread_at}"));
                    sleeper.is_this_thread();
                    got.store(parked.recv().unwrap(), SeqCst);
                });
                let _running = watch.running("sender");
                sleeper.until_asleep();
                let mut got_before = 0;
                for sent in 0..=FUTURES {
                    assert_eq!(tx.send(sent + 1), Ok(None));
                    // One after the other, as their nodes come.
                    if sent == thread_at {
                        got_before = sent + 1;
                        until(|| (got.load(SeqCst) == sent + 1).then_some(()));
                    } else {
                        let (task, mut future) = futures.next().unwrap();
                        assert_eq!(woken([task]), 1);
                        assert_eq!(task.poll(&mut future), Poll::Ready(Ok(sent + 1)));
                    }
                    assert_eq!((woken(&all), got.load(SeqCst)), (0, got_before), "a second one");
                }
            });
            assert_eq!(woken(&all), 0);
        }
    });
}

/// A receiver whose future was forgotten, and was woken by the value in the slot; and one that waits.
fn forgotten(body: impl FnOnce(&mut Sender<u8>, Receiver<u8>, &Task, &mut Receiver<u8>)) {
    let [task, beside] = tasks();
    // The first receiver is notified first.
    let (mut tx, mut rx) = channel();
    let (mut spare, mut waits) = (rx.clone(), rx.clone());
    let mut future = waits.recv_async();
    pends(&beside, &mut future);
    let mut lost = rx.recv_async();
    pends(&task, &mut lost);
    mem::forget(lost);
    assert_eq!(tx.send(1), Ok(None));
    assert_eq!((task.seen(), beside.seen()), (WOKEN, NOTHING), "the first one");
    body(&mut tx, rx, &beside, &mut spare);
    assert_eq!(beside.seen(), NOTHING, "what the body has not asked about");
    // It has been woken, and takes what is there or waits again, as any other.
    if beside.poll(&mut future).is_pending() {
        assert_eq!(beside.seen(), CLONED);
        tx.send(9).unwrap();
        assert_eq!(beside.seen(), WOKEN);
        assert_eq!(beside.poll(&mut future), Poll::Ready(Ok(9)));
    }
}

#[test]
fn the_wake_of_a_forgotten_future_is_passed_on_by_the_next_wait_or_the_end() {
    // Woken at once.
    forgotten(|_, rx, beside, _| {
        drop(rx);
        assert_eq!(beside.seen(), WOKEN);
    });
    forgotten(|_, mut rx, beside, _| {
        assert_eq!(rx.poll_recv(&mut Task::new().context()), Poll::Ready(Ok(1)));
        assert_eq!(beside.seen(), WOKEN);
    });
    forgotten(|_, mut rx, beside, spare| {
        assert_eq!(spare.try_recv(), Ok(1));
        let [task] = tasks();
        leaves(&task, &mut rx);
        assert_eq!(beside.seen(), WOKEN);
    });
    // A look is no wait; the wake is still there for the next.
    forgotten(|_, mut rx, beside, _| {
        assert_eq!(rx.try_recv(), Ok(1));
        assert_eq!(beside.seen(), NOTHING);
        drop(rx);
        assert_eq!(beside.seen(), WOKEN);
    });
    // Woken by the next send.
    forgotten(|tx, mut rx, beside, _| {
        assert_eq!(Task::new().poll(&mut rx.recv_async()), Poll::Ready(Ok(1)));
        assert_eq!(beside.seen(), NOTHING);
        tx.send(2).unwrap();
        assert_eq!(beside.seen(), WOKEN);
    });
}

#[test]
fn the_wake_of_a_forgotten_future_is_not_lost_if_the_next_wait_gives_up() {
    // What was owed is written on the slot by then.
    type Wait = fn(&mut Receiver<u8>);
    let waits: [Wait; 3] = [
        |rx| {
            let [task] = tasks();
            pends(&task, &mut rx.recv_async());
            assert_eq!(task.seen(), DROPPED);
        },
        |rx| assert!(rx.recv_timeout(Duration::from_millis(1)).is_err()),
        |rx| assert!(Task::new().poll(&mut rx.recv_matching_async(|_| true)).is_pending()),
    ];
    for wait in waits {
        forgotten(|tx, mut rx, beside, spare| {
            rx.set_spin_limit(0);
            assert_eq!(spare.try_recv(), Ok(1));
            wait(&mut rx);
            drop(rx);
            let at_once = woken([beside]);
            tx.send(2).unwrap();
            assert_eq!(at_once + woken([beside]), 1);
        });
    }
}

#[test]
fn a_forgotten_future_that_was_not_woken_takes_no_more_than_one_wake() {
    let [task, beside] = tasks();
    let (mut tx, mut waits) = channel();
    let mut rx = waits.clone();
    let mut lost = rx.recv_async();
    pends(&task, &mut lost);
    mem::forget(lost);
    // The next wait takes its place, and its waker.
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(task.seen(), NOTHING);
    let mut other = waits.recv_async();
    pends(&beside, &mut other);
    tx.send(1).unwrap();
    assert_eq!(woken([&task, &beside]), 1);
    drop(future);
    assert_eq!(beside.poll(&mut other), Poll::Ready(Ok(1)));

    // A left waker behind a forgotten future.
    let mut lost = rx.recv_async();
    assert!(task.poll(&mut lost).is_pending());
    mem::forget(lost);
    task.seen();
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    assert_eq!(task.seen(), NOTHING);
    tx.send(2).unwrap();
    assert_eq!(task.seen(), WOKEN);
    assert_eq!(rx.try_recv(), Ok(2));
}
