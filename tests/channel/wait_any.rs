//! One thread that waits for several channels at once.

use crate::receives::LONG;
use overwrite_channel::{
    Receiver, Sender, TryRecvError, Waitable, channel, wait_any, wait_any_deadline,
    wait_any_timeout,
};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{Mutex, mpsc},
    task::Poll,
    thread,
    time::{Duration, Instant},
};
use support::{
    ledger::{Fate, Ledger, Tracked},
    rounds::rounds,
    sleeper::asleep,
    waker::{Event, Task},
    watchdog::watched,
};

const ZERO: Duration = Duration::ZERO;

type Waitables<'a, 'b> = &'a mut [&'b mut dyn Waitable];
type Wait = fn(Waitables<'_, '_>, Duration) -> Option<usize>;

const WAITS: [Wait; 3] = [
    |receivers, _| Some(wait_any(receivers)),
    wait_any_timeout,
    |receivers, timeout| wait_any_deadline(receivers, Instant::now() + timeout.min(LONG)),
];

/// Waits in every way; what is ready, at once if anything is, is the same.
fn ready(receivers: Waitables<'_, '_>) -> Option<usize> {
    let ready = wait_any_timeout(receivers, ZERO);
    let timeouts: &[Duration] = match ready {
        // A deadline that has passed does not hide what is there.
        Some(_) => &[ZERO, LONG, Duration::MAX],
        None => &[ZERO, Duration::from_millis(1)],
    };
    for timeout in timeouts {
        for wait in &WAITS[usize::from(ready.is_none())..] {
            let start = Instant::now();
            assert_eq!(wait(receivers, *timeout), ready);
            assert!(ready.is_some() || start.elapsed() >= *timeout, "too early");
        }
    }
    ready
}

fn offering<T>(value: Option<T>, ended: bool) -> (Option<Sender<T>>, Receiver<T>) {
    let (mut tx, rx) = channel();
    if let Some(value) = value {
        assert!(tx.send(value).unwrap().is_none());
    }
    ((!ended).then_some(tx), rx)
}

#[test]
fn the_first_that_is_ready_is_reported_and_nothing_is_taken() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        // A bit for each value, and one for each end.
        for offers in 0..64 {
            let has_value = |at: usize| offers >> at & 1 == 1;
            let has_ended = |at: usize| offers >> (3 + at) & 1 == 1;
            let is_ready = |at: &usize| has_value(*at) || has_ended(*at);
            // Of different types; an `Rc` stays in its thread.
            let (_a_tx, mut a) = offering(has_value(0).then_some(1), has_ended(0));
            let (_b_tx, mut b) = offering(has_value(1).then_some("two"), has_ended(1));
            let (_c_tx, mut c) = offering(has_value(2).then(|| Rc::new(3)), has_ended(2));
            let mut clones = (a.clone(), b.clone(), c.clone());

            let first = (0..3).find(is_ready);
            assert_eq!(ready(&mut [&mut a, &mut b, &mut c]), first, "{offers:b}");
            // The order is that of the call.
            let first = (0..3).rev().position(|at| is_ready(&at));
            assert_eq!(ready(&mut [&mut c, &mut b, &mut a]), first, "{offers:b}");
            // Two receivers of one channel are ready together.
            let first = is_ready(&0).then_some(0);
            assert_eq!(ready(&mut [&mut clones.0, &mut a]), first, "{offers:b}");

            let clones = [
                clones.0.try_recv().is_ok(),
                clones.1.try_recv().is_ok(),
                clones.2.try_recv().is_ok(),
            ];
            assert_eq!(clones, [0, 1, 2].map(has_value), "{offers:b}");
            // The clones were faster: a receiver that finds nothing waits again.
            let first = (0..3).find(|at| has_ended(*at));
            assert_eq!(ready(&mut [&mut a, &mut b, &mut c]), first, "{offers:b}");
        }
    });
}

#[test]
fn of_no_receivers_it_panics() {
    for wait in WAITS {
        let panic = catch_unwind(AssertUnwindSafe(|| wait(&mut [], ZERO))).unwrap_err();
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        assert_eq!(said, Some("`wait_any` of no receivers would wait for ever"));
    }
}

#[test]
fn a_parked_thread_is_woken_by_a_value_and_by_the_end_of_any_channel() {
    const CHANNELS: usize = 4;
    watched(|watch| {
        for case in 0..4 * CHANNELS * WAITS.len() {
            let _running = watch.running(format!("case {case}"));
            let (at, wait) = (case / 4 % CHANNELS, WAITS[case / 4 / CHANNELS]);
            let (mut senders, mut receivers): (Vec<_>, Vec<_>) =
                (0..CHANNELS).map(|_| channel()).unzip();
            if case % 2 == 0 {
                // The smallest of them counts.
                receivers[(at + 1) % CHANNELS].set_spin_limit(0);
            }
            // Two of each channel.
            receivers.extend_from_within(..);
            let wait = || wait(&mut waitables(&mut receivers), Duration::MAX);
            let then = || {
                if case / 2 % 2 == 0 {
                    assert_eq!(senders[at].send(case), Ok(None));
                } else {
                    drop(senders.remove(at));
                }
            };
            assert_eq!(asleep(wait, then), Some(at), "case {case}");
        }
    });
}

fn waitables<T>(receivers: &mut [Receiver<T>]) -> Vec<&mut dyn Waitable> {
    receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect()
}

/// Two threads compete for all values of all channels.
#[test]
fn each_value_of_several_channels_has_one_fate() {
    const CHANNELS: usize = 3;
    const VALUES: usize = 2_000;
    watched(|watch| {
        for spin_limit in [0, 10] {
            let ledger = Ledger::new(CHANNELS * VALUES);
            let (senders, mut receivers): (Vec<_>, Vec<_>) =
                (0..CHANNELS).map(|_| channel::<Tracked>()).unzip();
            receivers[0].set_spin_limit(spin_limit);
            thread::scope(|scope| {
                for mut tx in senders {
                    let ledger = &ledger;
                    scope.spawn(move || {
                        let _running = watch.running("sender");
                        for _ in rounds(VALUES) {
                            if let Some(stale) = tx.send(ledger.issue()).unwrap() {
                                stale.meets(Fate::Displaced);
                            }
                            thread::yield_now();
                        }
                    });
                }
                for mut receivers in [receivers.clone(), receivers] {
                    scope.spawn(move || {
                        let _running = watch.running("wait_any");
                        while !receivers.is_empty() {
                            // Not always the same channel first.
                            receivers.rotate_left(1);
                            let ready = wait_any(&mut waitables(&mut receivers));
                            match receivers[ready].try_recv() {
                                Ok(value) => value.meets(Fate::Received),
                                Err(TryRecvError::Empty) => {}
                                Err(TryRecvError::Disconnected) => drop(receivers.remove(ready)),
                            }
                        }
                    });
                }
            });
            assert_eq!(ledger.totals().dropped_with_channel, 0);
        }
    });
}

#[test]
fn a_thread_parked_in_recv_is_woken_though_a_wait_any_is_too() {
    watched(|watch| {
        let ((a_tx, mut a), (b_tx, mut b)) = (channel(), channel());
        let (echo, echoed) = mpsc::channel();
        a.set_spin_limit(0);
        b.set_spin_limit(0);
        thread::scope(|scope| {
            let (parks, echo_a) = (a.clone(), echo.clone());
            scope.spawn(move || {
                let _running = watch.running("recv");
                parks.into_iter().for_each(|value| echo_a.send(value).unwrap());
            });
            scope.spawn(move || {
                let _running = watch.running("wait_any");
                // Woken by `a`, it may well return for `b`, and never takes anything from `a`.
                while !b.is_closed() {
                    let _ = wait_any(&mut [&mut b, &mut a]);
                    b.try_iter().for_each(|value| echo.send(value).unwrap());
                    thread::yield_now();
                }
            });
            let _running = watch.running("sender");
            let mut senders = [a_tx, b_tx];
            for round in rounds(3_000) {
                // A value of an earlier round is never there any more.
                for tx in &mut senders {
                    assert_eq!(tx.send(round), Ok(None));
                }
                assert_eq!([(); 2].map(|()| echoed.recv().unwrap()), [round; 2]);
                senders.swap(0, 1);
            }
        });
    });
}

#[test]
fn a_send_wakes_a_future_in_addition_to_a_wait_any() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        // The thread's node comes before those of the futures, or between them.
        for swap in [false, true] {
            let [task, other] = [(); 2].map(|()| Task::new());
            let (mut tx, mut waits) = channel();
            let mut rx = waits.clone();
            if swap {
                mem::swap(&mut waits, &mut rx);
            }
            let mut third = rx.clone();
            waits.set_spin_limit(0);
            let (mut future, mut beside) = (rx.recv_async(), third.recv_async());
            assert!(task.poll(&mut future).is_pending());
            assert!(other.poll(&mut beside).is_pending());
            let then = || {
                assert_eq!(tx.send(1), Ok(None));
                let woken = (task.seen().woken, other.seen().woken);
                assert_eq!(woken, (1, 0), "the first of the two in a call");
            };
            assert_eq!(asleep(|| wait_any(&mut [&mut waits]), then), 0);
            drop((future, beside));
            assert_eq!(waits.try_recv(), Ok(1));
        }
    });
}

/// Waits with ever more time, until `happened`: a thread that is not run in time does not park.
fn park<T>(rx: &mut Receiver<T>, mut happened: impl FnMut() -> bool) {
    let mut timeout = Duration::from_millis(1);
    loop {
        assert_eq!(wait_any_timeout(&mut [rx], timeout), None);
        if happened() {
            return;
        }
        assert!(timeout < Duration::from_secs(10), "it did not happen");
        timeout *= 2;
    }
}

#[test]
fn the_waker_that_a_poll_left_behind_is_dropped_by_a_wait_that_parks() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Pending);
        assert_eq!(wait_any_timeout(&mut [&mut rx], ZERO), None);
        let seen = task.seen();
        assert_eq!((seen.cloned, seen.dropped), (1, 0), "that was no wait");
        park(&mut rx, || task.seen().dropped == 1);
        tx.send(1).unwrap();
        assert_eq!(task.seen().woken, 0);
        // And a poll after a wait that timed out waits as ever.
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(1)));
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Pending);
        tx.send(2).unwrap();
        assert_eq!(task.seen().woken, 1);
        assert_eq!(wait_any(&mut [&mut rx]), 0);
    });
}

/// The value may have been taken by another receiver, or another channel may be ready: no call says that this thread
/// takes the value.
#[test]
fn the_wake_of_a_forgotten_future_is_passed_on_by_a_wait_whatever_is_ready() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        for parks in [true, false] {
            let [task, beside] = [(); 2].map(|()| Task::new());
            // The first receiver is notified first.
            let (mut tx, mut rx) = channel();
            let (mut takes, mut waits) = (rx.clone(), rx.clone());
            rx.set_spin_limit(0);
            let mut future = waits.recv_async();
            assert!(beside.poll(&mut future).is_pending());
            let mut lost = rx.recv_async();
            assert!(task.poll(&mut lost).is_pending());
            mem::forget(lost);
            tx.send(1).unwrap();
            assert_eq!((task.seen().woken, beside.seen().woken), (1, 0), "the first one");
            if parks {
                assert_eq!(takes.try_recv(), Ok(1));
                park(&mut rx, || beside.seen().woken == 1);
            } else {
                let (mut other_tx, mut other) = channel();
                other_tx.send(2).unwrap();
                assert_eq!(wait_any(&mut [&mut other, &mut rx]), 0);
                assert_eq!(beside.seen().woken, 1);
                assert_eq!(beside.poll(&mut future), Poll::Ready(Ok(1)));
            }
        }
    });
}

/// Leaves a waker behind whose drop does `act`. A wait drops that waker when it has looked and is about to sleep.
#[must_use = "its own waker must not be the one that is dropped first"]
fn about_to_sleep<T>(rx: &mut Receiver<T>, act: impl FnOnce() + Send + 'static) -> Task {
    let act = Mutex::new(Some(act));
    let task = Task::with(move |event| {
        let act = act.lock().unwrap().take_if(|_| event == Event::Drop);
        if let Some(act) = act {
            act();
        }
    });
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    task
}

/// To the channel whose waker is dropped, to the channel before, whose node is armed, and to the channel after.
#[test]
fn what_comes_when_a_wait_is_about_to_sleep_is_neither_missed_nor_taken() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        for case in 0..8 {
            let (about, at, is_value) = (case % 2, case / 2 % 2, case < 4);
            let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
            receivers[0].set_spin_limit(0);
            let mut tx = senders.remove(at);
            let _open = is_value.then(|| tx.clone());
            let _task = about_to_sleep(&mut receivers[about], move || {
                if is_value {
                    assert_eq!(tx.send(7), Ok(None));
                }
                drop(tx);
            });
            let [a, b] = &mut receivers[..] else { unreachable!() };
            assert_eq!(wait_any(&mut [a, b]), at, "case {case}");
            assert_eq!(receivers[at].try_recv().is_ok(), is_value, "case {case}");
        }
    });
}
