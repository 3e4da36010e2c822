//! Waiting for a change as a thread: what is seen, when it gives up, and that who sleeps is woken.
#![cfg(feature = "watch")]

use overwrite_channel::{
    RecvTimeoutError,
    watch::{Receiver, channel},
};
use std::{
    cell::Cell,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod rounds;
    pub(crate) mod watchdog;
}
use common::{parked::Sleeper, rounds::rounds, watchdog::watched};

/// Waits, and returns the value that it waited for.
type Wait = fn(&mut Receiver<u32>, wanted: u32) -> Result<u32, RecvTimeoutError>;

/// Longer than any test may take.
const LONG: Duration = Duration::from_secs(600);
/// So long that a deadline can just be expressed on some systems, and not on others.
const HUGE: Duration = Duration::from_secs(u64::MAX / 4);

/// Every call that waits until something comes. Those that wait for any change are used where the next
/// one is what is wanted.
const WAITS: [(&str, Wait); 12] = [
    ("changed", |rx, _| {
        rx.blocking_changed()?;
        Ok(*rx.borrow())
    }),
    ("changed_timeout", |rx, _| changed_timeout(rx, LONG)),
    ("changed_timeout, huge", |rx, _| changed_timeout(rx, HUGE)),
    ("changed_timeout, largest", |rx, _| changed_timeout(rx, Duration::MAX)),
    ("changed_deadline", |rx, _| changed_deadline(rx, Instant::now() + LONG)),
    ("changed_timeout in a loop", |rx, _| {
        loop {
            match changed_timeout(rx, Duration::from_millis(1)) {
                Err(RecvTimeoutError::Timeout) => {}
                result => return result,
            }
        }
    }),
    ("wait_for", |rx, wanted| Ok(*rx.blocking_wait_for(|value| *value == wanted)?)),
    ("wait_for_timeout", |rx, wanted| wait_for_timeout(rx, LONG, wanted)),
    ("wait_for_timeout, huge", |rx, wanted| wait_for_timeout(rx, HUGE, wanted)),
    ("wait_for_timeout, largest", |rx, wanted| wait_for_timeout(rx, Duration::MAX, wanted)),
    ("wait_for_deadline", |rx, wanted| wait_for_deadline(rx, Instant::now() + LONG, wanted)),
    ("wait_for_timeout in a loop", |rx, wanted| {
        loop {
            match wait_for_timeout(rx, Duration::from_millis(1), wanted) {
                Err(RecvTimeoutError::Timeout) => {}
                result => return result,
            }
        }
    }),
];

/// Every call that may not wait.
const LOOKS: [(&str, Wait); 4] = [
    ("changed_timeout", |rx, _| changed_timeout(rx, Duration::ZERO)),
    ("changed_deadline", |rx, _| changed_deadline(rx, Instant::now())),
    ("wait_for_timeout", |rx, wanted| wait_for_timeout(rx, Duration::ZERO, wanted)),
    ("wait_for_deadline", |rx, wanted| wait_for_deadline(rx, Instant::now(), wanted)),
];

fn changed_timeout(rx: &mut Receiver<u32>, timeout: Duration) -> Result<u32, RecvTimeoutError> {
    rx.blocking_changed_timeout(timeout)?;
    Ok(*rx.borrow())
}

fn changed_deadline(rx: &mut Receiver<u32>, deadline: Instant) -> Result<u32, RecvTimeoutError> {
    rx.blocking_changed_deadline(deadline)?;
    Ok(*rx.borrow())
}

fn wait_for_timeout(
    rx: &mut Receiver<u32>,
    timeout: Duration,
    wanted: u32,
) -> Result<u32, RecvTimeoutError> {
    Ok(*rx.blocking_wait_for_timeout(timeout, |value| *value == wanted)?)
}

fn wait_for_deadline(
    rx: &mut Receiver<u32>,
    deadline: Instant,
    wanted: u32,
) -> Result<u32, RecvTimeoutError> {
    Ok(*rx.blocking_wait_for_deadline(deadline, |value| *value == wanted)?)
}

/// Waits, by yielding, for what other threads do.
fn until(condition: impl Fn() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}

#[test]
fn what_was_sent_before_is_there_at_once_and_is_seen() {
    watched(|watch| {
        for (name, wait) in WAITS.into_iter().chain(LOOKS) {
            let _running = watch.running(name);
            let (tx, mut rx) = channel(0);
            for value in [2, 4] {
                tx.send(value - 1).unwrap();
                tx.send(value).unwrap();
                assert_eq!(wait(&mut rx, value), Ok(value), "{name}");
                assert_eq!(rx.has_changed(), Ok(false), "{name}");
            }
            assert_eq!(rx.skipped(), 2, "{name}");
            rx.mark_changed();
            assert_eq!(wait(&mut rx, 4), Ok(4), "{name}, marked as changed");
            assert_eq!(rx.has_changed(), Ok(false), "{name}");
        }
    });
}

#[test]
fn without_time_a_call_looks_and_gives_up() {
    for (name, look) in LOOKS {
        let (tx, mut rx) = channel(0);
        for value in [1, 2] {
            assert_eq!(look(&mut rx, value), Err(RecvTimeoutError::Timeout), "{name}");
            tx.send(value).unwrap();
            assert_eq!(look(&mut rx, value), Ok(value), "{name}");
        }
        drop(tx);
        assert_eq!(look(&mut rx, 3), Err(RecvTimeoutError::Disconnected), "{name}");
    }
}

#[test]
fn time_that_passes_in_vain_harms_nothing() {
    let short = Duration::from_millis(1);
    let ways: [Wait; 4] = [
        |rx, _| changed_timeout(rx, Duration::from_millis(1)),
        |rx, _| changed_deadline(rx, Instant::now() + Duration::from_millis(1)),
        |rx, wanted| wait_for_timeout(rx, Duration::from_millis(1), wanted),
        |rx, wanted| wait_for_deadline(rx, Instant::now() + Duration::from_millis(1), wanted),
    ];
    for way in ways {
        let (tx, mut rx) = channel(0);
        for value in 1..5 {
            let started = Instant::now();
            assert_eq!(way(&mut rx, value), Err(RecvTimeoutError::Timeout));
            assert!(started.elapsed() >= short, "it gave up early");
            assert_eq!(rx.has_changed(), Ok(false));
            tx.send(value).unwrap();
            assert_eq!(way(&mut rx, value), Ok(value));
        }
        assert_eq!(rx.skipped(), 0);
    }
}

#[test]
fn the_last_value_comes_first_and_then_the_end() {
    watched(|watch| {
        for (name, wait) in WAITS.into_iter().chain(LOOKS) {
            let _running = watch.running(name);
            let (tx, mut rx) = channel(0);
            let mut late = rx.clone();
            tx.send(1).unwrap();
            drop(tx);
            assert_eq!(wait(&mut rx, 1), Ok(1), "{name}");
            for _ in 0..2 {
                assert_eq!(wait(&mut rx, 2), Err(RecvTimeoutError::Disconnected), "{name}");
            }
            assert_eq!(*rx.borrow(), 1);
            // What is wanted is there, seen or not.
            assert_eq!(*rx.blocking_wait_for(|value| *value == 1).unwrap(), 1);
            assert!(late.blocking_wait_for(|value| *value == 2).is_err());
            assert_eq!(wait(&mut late, 2), Err(RecvTimeoutError::Disconnected), "{name}");
        }
    });
}

#[test]
fn past_the_deadline_it_looks_once_more() {
    for wants_second in [true, false] {
        let (tx, mut rx) = channel(0);
        let looks = Cell::new(0);
        let result = rx.blocking_wait_for_timeout(Duration::ZERO, |_| {
            looks.set(looks.get() + 1);
            assert!(looks.get() <= 2, "it looks on and on");
            tx.send(looks.get()).unwrap();
            wants_second && looks.get() == 2
        });
        assert_eq!(looks.get(), 2);
        if wants_second {
            assert_eq!(*result.unwrap(), 1);
        } else {
            assert_eq!(result.err(), Some(RecvTimeoutError::Timeout));
        }
    }
}

#[test]
fn what_was_sent_in_time_is_seen_however_late_the_look_is() {
    let (tx, mut rx) = channel(0);
    tx.send(1).unwrap();
    let deadline = Instant::now();
    until(|| Instant::now() > deadline);
    assert_eq!(rx.blocking_changed_deadline(deadline), Ok(()));

    // Sent in time, and then the look at an unwanted one takes longer than there is time.
    let mut timeout = Duration::from_millis(1);
    loop {
        let deadline = Instant::now() + timeout;
        let in_time = Cell::new(false);
        let result = rx.blocking_wait_for_deadline(deadline, |value| {
            if *value == 1 {
                tx.send(2).unwrap();
                in_time.set(Instant::now() < deadline);
                until(|| Instant::now() > deadline);
            }
            *value == 2
        });
        if in_time.get() {
            assert_eq!(result.map(|value| *value), Ok(2));
            break;
        }
        // This thread was not run in time: the same with more of it.
        drop(result);
        assert!(timeout < Duration::from_secs(10), "never run in time");
        timeout *= 2;
        tx.send(1).unwrap();
    }
}

#[test]
fn values_that_are_not_wanted_never_extend_the_deadline() {
    let timeout = Duration::from_millis(1);
    for by_deadline in [false, true] {
        let (tx, mut rx) = channel(0_u64);
        let started = Instant::now();
        let unwanted = |value: &u64| {
            // The next is always there before the look. Only a deadline can end this.
            assert!(started.elapsed() < Duration::from_secs(20), "the deadline is not looked at");
            tx.send(value + 1).unwrap();
            false
        };
        let result = if by_deadline {
            rx.blocking_wait_for_deadline(started + timeout, unwanted)
        } else {
            rx.blocking_wait_for_timeout(timeout, unwanted)
        };
        assert_eq!(result.err(), Some(RecvTimeoutError::Timeout));
        assert!(started.elapsed() >= timeout);
        assert_eq!(rx.has_changed(), Ok(true), "the last one was not looked at");
    }
}

#[test]
fn each_change_wakes_everybody_asleep() {
    watched(|watch| {
        for (name, wait) in WAITS {
            for receivers in [1, 4] {
                let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
                let woken = AtomicUsize::new(0);
                let (tx, rx) = channel(0);
                let sends = if name.ends_with("loop") { 4 } else { 20 };
                thread::scope(|scope| {
                    for sleeper in &sleepers {
                        let (mut rx, woken) = (rx.clone(), &woken);
                        scope.spawn(move || {
                            let _running = watch.running(format!("{name}, one of {receivers}"));
                            sleeper.is_this_thread();
                            for value in 1..=sends {
                                assert_eq!(wait(&mut rx, value), Ok(value));
                                woken.fetch_add(1, SeqCst);
                            }
                            assert_eq!(wait(&mut rx, 0), Err(RecvTimeoutError::Disconnected));
                            assert_eq!(rx.skipped(), 0);
                        });
                    }
                    let _running = watch.running("sender");
                    for (value, turn) in (1..=sends).zip(1..) {
                        sleepers.iter().for_each(Sleeper::until_asleep);
                        tx.send(value).unwrap();
                        until(|| woken.load(SeqCst) == turn * receivers);
                    }
                    sleepers.iter().for_each(Sleeper::until_asleep);
                    drop(tx);
                });
            }
        }
    });
}

#[test]
fn every_way_to_send_wakes_a_thread_asleep() {
    use overwrite_channel::watch::Sender;
    let sends: [fn(&Sender<u32>); 4] = [
        |tx| tx.send(1).unwrap(),
        |tx| assert_eq!(*tx.send_replace(1), 0),
        |tx| tx.send_modify(|value| *value = 1),
        |tx| {
            assert!(!tx.send_if_modified(|_| false));
            assert!(tx.send_if_modified(|value| {
                *value = 1;
                true
            }));
        },
    ];
    watched(move |watch| {
        for send in sends {
            let (tx, mut rx) = channel(0);
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                scope.spawn(|| {
                    let _running = watch.running("receiver");
                    sleeper.is_this_thread();
                    rx.blocking_changed().unwrap();
                    assert_eq!(*rx.borrow(), 1);
                });
                sleeper.until_asleep();
                send(&tx);
            });
        }
    });
}

#[test]
fn a_thread_unparked_for_nothing_waits_on() {
    watched(|watch| {
        for (name, wait) in WAITS {
            let (tx, mut rx) = channel(0);
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let receiver = scope.spawn(|| {
                    let _running = watch.running(name);
                    sleeper.is_this_thread();
                    wait(&mut rx, 1)
                });
                for _ in 0..20 {
                    sleeper.until_asleep();
                    assert!(!receiver.is_finished(), "{name}");
                    receiver.thread().unpark();
                }
                sleeper.until_asleep();
                tx.send(1).unwrap();
                assert_eq!(receiver.join().unwrap(), Ok(1), "{name}");
            });
        }
    });
}

#[test]
fn a_change_that_comes_while_a_thread_goes_to_sleep_is_not_missed() {
    watched(|watch| {
        for (name, wait) in WAITS {
            let (tx, mut rx) = channel(0);
            // Two channels, so that each side waits for the other, for certain, in every round.
            let (back_tx, mut back_rx) = channel(0);
            thread::scope(|scope| {
                scope.spawn(move || {
                    let _running = watch.running(format!("{name}, there"));
                    while let Ok(value) = wait(&mut rx, *back_tx.borrow() + 1) {
                        back_tx.send(value).unwrap();
                    }
                });
                let _running = watch.running(format!("{name}, back"));
                for value in (1..).zip(rounds(300)).map(|(value, _)| value) {
                    tx.send(value).unwrap();
                    assert_eq!(wait(&mut back_rx, value), Ok(value));
                    // Somewhere in the other's spin, or after it.
                    for _ in 0..value % 300 {
                        std::hint::spin_loop();
                    }
                }
                drop(tx);
            });
            assert!(back_rx.is_closed());
        }
    });
}

#[test]
fn a_change_ends_a_wait_whatever_the_spin_limit() {
    watched(|watch| {
        // `u32::MAX` looks take hours: such a receiver must see the change while it spins.
        for spin_limit in [0, 1, 10, u32::MAX] {
            for (name, wait) in WAITS {
                let _running = watch.running(format!("{name}, spinning {spin_limit} times"));
                let (tx, mut rx) = channel(0);
                rx.set_spin_limit(spin_limit);
                let waiter = thread::spawn(move || wait(&mut rx, 1));
                tx.send(1).unwrap();
                assert_eq!(waiter.join().unwrap(), Ok(1));
            }
        }
    });
}

#[test]
fn a_clone_spins_as_long_as_its_original_and_0_parks_at_once() {
    watched(|watch| {
        for (spin_limit, stays_awake) in [(u32::MAX, true), (0, false)] {
            let _running = watch.running(format!("a limit of {spin_limit}"));
            let (tx, mut rx) = channel(0);
            rx.set_spin_limit(spin_limit);
            let mut clone = rx.clone();
            rx.set_spin_limit(10);
            let sleeper = Sleeper::default();
            thread::scope(|scope| {
                let waiter = scope.spawn(|| {
                    sleeper.is_this_thread();
                    clone.blocking_changed()
                });
                if stays_awake {
                    assert!(sleeper.stays_awake());
                } else {
                    sleeper.until_asleep();
                }
                tx.send(1).unwrap();
                assert!(waiter.join().unwrap().is_ok());
            });
        }
    });
}

#[test]
fn unwanted_values_wake_a_thread_that_then_sleeps_on() {
    watched(|watch| {
        let (tx, mut rx) = channel(0);
        let sleeper = Sleeper::default();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let _running = watch.running("receiver");
                sleeper.is_this_thread();
                let mut looked_at = Vec::new();
                let found = rx.blocking_wait_for(|value| {
                    looked_at.push(*value);
                    *value == 30
                });
                assert_eq!(found.map(|value| *value), Ok(30));
                looked_at
            });
            for value in 1..=30 {
                sleeper.until_asleep();
                tx.send(value).unwrap();
            }
            let looked_at = receiver.join().unwrap();
            assert!(looked_at.is_sorted_by(|one, other| one < other), "{looked_at:?}");
            assert_eq!((looked_at.first(), looked_at.last()), (Some(&0), Some(&30)));
        });
    });
}
