//! Threads that wait: what ends a wait, how long it spins, and which of several threads is woken.

use crate::{
    many_receivers, receivers,
    receives::{Receive, as_task, as_thread, timed, waits},
    sends::SENDS,
    static_channel::{MOST, full_of_receivers},
};
use overwrite_channel::{Receiver, RecvError, RecvTimeoutError, Sender, StaticChannel, channel};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};
use support::{
    sleeper::{Sleeper, asleep, awake},
    waker::{Event, Task},
    watchdog::{Watchdog, until, watched},
};

#[test]
fn every_wait_ends_with_every_value_and_with_every_end() {
    watched(|watchdog| {
        for (name, wait, timeout) in waits() {
            for shared in [false, true] {
                let case = format!("{name}, {timeout:?}, the last sender is shared: {shared}");
                let _running = watchdog.running(&case);
                let (tx, mut rx) = channel();
                let end = || if shared { drop(tx.into_shared()) } else { drop(tx) };
                let received = asleep(|| wait(&mut rx, timeout), end);
                assert_eq!(received, Err(RecvTimeoutError::Disconnected), "{case}");
            }
            for ((how, sender), last) in
                SENDS.into_iter().flat_map(|row| [(row, false), (row, true)])
            {
                let case = format!("{name}, {timeout:?}, {how}, the last: {last}");
                let _running = watchdog.running(&case);
                let (tx, mut rx) = channel();
                let _other = (!last).then(|| tx.clone());
                let mut send = sender(tx);
                // The sender goes as the closure ends, which owns it.
                let then = move || assert_eq!(send(7), Ok(None));
                assert_eq!(asleep(|| wait(&mut rx, timeout), then), Ok(7), "{case}");
                assert_eq!(rx.is_closed(), last, "{case}");
            }
        }
    });
}

#[test]
fn a_clone_spins_as_long_as_its_original_and_a_value_ends_its_wait() {
    watched(|watchdog| {
        // `u32::MAX` looks take hours: such a receiver must take the value while it spins.
        for (spin_limit, parks) in [(0, true), (1, true), (10, true), (u32::MAX, false)] {
            let _running = watchdog.running(format!("a limit of {spin_limit}"));
            let (mut tx, mut rx) = channel();
            rx.set_spin_limit(spin_limit);
            let mut clone = rx.clone();
            rx.set_spin_limit(if parks { u32::MAX } else { 0 });
            let wait = || [clone.recv(), clone.recv()];
            let then = || {
                assert_eq!(tx.send(7), Ok(None));
                // The second is sent when the first was taken, and so as the wait begins.
                until(|| rx.is_empty());
                assert_eq!(tx.send(8), Ok(None));
            };
            let received = if parks { asleep(wait, then) } else { awake(wait, then) };
            assert_eq!(received, [Ok(7), Ok(8)]);
        }
    });
}

#[test]
fn a_match_is_awaited_past_what_is_not_wanted() {
    watched(|watchdog| {
        for wanted in [100, 101] {
            let _running = watchdog.running(format!("recv_matching of {wanted}"));
            let (mut tx, mut rx) = channel();
            let looked_at = AtomicU32::new(0);
            let wait = || {
                rx.recv_matching(|value| {
                    assert_eq!(looked_at.swap(*value, SeqCst), value - 1);
                    *value == wanted
                })
            };
            let send = || {
                for value in 1..=100 {
                    assert_eq!(tx.send(value), Ok(None));
                    until(|| looked_at.load(SeqCst) == value);
                }
                drop(tx);
            };
            assert_eq!(asleep(wait, send), if wanted == 100 { Ok(100) } else { Err(RecvError) });
        }
    });
}

#[test]
fn an_unpark_that_no_send_made_is_not_taken_for_a_value() {
    watched(|watchdog| {
        let _running = watchdog.running("recv");
        let (mut tx, mut rx) = channel();
        rx.set_spin_limit(0);

        let timeout = Duration::from_millis(2);
        thread::current().unpark();
        let start = Instant::now();
        assert_eq!(rx.recv_timeout(timeout), Err(RecvTimeoutError::Timeout));
        assert!(start.elapsed() >= timeout);

        thread::scope(|scope| {
            let waiter = scope.spawn(|| rx.recv());
            for _ in 0..1000 {
                waiter.thread().unpark();
            }
            tx.send(1).unwrap();
            assert_eq!(waiter.join().unwrap(), Ok(1));
        });
    });
}

#[test]
fn a_value_that_is_sent_in_time_is_received_however_late_the_wake() {
    let in_time = |name, receive: Receive<u8>, timeout| {
        let (mut tx, [mut polls, mut rx]) = receivers();
        rx.set_spin_limit(0);
        let deadline = Instant::now() + timeout;
        let (say, said) = mpsc::channel();
        // The value is there when this waker is woken, and the thread is woken after that.
        let task = Task::acting_in(Event::Wake, move || {
            let left = deadline.saturating_duration_since(Instant::now());
            say.send(!left.is_zero()).unwrap();
            thread::sleep(left + Duration::from_millis(10));
        });
        assert!(polls.poll_recv(&mut task.context()).is_pending());
        let received = asleep(|| receive(&mut rx, timeout), || assert_eq!(tx.send(7), Ok(None)));
        let in_time = said.recv().unwrap();
        assert!(!in_time || received == Ok(7), "{name}: {received:?}");
        in_time
    };
    watched(move |watchdog| {
        for (name, receive) in timed() {
            let _running = watchdog.running(name);
            // If the sender is not run in time, that shows nothing: then more time.
            let mut timeouts = (4..14).map(|doublings| Duration::from_millis(1 << doublings));
            assert!(timeouts.any(|timeout| in_time(name, receive, timeout)), "{name}");
        }
    });
}

type AsReceiver = fn(Receiver<usize>, &dyn Fn(usize));

/// Sends to threads and tasks that receive, each time when all sleep, where the kernel says so. The end comes with the last
/// value, and wakes all.
fn have_equal_shares(
    watchdog: &Watchdog,
    ways: [AsReceiver; 2],
    (mut tx, rxs): (Sender<usize>, Vec<Receiver<usize>>),
    sends: usize,
) {
    let count = rxs.len();
    let sleepers: Vec<_> = rxs.iter().map(|_| Sleeper::default()).collect();
    let turns = &Mutex::new(Vec::new());
    thread::scope(|scope| {
        for (at, (rx, sleeper)) in rxs.into_iter().zip(&sleepers).enumerate() {
            scope.spawn(move || {
                let _running = watchdog.running(format!("receiver {at} of {count}"));
                sleeper.is_this_thread();
                ways[at % 2](rx, &|value| turns.lock().unwrap().push((value, at)));
            });
        }
        let _running = watchdog.running("sender");
        for value in 0..sends {
            sleepers.iter().for_each(Sleeper::until_asleep);
            assert_eq!(tx.send(value), Ok(None));
            until(|| turns.lock().unwrap().len() > value);
        }
        sleepers.iter().for_each(Sleeper::until_asleep);
        assert_eq!(tx.send(sends), Ok(None));
        drop(tx);
    });
    let mut turns = turns.lock().unwrap();
    assert!(turns.iter().map(|(value, _)| *value).eq(0..=sends), "each value, and the last");
    turns.pop();
    if cfg!(target_os = "linux") {
        assert!(turns.iter().all(|(value, at)| value % count == *at), "{turns:?}");
    }
}

#[test]
fn threads_and_tasks_get_equal_shares_of_slow_sends_and_end_together() {
    static CHANNEL: StaticChannel<usize, MOST> = StaticChannel::new();
    let ways: [AsReceiver; 2] = [as_thread, as_task];
    for ways in ways.into_iter().flat_map(|one| ways.map(|other| [one, other])) {
        watched(move |watchdog| {
            have_equal_shares(watchdog, ways, many_receivers(4), 400);
            have_equal_shares(watchdog, ways, full_of_receivers(&CHANNEL), 3 * MOST);
        });
    }
}
