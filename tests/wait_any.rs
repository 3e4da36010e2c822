//! One thread that waits for several channels at once.
#![cfg(feature = "std")]

use overwrite_channel::{
    Receiver, Sender, TryRecvError, Waitable, channel, wait_any, wait_any_deadline,
    wait_any_timeout,
};
use std::{
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod rounds;
    pub(crate) mod tracked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    rounds::rounds,
    tracked::{Ledger, Tracked},
    waker::{Event, Task},
    watchdog::watched,
};

const ZERO: Duration = Duration::ZERO;

/// All ways to wait that cannot time out, or only if nothing is ready at once.
fn ready_now(receivers: &mut [&mut dyn Waitable]) -> usize {
    let index = wait_any(receivers);
    assert_eq!(wait_any_timeout(receivers, ZERO), Some(index));
    assert_eq!(wait_any_timeout(receivers, Duration::MAX), Some(index));
    // A deadline that has passed does not hide what is there.
    assert_eq!(wait_any_deadline(receivers, Instant::now()), Some(index));
    let later = Instant::now() + Duration::from_secs(3600);
    assert_eq!(wait_any_deadline(receivers, later), Some(index));
    index
}

fn none_in_time(receivers: &mut [&mut dyn Waitable]) {
    assert_eq!(wait_any_timeout(receivers, ZERO), None);
    assert_eq!(wait_any_deadline(receivers, Instant::now()), None);
    let (start, timeout) = (Instant::now(), Duration::from_millis(2));
    assert_eq!(wait_any_timeout(receivers, timeout), None);
    assert!(start.elapsed() >= timeout, "too early");
    let deadline = Instant::now() + timeout;
    assert_eq!(wait_any_deadline(receivers, deadline), None);
    assert!(Instant::now() >= deadline, "too early");
}

/// What a channel has to offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Offer {
    Nothing,
    Value,
    End,
    ValueAndEnd,
}

impl Offer {
    const ALL: [Self; 4] = [Self::Nothing, Self::Value, Self::End, Self::ValueAndEnd];

    fn channel<T>(self, value: T) -> (Option<Sender<T>>, Receiver<T>) {
        let (mut tx, rx) = channel();
        if matches!(self, Self::Value | Self::ValueAndEnd) {
            assert!(tx.send(value).unwrap().is_none());
        }
        let open = matches!(self, Self::Nothing | Self::Value);
        (open.then_some(tx), rx)
    }

    fn is_left_by<T>(self, rx: &mut Receiver<T>) -> bool {
        match rx.try_recv() {
            Ok(_) => matches!(self, Self::Value | Self::ValueAndEnd),
            Err(TryRecvError::Empty) => self == Self::Nothing,
            Err(TryRecvError::Disconnected) => self == Self::End,
        }
    }
}

#[test]
fn the_first_that_is_ready_is_told_and_nothing_is_taken() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        for first in Offer::ALL {
            for second in Offer::ALL {
                for third in Offer::ALL {
                    // Of different types, one of which stays in its thread.
                    let (_a_tx, mut a) = first.channel(1);
                    let (_b_tx, mut b) = second.channel("two");
                    let (_c_tx, mut c) = third.channel(Rc::new([3]));
                    let offers = [first, second, third];
                    let receivers: &mut [&mut dyn Waitable] = &mut [&mut a, &mut b, &mut c];
                    match offers.iter().position(|offer| *offer != Offer::Nothing) {
                        Some(ready) => assert_eq!(ready_now(receivers), ready, "{offers:?}"),
                        None => none_in_time(receivers),
                    }
                    assert!(first.is_left_by(&mut a), "{offers:?}");
                    assert!(second.is_left_by(&mut b), "{offers:?}");
                    assert!(third.is_left_by(&mut c), "{offers:?}");
                }
            }
        }
    });
}

#[test]
fn the_order_is_that_of_the_call() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let ((mut a_tx, mut a), (mut b_tx, mut b)) = (channel(), channel());
        a_tx.send(1).unwrap();
        b_tx.send('b').unwrap();
        assert_eq!(ready_now(&mut [&mut a, &mut b]), 0);
        assert_eq!(ready_now(&mut [&mut b, &mut a]), 0);
        assert_eq!(b.try_recv(), Ok('b'));
        assert_eq!(ready_now(&mut [&mut b, &mut a]), 1);
        assert_eq!(ready_now(&mut [&mut a]), 0);
    });
}

#[test]
fn of_no_receivers_it_panics() {
    type Wait = fn(&mut [&mut dyn Waitable]);
    let ways: [Wait; 3] = [
        |none| drop(wait_any(none).to_string()),
        |none| assert_eq!(wait_any_timeout(none, ZERO), None),
        |none| assert_eq!(wait_any_deadline(none, Instant::now()), None),
    ];
    for wait in ways {
        let panic = catch_unwind(AssertUnwindSafe(|| wait(&mut []))).unwrap_err();
        let said = panic.downcast_ref::<String>().map(String::as_str);
        let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
        assert_eq!(said, Some("`wait_any` of no receivers would wait for ever"));
    }
}

#[test]
fn a_faster_receiver_may_take_the_value_and_then_one_waits_again() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let (mut tx, mut rx) = channel();
        let mut faster = rx.clone();
        let (_other, mut empty) = channel::<u8>();
        tx.send(1).unwrap();
        assert_eq!(wait_any(&mut [&mut empty, &mut rx]), 1);
        assert_eq!(faster.try_recv(), Ok(1));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        none_in_time(&mut [&mut empty, &mut rx]);
        tx.send(2).unwrap();
        assert_eq!(wait_any(&mut [&mut empty, &mut rx]), 1);
        assert_eq!(rx.try_recv(), Ok(2));
    });
}

#[test]
fn two_receivers_of_one_channel_are_ready_together() {
    watched(|watch| {
        let (mut tx, mut one) = channel();
        let mut two = one.clone();
        one.set_spin_limit(0);
        none_in_time(&mut [&mut one, &mut two]);
        for sent in 0..20 {
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let waits = scope.spawn(|| {
                    let _running = watch.running("wait_any");
                    sleeper.is_this_thread();
                    wait_any(&mut [&mut one, &mut two])
                });
                sleeper.until_asleep();
                tx.send(sent).unwrap();
                assert_eq!(waits.join().unwrap(), 0);
            });
            assert_eq!(wait_any(&mut [&mut two, &mut one]), 0);
            assert_eq!(if sent % 2 == 0 { &mut one } else { &mut two }.try_recv(), Ok(sent));
            none_in_time(&mut [&mut one, &mut two]);
        }
    });
}

#[test]
fn who_is_parked_is_woken_by_a_value_and_by_the_end_of_any_of_them() {
    const CHANNELS: usize = 4;
    watched(|watch| {
        for spin_limit in [Some(0), None] {
            for round in 0..5 * CHANNELS {
                let at = round % CHANNELS;
                let (mut senders, mut receivers): (Vec<_>, Vec<_>) =
                    (0..CHANNELS).map(|_| channel()).unzip();
                if let Some(looks) = spin_limit {
                    // The smallest of them counts.
                    receivers[(at + 1) % CHANNELS].set_spin_limit(looks);
                }
                let sleeper = Sleeper::default();
                thread::scope(|scope| {
                    let waits = scope.spawn(|| {
                        let _running = watch.running(format!("wait_any, round {round}"));
                        let mut waitables: Vec<_> =
                            receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
                        sleeper.is_this_thread();
                        match round % 3 {
                            0 => Some(wait_any(&mut waitables)),
                            1 => wait_any_timeout(&mut waitables, Duration::MAX),
                            _ => {
                                let later = Instant::now() + Duration::from_secs(3600);
                                wait_any_deadline(&mut waitables, later)
                            }
                        }
                    });
                    sleeper.until_asleep();
                    match round / CHANNELS {
                        0 | 1 => assert_eq!(senders[at].send(round), Ok(None)),
                        2 => drop(senders.remove(at)),
                        3 => drop(senders.remove(at).into_shared()),
                        _ => assert_eq!(senders.remove(at).into_shared().send(round), Ok(None)),
                    }
                    assert_eq!(waits.join().unwrap(), Some(at), "round {round}");
                });
            }
        }
    });
}

/// Everything from all of them, until each has ended.
fn receive_all<'l>(mut receivers: Vec<Receiver<Tracked<'l>>>, mut got: impl FnMut(Tracked<'l>)) {
    while !receivers.is_empty() {
        let mut waitables: Vec<_> =
            receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
        let index = wait_any(&mut waitables);
        match receivers[index].try_recv() {
            Ok(value) => got(value),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => drop(receivers.swap_remove(index)),
        }
        // Not always the same one first.
        if receivers.len() > 1 {
            receivers.rotate_left(1);
        }
    }
}

#[test]
fn each_value_of_several_channels_has_one_fate() {
    const CHANNELS: usize = 3;
    const VALUES: usize = 2_000;
    watched(|watch| {
        for spin_limit in [0, 10] {
            let ledger = Ledger::new(CHANNELS * VALUES);
            let [sent, displaced, received] = [(); 3].map(|()| AtomicUsize::new(0));
            thread::scope(|scope| {
                let (ledger, sent, displaced) = (&ledger, &sent, &displaced);
                let mut receivers = Vec::new();
                for at in 0..CHANNELS {
                    let (mut tx, mut rx) = channel();
                    rx.set_spin_limit(spin_limit);
                    receivers.push(rx);
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {at}"));
                        for _ in rounds(VALUES) {
                            sent.fetch_add(1, SeqCst);
                            let stale = tx.send(ledger.issue()).ok().unwrap();
                            displaced.fetch_add(usize::from(stale.is_some()), SeqCst);
                            thread::yield_now();
                        }
                    });
                }
                // One who waits for all, and one who competes with it for all.
                for name in ["one", "other"] {
                    let (receivers, received) = (receivers.clone(), &received);
                    scope.spawn(move || {
                        let _running = watch.running(format!("{name} wait_any"));
                        receive_all(receivers, |value| {
                            assert!(value.id() < CHANNELS * VALUES);
                            received.fetch_add(1, SeqCst);
                        });
                    });
                }
            });
            let [sent, displaced, received] =
                [sent, displaced, received].map(AtomicUsize::into_inner);
            assert_eq!(sent, displaced + received);
            ledger.assert_each_dropped_once();
        }
    });
}

#[test]
fn who_is_parked_in_recv_is_woken_though_a_wait_any_is_too() {
    watched(|watch| {
        let ((mut a_tx, a), (mut b_tx, mut b)) = (channel(), channel());
        let (mut parks, mut never_taken) = (a.clone(), a);
        let (echo, echoed) = mpsc::channel();
        let other_echo = echo.clone();
        parks.set_spin_limit(0);
        b.set_spin_limit(0);
        thread::scope(|scope| {
            scope.spawn(move || {
                let _running = watch.running("recv");
                for value in parks {
                    echo.send(value).unwrap();
                }
            });
            scope.spawn(move || {
                let _running = watch.running("wait_any");
                // Woken by `a`, it may well return for `b`, and never takes anything from `a`.
                loop {
                    let _ = wait_any(&mut [&mut b, &mut never_taken]);
                    match b.try_recv() {
                        Ok(value) => other_echo.send(value).unwrap(),
                        Err(TryRecvError::Empty) => thread::yield_now(),
                        Err(TryRecvError::Disconnected) => break,
                    }
                }
            });
            let _running = watch.running("sender");
            for round in rounds(3_000) {
                // A value of an earlier round is never there any more.
                if round % 2 == 0 {
                    assert_eq!(b_tx.send(round), Ok(None));
                }
                assert_eq!(a_tx.send(round), Ok(None));
                if round % 2 == 1 {
                    assert_eq!(b_tx.send(round), Ok(None));
                }
                assert_eq!([(); 2].map(|()| echoed.recv().unwrap()), [round; 2]);
            }
            drop((a_tx, b_tx));
        });
    });
}

#[test]
fn a_send_wakes_a_future_in_addition_to_a_wait_any() {
    watched(|watch| {
        // The future's cell is the newer one, or the older.
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
            let _before = (task.seen(), other.seen());
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    let _running = watch.running("wait_any");
                    sleeper.is_this_thread();
                    wait_any(&mut [&mut waits])
                });
                sleeper.until_asleep();
                assert_eq!(tx.send(1), Ok(None));
                assert_eq!(task.seen().woken + other.seen().woken, 1, "one of the two in a call");
                assert_eq!(waiter.join().unwrap(), 0);
            });
            drop((future, beside));
            assert_eq!(waits.try_recv(), Ok(1));
        }
    });
}

/// Calls `wait` with ever more time, until `happened`: a thread that is not run in time does not park.
fn parking(mut wait: impl FnMut(Duration), mut happened: impl FnMut() -> bool) {
    let mut timeout = Duration::from_millis(1);
    loop {
        wait(timeout);
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
        parking(
            |timeout| assert_eq!(wait_any_timeout(&mut [&mut rx], timeout), None),
            || task.seen().dropped == 1,
        );
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

#[test]
fn the_wake_of_a_forgotten_future_is_passed_on_by_a_wait_that_parks() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let [task, beside] = [(); 2].map(|()| Task::new());
        let (mut tx, mut rx) = channel();
        let (mut takes, mut waits) = (rx.clone(), rx.clone());
        rx.set_spin_limit(0);
        let mut future = waits.recv_async();
        assert!(beside.poll(&mut future).is_pending());
        let mut lost = rx.recv_async();
        assert!(task.poll(&mut lost).is_pending());
        mem::forget(lost);
        tx.send(1).unwrap();
        assert_eq!((task.seen().woken, beside.seen().woken), (1, 0), "the first turn");
        assert_eq!(takes.try_recv(), Ok(1));
        parking(
            |timeout| assert_eq!(wait_any_timeout(&mut [&mut rx], timeout), None),
            || beside.seen().woken == 1,
        );
    });
}

#[test]
fn the_wake_of_a_forgotten_future_is_passed_on_whatever_is_ready() {
    let [task, beside] = [(); 2].map(|()| Task::new());
    let (mut tx, mut rx) = channel();
    let mut waits = rx.clone();
    let mut future = waits.recv_async();
    assert!(beside.poll(&mut future).is_pending());
    let mut lost = rx.recv_async();
    assert!(task.poll(&mut lost).is_pending());
    mem::forget(lost);
    tx.send(1).unwrap();
    assert_eq!((task.seen().woken, beside.seen().woken), (1, 0), "the first turn");
    // Nobody says that this thread takes what is there.
    let (mut other_tx, mut other) = channel();
    other_tx.send(2).unwrap();
    assert_eq!(wait_any(&mut [&mut other, &mut rx]), 0);
    assert_eq!(beside.seen().woken, 1);
    assert_eq!(beside.poll(&mut future), Poll::Ready(Ok(1)));
}

/// A receiver with a waker behind it, whose drop does `act`. A wait drops that waker when it has
/// looked and is about to sleep.
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

#[test]
fn what_comes_when_it_is_about_to_sleep_is_neither_missed_nor_taken() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        for at in [0, 1] {
            for end in [false, true] {
                let (a, b) = (channel(), channel());
                let (mut senders, mut receivers) = ([Some(a.0), Some(b.0)], [a.1, b.1]);
                receivers[0].set_spin_limit(0);
                let mut tx = senders[at].take().unwrap();
                if !end {
                    senders[at] = Some(tx.clone());
                }
                let _task = about_to_sleep(&mut receivers[at], move || {
                    if !end {
                        assert_eq!(tx.send(7), Ok(None));
                    }
                    drop(tx);
                });
                let [a, b] = &mut receivers;
                assert_eq!(wait_any(&mut [a, b]), at);
                let outcome = receivers[at].try_recv();
                assert_eq!(outcome, if end { Err(TryRecvError::Disconnected) } else { Ok(7) });
            }
        }
    });
}

#[test]
fn what_comes_to_one_when_another_is_about_to_sleep_wakes_it() {
    watched(|watch| {
        let _running = watch.running("wait_any");
        let ((mut a_tx, mut a), (_b_tx, mut b)) = (channel(), channel::<u8>());
        let keeps_open = a_tx.clone();
        a.set_spin_limit(0);
        // The cell of `a` is armed when that of `b` is about to be.
        let _task = about_to_sleep(&mut b, move || assert_eq!(a_tx.send(7), Ok(None)));
        assert_eq!(wait_any(&mut [&mut a, &mut b]), 0);
        assert_eq!(a.try_recv(), Ok(7));
        drop(keeps_open);
    });
}
