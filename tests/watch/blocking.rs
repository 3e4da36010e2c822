//! Waiting for a change as a thread: what is reported, when a wait gives up, and that a sleeping thread is woken.

use crate::{
    SENDS,
    ways::{Limit, search, waits},
};
use overwrite_channel::{
    RecvTimeoutError::{Disconnected, Timeout},
    watch::channel,
};
use std::{
    cell::Cell,
    hint::spin_loop,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
    time::{Duration, Instant},
};
use support::{
    rounds::{LONG, rounds},
    sleeper::{Sleeper, asleep, awake},
    watchdog::{until, watched},
};

const ZERO: Duration = Duration::ZERO;
const SHORT: Duration = Duration::from_millis(1);
/// So long that a deadline can just be expressed on some systems, and not on others.
const HUGE: Duration = Duration::from_secs(u64::MAX / 4);

/// Every limit of a wait that lasts until something comes.
const PATIENT: [Limit; 6] = [
    Limit::Never,
    Limit::NeverAsTask,
    Limit::Timeout(LONG),
    Limit::Timeout(HUGE),
    Limit::Timeout(Duration::MAX),
    Limit::Deadline(LONG),
];

#[test]
fn a_wait_gives_up_in_time() {
    for wait in waits(&[Limit::Timeout(SHORT), Limit::Deadline(SHORT)]) {
        let (_tx, mut rx) = channel(0);
        let started = Instant::now();
        assert_eq!(wait.run(&mut rx, 1), Err(Timeout), "{wait:?}");
        assert!(started.elapsed() >= SHORT, "{wait:?} gave up early");
    }
}

#[test]
fn past_the_deadline_a_wait_looks_once_more_and_unwanted_values_do_not_extend_it() {
    for (time, wanted) in [(ZERO, 1), (ZERO, u64::MAX), (SHORT, u64::MAX)] {
        for limit in [Limit::Timeout(time), Limit::Deadline(time)] {
            let (tx, mut rx) = channel(0);
            let (started, looks) = (Instant::now(), Cell::new(0));
            let result = search(&mut rx, limit, |value| {
                // The next is always there before the look. Only the deadline can end this.
                assert!(started.elapsed() < Duration::from_secs(20), "{limit:?} is not looked at");
                looks.set(looks.get() + 1);
                tx.send(value + 1).unwrap();
                *value == wanted
            });
            let expected = if wanted == 1 { Ok(1) } else { Err(Timeout) };
            assert_eq!(result.map(|value| *value), expected, "{limit:?}");
            assert!(started.elapsed() >= time);
            assert!(looks.get() == 2 || !time.is_zero(), "{limit:?}: {looks:?}");
            assert_eq!(rx.has_changed(), Ok(true), "the last one was not looked at");
        }
    }
}

#[test]
fn a_value_sent_in_time_is_seen_however_late_the_look_is() {
    let (tx, mut rx) = channel(0);
    tx.send(1).unwrap();
    let deadline = Instant::now();
    until(|| Instant::now() > deadline);
    assert_eq!(rx.blocking_changed_deadline(deadline), Ok(()));

    // The look at an unwanted value takes longer than there is time, and the next value was sent before that.
    let mut time = Duration::from_millis(1);
    loop {
        let deadline = Instant::now() + time;
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
        // The machine did not run this thread in time.
        drop(result);
        assert!(time < Duration::from_secs(10), "never run in time");
        time *= 2;
        tx.send(1).unwrap();
    }
}

/// Each turn begins with receivers that sleep, or that are about to.
#[test]
fn each_change_wakes_every_waiting_thread_and_a_stray_unpark_none() {
    for (wait, receivers) in waits(&PATIENT).flat_map(|wait| [(wait, 1), (wait, 4)]) {
        watched(move |watchdog| {
            let sleepers: Vec<_> = (0..receivers).map(|_| Sleeper::default()).collect();
            let woken = &AtomicUsize::new(0);
            let mut sent = 0;
            let (tx, rx) = channel(0);
            thread::scope(|scope| {
                let spawn = |sleeper| {
                    let mut rx = rx.clone();
                    scope.spawn(move || {
                        let _running = watchdog.running(format!("{wait:?}, one of {receivers}"));
                        Sleeper::is_this_thread(sleeper);
                        for value in 1.. {
                            match wait.run(&mut rx, value) {
                                Ok(found) => assert_eq!(found, value),
                                Err(error) => {
                                    assert_eq!((error, rx.skipped()), (Disconnected, 0));
                                    break;
                                }
                            }
                            woken.fetch_add(1, SeqCst);
                        }
                    })
                };
                let threads: Vec<_> = sleepers.iter().map(spawn).collect();
                let _running = watchdog.running("sender");
                for (send, turn) in SENDS.iter().cycle().zip(rounds(300)) {
                    if turn <= 20 {
                        for (sleeper, thread) in sleepers.iter().zip(&threads) {
                            sleeper.until_asleep();
                            thread.thread().unpark();
                        }
                        sleepers.iter().for_each(Sleeper::until_asleep);
                        assert_eq!(woken.load(SeqCst), sent * receivers, "{wait:?}");
                    } else {
                        (0..turn).for_each(|_| spin_loop());
                    }
                    send(&tx);
                    sent = turn;
                    until(|| woken.load(SeqCst) == sent * receivers);
                }
                // The last value comes before the end.
                sleepers.iter().for_each(Sleeper::until_asleep);
                SENDS[0](&tx);
                drop(tx);
            });
            assert_eq!(woken.load(SeqCst), (sent + 1) * receivers, "{wait:?}");
        });
    }
}

#[test]
fn a_clone_spins_as_long_as_its_original_and_a_change_ends_the_spin() {
    watched(|watchdog| {
        for wait in waits(&[Limit::Never, Limit::Timeout(LONG), Limit::Deadline(LONG)]) {
            // `u32::MAX` looks take hours, and 0 parks at once.
            for spin_limit in [0, u32::MAX] {
                let (tx, mut rx) = channel(0);
                rx.set_spin_limit(spin_limit);
                let mut clone = rx.clone();
                rx.set_spin_limit(10);
                let waits = || {
                    let _running = watchdog.running(format!("{wait:?}, {spin_limit} looks"));
                    wait.run(&mut clone, 1)
                };
                let sends = || tx.send(1).unwrap();
                let end = if spin_limit == 0 { asleep(waits, sends) } else { awake(waits, sends) };
                assert_eq!(end, Ok(1), "{wait:?}, {spin_limit} looks");
            }
        }
    });
}
