//! Which of the receivers that wait inside a call a send notifies: each in its turn. And if the last one notified was a
//! future, which may never be polled again, a send that displaces a value notifies one more.
#![cfg(feature = "std")]

use futures::executor::block_on;
use overwrite_channel::{Receiver, Sender, channel};
use std::{
    cell::Cell,
    future::{Future, poll_fn},
    mem,
    pin::Pin,
    rc::Rc,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
};

mod common {
    pub(crate) mod crowd;
    pub(crate) mod parked;
    #[expect(dead_code, reason = "each test uses a part of it")]
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
#[path = "runtimes/tests/common/dice.rs"]
mod dice;
use common::{
    crowd::{Crowd, all},
    parked::Sleeper,
    watchdog::watched,
};
use dice::Dice;

const SIZES: [usize; 8] = [2, 3, 4, 63, 64, 65, 127, 600];

/// A receiver that waits, as long as it wants to, for one value after another.
struct Member {
    task: Pin<Box<dyn Future<Output = ()>>>,
    wants: Rc<Cell<bool>>,
    /// The last one.
    received: Rc<Cell<Option<usize>>>,
    /// Idle.
    another: Receiver<usize>,
}

impl Member {
    fn new(rx: Receiver<usize>) -> Self {
        let (wants, received): (Rc<Cell<bool>>, Rc<Cell<Option<usize>>>) = Default::default();
        let task = Box::pin(receives(rx.clone(), Rc::clone(&wants), Rc::clone(&received)));
        Self { task, wants, received, another: rx }
    }
}

async fn receives(
    mut rx: Receiver<usize>,
    wants: Rc<Cell<bool>>,
    received: Rc<Cell<Option<usize>>>,
) {
    loop {
        poll_fn(|_| if wants.get() { Poll::Ready(()) } else { Poll::Pending }).await;
        let mut future = rx.recv_async();
        let wait = poll_fn(|cx| {
            if wants.get() {
                Pin::new(&mut future).poll(cx).map(Result::ok)
            } else {
                Poll::Ready(None)
            }
        });
        received.set(wait.await);
    }
}

fn members(size: usize) -> (Sender<usize>, Vec<Member>, Crowd) {
    let (tx, rx) = channel();
    let members = (0..size).map(|_| Member::new(rx.clone())).collect();
    (tx, members, Crowd::new(size))
}

#[test]
fn receivers_that_wait_again_and_again_are_notified_in_turn() {
    for size in SIZES {
        let (mut tx, mut members, crowd) = members(size);
        for (at, member) in members.iter_mut().enumerate() {
            member.wants.set(true);
            crowd.pends(at, &mut member.task);
        }
        let mut turns = Vec::new();
        for value in 0..3 * size {
            assert_eq!(tx.send(value), Ok(None));
            let at = crowd.woken_one();
            crowd.pends(at, &mut members[at].task);
            assert_eq!(members[at].received.get(), Some(value));
            turns.push(at);
        }
        let (first, later) = turns.split_at(size);
        assert_eq!(later, [first, first].concat(), "each has the same turn again");
        let mut first = first.to_vec();
        first.sort_unstable();
        assert_eq!(first, all(size));
    }
}

/// Waits begin and end, and idle receivers come and go, in random order.
#[test]
fn no_receiver_is_notified_twice_while_another_has_waited_all_along() {
    for size in SIZES {
        let (mut tx, mut members, crowd) = members(size);
        let (mut dice, mut idle) = (Dice::new(size), Vec::new());
        // Of each member: the step at which its wait began, and the step at which it was notified last.
        let (mut waits_since, mut notified) = (vec![None; size], vec![0; size]);
        for step in 1..=20 * size {
            if dice.below(3) > 0 {
                let at = dice.below(size);
                members[at].wants.set(waits_since[at].is_none());
                crowd.pends(at, &mut members[at].task);
                waits_since[at] = waits_since[at].is_none().then_some(step);
                idle.truncate(dice.below(size));
                idle.push(members[at].another.clone());
            } else if waits_since.iter().any(Option::is_some) {
                assert_eq!(tx.send(step), Ok(None));
                let at = crowd.woken_one();
                let was_earlier =
                    |since: &&Option<usize>| since.is_some_and(|since| since < notified[at]);
                let passed_over = waits_since.iter().filter(was_earlier).count();
                assert_eq!(passed_over, 0, "{at} was notified twice meanwhile");
                crowd.pends(at, &mut members[at].task);
                (waits_since[at], notified[at]) = (Some(step), step);
            }
        }
    }
}

/// Futures that are not polled again take a wake each, and the first send that displaces a value wakes the next one.
#[test]
fn each_send_that_displaces_a_value_wakes_one_more_future() {
    type Send = fn(&mut Sender<usize>, usize) -> Option<usize>;
    let sends: [Send; 2] =
        [|tx, value| tx.send(value).unwrap(), |tx, value| tx.send_newest(value).unwrap()];
    for (size, send) in SIZES.into_iter().flat_map(|size| sends.map(|send| (size, send))) {
        for forgets in [false, true] {
            let (mut tx, rx) = channel();
            let (mut rxs, crowd) = (vec![rx; size], Crowd::new(size));
            let mut futures: Vec<_> = rxs.iter_mut().map(|rx| Some(rx.recv_async())).collect();
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future.as_mut().unwrap());
            }
            let mut woken = Vec::new();
            for value in 0..size {
                assert_eq!(send(&mut tx, value), value.checked_sub(1));
                let at = crowd.woken_one();
                woken.push(at);
                if forgets {
                    mem::forget(futures[at].take());
                }
            }
            for value in size..size + 3 {
                assert_eq!(send(&mut tx, value), Some(value - 1));
                assert!(crowd.woken().is_empty(), "all have been woken");
            }
            woken.sort_unstable();
            assert_eq!(woken, all(size));
        }
    }
}

/// The wakers that polls left behind were all woken by the first send, and are not again.
#[test]
fn a_send_that_displaces_a_value_wakes_no_waker_that_was_left_behind_again() {
    let (mut tx, rx) = channel();
    let (mut rxs, crowd) = (vec![rx; 6], Crowd::new(6));
    let (left, in_call) = rxs.split_at_mut(3);
    for (at, rx) in left.iter_mut().enumerate() {
        crowd.pends(at, &mut poll_fn(|cx| rx.poll_recv(cx)));
    }
    let mut futures: Vec<_> = in_call.iter_mut().map(Receiver::recv_async).collect();
    for (at, future) in (3..).zip(&mut futures) {
        crowd.pends(at, future);
    }
    tx.send(0).unwrap();
    let woken = crowd.woken();
    assert_eq!((&woken[..3], woken.len()), (&[0, 1, 2][..], 4));
    for value in 1..3 {
        tx.send(value).unwrap();
        assert!(crowd.woken_one() >= 3);
    }
    tx.send(3).unwrap();
    assert!(crowd.woken().is_empty());
    // What the last send left there is received by any of them, and by one.
    assert_eq!(crowd.tasks[4].poll(&mut futures[1]), Poll::Ready(Ok(3)));
    assert_eq!(tx.send(4), Ok(None));
}

/// Waits, by yielding, for what other threads do.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

fn as_thread(mut rx: Receiver<usize>, got: &dyn Fn(usize)) {
    rx.set_spin_limit(0);
    rx.into_iter().for_each(got);
}

fn as_task(mut rx: Receiver<usize>, got: &dyn Fn(usize)) {
    block_on(async {
        while let Ok(value) = rx.recv_async().await {
            got(value);
        }
    });
}

/// Each send comes when all four are asleep: the kernel says so.
#[cfg(target_os = "linux")]
#[test]
fn threads_and_tasks_get_equal_shares_of_slow_sends() {
    type Receive = fn(Receiver<usize>, &dyn Fn(usize));
    const SENDS: usize = 400;
    watched(|watch| {
        let receive: [[Receive; 4]; 3] =
            [[as_thread; 4], [as_task; 4], [as_thread, as_task, as_thread, as_task]];
        for receive in receive {
            let sleepers = [(); 4].map(|()| Sleeper::default());
            let (last, turns) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
            let (mut tx, rx) = channel();
            thread::scope(|scope| {
                for (at, (receive, sleeper)) in receive.into_iter().zip(&sleepers).enumerate() {
                    let (rx, last, turns) = (rx.clone(), &last, &turns);
                    scope.spawn(move || {
                        let _running = watch.running(format!("receiver {at}"));
                        sleeper.is_this_thread();
                        receive(rx, &|value| {
                            turns.lock().unwrap().push(at);
                            last.store(value, SeqCst);
                        });
                    });
                }
                let _running = watch.running("sender");
                for value in 1..=SENDS {
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    assert_eq!(tx.send(value), Ok(None));
                    until(|| last.load(SeqCst) == value);
                }
                drop(tx);
            });
            let turns = turns.into_inner().unwrap();
            let rounds: Vec<_> = turns.chunks(4).collect();
            assert_eq!(rounds, vec![&turns[..4]; SENDS / 4], "each has the same turn again");
            let shares = [0, 1, 2, 3].map(|at| turns.iter().filter(|turn| **turn == at).count());
            assert_eq!(shares, [SENDS / 4; 4]);
        }
    });
}

/// A thread is asleep while futures stall, wherever its place among theirs is.
#[test]
fn a_parked_thread_waits_for_one_send_more_than_there_are_stalled_futures() {
    const FUTURES: usize = 5;
    watched(|watch| {
        for thread_at in 0..=FUTURES {
            let (mut tx, rx) = channel();
            let (mut rxs, crowd) = (vec![rx; FUTURES + 1], Crowd::new(FUTURES));
            let parks = rxs.remove(thread_at);
            let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
            for (at, future) in futures.iter_mut().enumerate() {
                crowd.pends(at, future);
            }
            let (sleeper, received) = (Sleeper::default(), AtomicUsize::new(0));
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watch.running(format!("the thread at {thread_at}"));
                    sleeper.is_this_thread();
                    as_thread(parks, &|value| received.store(value, SeqCst));
                });
                sleeper.until_asleep();
                let _running = watch.running("sender");
                let mut value = 0;
                while crowd.woken().len() == usize::from(value > 0) {
                    value += 1;
                    assert!(value <= FUTURES + 1, "the thread still sleeps");
                    tx.send(value).unwrap();
                }
                // No future was woken by this one.
                until(|| received.load(SeqCst) == value);
                drop(tx);
            });
        }
    });
}
