//! The waits of threads, which tokio's has not.

use super::watch::{self, error::RecvTimeoutError};
use crate::{
    rounds::rounds,
    tools::{Polled, panics, waits},
    watchdog::watched,
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Never passes in a test, but can be expressed.
const LONG: Duration = Duration::from_secs(3600);

fn passed() -> Instant {
    Instant::now().checked_sub(Duration::from_secs(1)).unwrap_or_else(Instant::now)
}

#[test]
fn what_was_not_seen_is_a_change_at_once() {
    watched(|watch| {
        let _running = watch.running("what_was_not_seen_is_a_change_at_once");
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        assert_eq!(rx.blocking_changed(), Ok(()));
        assert_eq!(rx.has_changed(), Ok(false));
        tx.send(2).unwrap();
        assert_eq!(rx.blocking_changed_timeout(Duration::ZERO), Ok(()));
        tx.send(3).unwrap();
        assert_eq!(rx.blocking_changed_deadline(passed()), Ok(()));
        rx.mark_changed();
        assert_eq!(rx.blocking_changed_timeout(Duration::MAX), Ok(()));
        assert_eq!(rx.blocking_changed_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        tx.send(4).unwrap();
        drop(tx);
        assert_eq!(rx.blocking_changed(), Ok(()));
        assert!(rx.blocking_changed().is_err());
        for timeout in [Duration::ZERO, LONG, Duration::MAX] {
            let result = rx.blocking_changed_timeout(timeout);
            assert_eq!(result, Err(RecvTimeoutError::Disconnected));
        }
        let result = rx.blocking_changed_deadline(Instant::now() + LONG);
        assert_eq!(result, Err(RecvTimeoutError::Disconnected));
    });
}

#[test]
fn without_a_change_the_time_passes() {
    watched(|watch| {
        let _running = watch.running("without_a_change_the_time_passes");
        let (tx, mut rx) = watch::channel(0);
        for wait in [Duration::ZERO, Duration::from_millis(2), Duration::from_millis(20)] {
            let start = Instant::now();
            assert_eq!(rx.blocking_changed_timeout(wait), Err(RecvTimeoutError::Timeout));
            assert!(start.elapsed() >= wait);
            let deadline = Instant::now() + wait;
            assert_eq!(rx.blocking_changed_deadline(deadline), Err(RecvTimeoutError::Timeout));
            assert!(Instant::now() >= deadline);
        }
        assert_eq!(rx.blocking_changed_deadline(passed()), Err(RecvTimeoutError::Timeout));
        assert_eq!(rx.has_changed(), Ok(false));
        tx.send(1).unwrap();
        assert_eq!(rx.blocking_changed(), Ok(()));
    });
}

#[test]
fn the_present_value_may_do() {
    watched(|watch| {
        let _running = watch.running("the_present_value_may_do");
        let (tx, mut rx) = watch::channel(1);
        assert_eq!(*rx.blocking_wait_for(|value| *value == 1).unwrap(), 1);
        let one = rx.blocking_wait_for_timeout(Duration::ZERO, |value| *value == 1);
        assert_eq!(*one.unwrap(), 1);
        tx.send(2).unwrap();
        let two = rx.blocking_wait_for_deadline(passed(), |value| *value == 2).unwrap();
        assert_eq!((*two, two.has_changed()), (2, true));
        assert_eq!(rx.has_changed(), Ok(false));
        drop(tx);
        assert_eq!(*rx.blocking_wait_for(|value| *value == 2).unwrap(), 2);
        assert!(rx.blocking_wait_for(|value| *value == 3).is_err());
        let result = rx.blocking_wait_for_timeout(LONG, |value| *value == 3);
        assert_eq!(result.err(), Some(RecvTimeoutError::Disconnected));
    });
}

#[test]
fn what_is_not_wanted_does_not_extend_the_time() {
    watched(|watch| {
        let _running = watch.running("what_is_not_wanted_does_not_extend_the_time");
        let (tx, mut rx) = watch::channel(0);
        let mut asked = 0;
        let result = rx.blocking_wait_for_timeout(Duration::from_millis(10), |value| {
            tx.send(value + 1).unwrap();
            asked += 1;
            false
        });
        assert_eq!(result.err(), Some(RecvTimeoutError::Timeout));
        assert!(asked >= 2);
        let result = rx.blocking_wait_for_deadline(passed(), |_| false);
        assert_eq!(result.err(), Some(RecvTimeoutError::Timeout));
    });
}

#[test]
fn a_question_that_panics_has_seen_the_value() {
    watched(|watch| {
        let _running = watch.running("a_question_that_panics_has_seen_the_value");
        let (tx, mut rx) = watch::channel(0);
        tx.send(1).unwrap();
        assert_eq!(panics(|| rx.blocking_wait_for(|_| panic!("asked")).is_ok()), "asked");
        assert_eq!(rx.has_changed(), Ok(false));
        tx.send(2).unwrap();
        assert_eq!(*rx.blocking_wait_for(|value| *value == 2).unwrap(), 2);
    });
}

/// A wake that is missed once stops both.
#[test]
fn two_threads_answer_each_other() {
    watched(|watch| {
        let _running = watch.running("two threads");
        let (question, mut questions) = watch::channel(0);
        let (answer, mut answers) = watch::channel(0);
        let echo = thread::spawn(move || {
            while questions.blocking_changed().is_ok() {
                answer.send(*questions.borrow_and_update()).unwrap();
            }
        });
        for value in rounds(20_000) {
            question.send(value).unwrap();
            match value % 4 {
                0 => assert_eq!(answers.blocking_changed(), Ok(())),
                1 => assert_eq!(answers.blocking_changed_timeout(LONG), Ok(())),
                2 => {
                    let deadline = Instant::now() + LONG;
                    assert_eq!(answers.blocking_changed_deadline(deadline), Ok(()));
                }
                _ => assert!(answers.blocking_wait_for(|answer| *answer == value).is_ok()),
            }
            assert_eq!(*answers.borrow_and_update(), value);
        }
        drop(question);
        echo.join().unwrap();
        assert!(answers.blocking_changed().is_err());
    });
}

#[test]
fn threads_and_tasks_are_woken_by_the_same_sends() {
    watched(|watch| {
        let _running = watch.running("threads and tasks");
        let (tx, rx) = watch::channel(0);
        thread::scope(|scope| {
            let threads: Vec<_> = (1..=6)
                .map(|number| {
                    let mut rx = rx.clone();
                    scope.spawn(move || {
                        let (mut last, mut found) = (0, true);
                        if number % 3 == 0 {
                            found = rx.blocking_wait_for(|value| *value >= 500).is_ok();
                        }
                        loop {
                            let changed = if number % 2 == 0 {
                                rx.blocking_changed()
                            } else {
                                futures::executor::block_on(rx.changed())
                            };
                            if changed.is_err() {
                                break (found, *rx.borrow());
                            }
                            let value = *rx.borrow_and_update();
                            assert!(value >= last, "{value} after {last}");
                            last = value;
                        }
                    })
                })
                .collect();
            for value in 1..=2000 {
                tx.send(value).unwrap();
                if value % 10 == 0 {
                    thread::yield_now();
                }
            }
            drop(tx);
            for thread in threads {
                assert_eq!(thread.join().unwrap(), (true, 2000));
            }
        });
    });
}

#[test]
fn a_thread_may_wait_where_a_task_gave_up() {
    watched(|watch| {
        let _running = watch.running("a_thread_may_wait_where_a_task_gave_up");
        let (tx, mut rx) = watch::channel(0);
        let task = Polled::waiting(rx.changed()).give_up();
        assert_eq!(rx.blocking_changed_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
        tx.send(1).unwrap();
        assert_eq!(rx.blocking_changed(), Ok(()));
        assert_eq!(task.seen().woken, 0);
        assert!(waits(rx.changed()));
    });
}
