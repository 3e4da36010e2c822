//! Threads that sleep: every wait is ended by every value and by the end.

use crate::ways::{waits, writes};
use overwrite_channel::{
    RecvTimeoutError::{Disconnected, Timeout},
    buffer::channel,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};
use support::{
    rounds::rounds,
    sleeper::Sleeper,
    watchdog::{until, watched},
};

/// A wait for several channels wakes in addition to the wait that is notified, and then finds nothing.
#[test]
fn each_value_wakes_one_of_the_threads_that_wait_and_the_end_all() {
    for ((name, wait, timeout), count) in waits().flat_map(|row| [(row, 1), (row, 4)]) {
        watched(move |watchdog| {
            let (mut writer, reader) = channel(0);
            let readers = vec![reader; count];
            let sleepers: Vec<_> = readers.iter().map(|_| Sleeper::default()).collect();
            let taken = &AtomicUsize::new(0);
            thread::scope(|scope| {
                for (mut reader, sleeper) in readers.into_iter().zip(&sleepers) {
                    scope.spawn(move || {
                        let _running = watchdog.running(format!("{name}, {timeout:?}, {count}"));
                        sleeper.is_this_thread();
                        let mut shown = 0;
                        loop {
                            match wait(&mut reader, timeout) {
                                Ok(()) => shown = taken.fetch_add(1, SeqCst) + 1,
                                Err(Timeout) => assert!(name.starts_with("wait_any"), "{name}"),
                                Err(Disconnected) => break,
                            }
                            assert_eq!(*reader, shown, "{name}");
                        }
                        assert_eq!(*reader, shown, "{name}");
                    });
                }
                let mut publish = |turn, (how, write): (_, fn(&mut _, _) -> _)| {
                    if turn < 10 {
                        sleepers.iter().for_each(Sleeper::until_asleep);
                    }
                    assert_eq!(write(&mut writer, turn), Ok(false), "{how}, {name}");
                };
                for (turn, way) in rounds(50).zip(writes().into_iter().cycle()) {
                    publish(turn, way);
                    until(|| taken.load(SeqCst) == turn);
                }
                // The last value comes before the end.
                publish(taken.load(SeqCst) + 1, writes()[0]);
                drop(writer);
            });
        });
    }
}
