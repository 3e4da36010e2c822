//! Several threads and tasks at once: no receiver sees a value after a newer one, no change is lost, and each that a
//! receiver did not see is counted.

use crate::ways::{Limit, change, search};
use futures::{
    executor::block_on,
    future::{join, join_all},
};
use overwrite_channel::{
    RecvTimeoutError::{Disconnected, Timeout},
    watch::{Receiver, Sender, channel},
};
use std::{
    array, mem,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};
use support::{
    waker::Task,
    watchdog::{Watchdog, watched},
};

/// Runs `send` and `read` in so many threads each, which get their numbers and handles of their own.
fn senders_and_readers<T: Send + Sync>(
    watchdog: &Watchdog,
    (tx, senders): (Sender<T>, usize),
    send: impl Fn(usize, Sender<T>) + Sync,
    (rx, readers): (Receiver<T>, usize),
    read: impl Fn(usize, Receiver<T>) + Sync,
) {
    thread::scope(|scope| {
        for at in 0..readers {
            let (rx, read) = (rx.clone(), &read);
            scope.spawn(move || {
                let _running = watchdog.running(format!("reader {at}"));
                read(at, rx);
            });
        }
        for at in 0..senders {
            let (tx, send) = (tx.clone(), &send);
            scope.spawn(move || {
                let _running = watchdog.running(format!("sender {at}"));
                send(at, tx);
            });
        }
        drop((tx, rx));
    });
}

/// A way to follow the changes until the end.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// Waits for each change.
    Changes(Limit),
    /// Waits for each change, in 20 tasks of one thread.
    Tasks,
    #[cfg(feature = "stream")]
    Stream,
    /// Waits for a value that never comes.
    Searches(Limit),
    /// Looks whether there is a change.
    Looks,
    /// Looks, by a clone each time that takes the place of its original, which has left a waker behind.
    Clones,
    /// Looks, and marks what it has seen as changed.
    Marks,
}

const AT_ONCE: Limit = Limit::Timeout(Duration::ZERO);
const SOON: Limit = Limit::Timeout(Duration::from_micros(20));

const WAYS: &[Way] = &[
    Way::Changes(Limit::Never),
    Way::Changes(Limit::NeverAsTask),
    Way::Changes(SOON),
    Way::Tasks,
    #[cfg(feature = "stream")]
    Way::Stream,
    Way::Searches(Limit::Never),
    Way::Searches(Limit::NeverAsTask),
    Way::Searches(SOON),
    Way::Looks,
    Way::Clones,
    Way::Marks,
];

impl Way {
    /// Follows and passes the values to `saw`. Returns how many changes were reported, where the calls report them.
    fn follow(self, rx: &mut Receiver<u64>, saw: &mut dyn FnMut(u64)) -> Option<u64> {
        let mut reported = 0;
        match self {
            Way::Changes(limit) => loop {
                match change(rx, limit) {
                    Ok(()) => reported += 1 + look(rx, saw),
                    Err(Timeout) => {}
                    Err(Disconnected) => return Some(reported),
                }
            },
            Way::Tasks => {
                let mut others = vec![rx.clone(); 19];
                let follow = async |rx: &mut Receiver<_>| {
                    let reported = follow_as_task(rx, &mut |_| {}).await;
                    reported + rx.skipped()
                };
                let others = join_all(others.iter_mut().map(follow));
                let (reported, others) = block_on(join(follow_as_task(rx, saw), others));
                assert!(others.iter().all(|changes| *changes == reported + rx.skipped()));
                Some(reported)
            }
            #[cfg(feature = "stream")]
            Way::Stream => {
                for value in futures::executor::block_on_stream(&mut *rx) {
                    reported += 1;
                    saw(value);
                }
                Some(reported)
            }
            Way::Searches(limit) => {
                let mut unwanted = |value: &u64| {
                    saw(*value);
                    false
                };
                while search(rx, limit, &mut unwanted).err() == Some(Timeout) {}
                None
            }
            Way::Looks | Way::Clones | Way::Marks => {
                for turn in 0.. {
                    let is_last = rx.is_closed();
                    reported += self.look_once(rx, saw);
                    if is_last {
                        break;
                    }
                    // Not each time, so that some looks come in the middle of a send.
                    if turn % 16 == 0 {
                        thread::yield_now();
                    }
                }
                (!matches!(self, Way::Marks)).then_some(reported)
            }
        }
    }

    /// Does not wait. Returns how many changes were reported.
    fn look_once(self, rx: &mut Receiver<u64>, saw: &mut dyn FnMut(u64)) -> u64 {
        match self {
            Way::Looks if rx.borrow().has_changed() => {
                // The senders may have gone meanwhile.
                assert!(rx.has_changed().unwrap_or(true), "a new value is no change");
                assert_eq!(change(rx, AT_ONCE), Ok(()));
                1 + look(rx, saw)
            }
            Way::Clones => {
                let mut changed = rx.changed();
                let polled = Task::new().poll(&mut changed);
                mem::forget(changed);
                *rx = rx.clone();
                u64::from(polled == Poll::Ready(Ok(()))) + look(rx, saw)
            }
            Way::Marks => {
                // A value that was looked at is not new after a mark was taken back, or reported.
                for reports in [false, true] {
                    let seen = if reports { *rx.borrow_and_update() } else { *rx.borrow() };
                    rx.mark_changed();
                    if reports {
                        assert_eq!(change(rx, AT_ONCE), Ok(()));
                    } else {
                        rx.mark_unchanged();
                    }
                    let now = rx.borrow();
                    assert!(*now != seen || !now.has_changed(), "{seen} is new again");
                    saw(seen);
                    saw(*now);
                }
                0
            }
            _ => 0,
        }
    }
}

/// Looks at the newest value. Returns how many changes that has reported.
fn look(rx: &mut Receiver<u64>, saw: &mut dyn FnMut(u64)) -> u64 {
    let value = rx.borrow_and_update();
    saw(*value);
    value.has_changed().into()
}

async fn follow_as_task(rx: &mut Receiver<u64>, saw: &mut dyn FnMut(u64)) -> u64 {
    let mut reported = 0;
    while rx.changed().await.is_ok() {
        reported += 1 + look(rx, saw);
    }
    reported
}

#[test]
fn each_modification_is_of_the_newest_value_and_reported_or_skipped() {
    const EACH: u64 = 3_000;
    watched(|watchdog| {
        for senders in 1..=3 {
            let total = senders as u64 * EACH;
            let modified = Mutex::new(Vec::new());
            let send = |_, tx: Sender<u64>| {
                let mut mine = Vec::new();
                for turn in 0..EACH {
                    let mut found = 0;
                    let mut modify = |value: &mut u64| {
                        found = *value;
                        *value += 1;
                    };
                    // Another handle a side comes and goes.
                    let least = *tx.borrow();
                    let (tx, mut subscriber) = (tx.clone(), tx.subscribe());
                    let most = *tx.borrow();
                    if turn % 2 == 0 {
                        tx.send_modify(modify);
                    } else {
                        assert!(!tx.send_if_modified(|_| false));
                        assert!(tx.send_if_modified(|value| {
                            modify(value);
                            true
                        }));
                    }
                    let look = subscriber.borrow_and_update();
                    assert!(look.has_changed());
                    let began = *look - 1 - subscriber.skipped();
                    assert!((least..=most).contains(&began), "{began}: not in {least}..={most}");
                    mine.push(found);
                }
                modified.lock().unwrap().append(&mut mine);
            };
            let (tx, rx) = channel(0);
            senders_and_readers(watchdog, (tx, senders), send, (rx, WAYS.len()), |at, mut rx| {
                let way = WAYS[at];
                let may_repeat = matches!(way, Way::Searches(_) | Way::Clones | Way::Marks);
                let mut newest = None;
                let reported = way.follow(&mut rx, &mut |value| {
                    let is_next = newest < Some(value) || may_repeat && newest == Some(value);
                    assert!(is_next, "{way:?}: {value} after {newest:?}");
                    newest = Some(value);
                });
                assert_eq!((*rx.borrow(), newest), (total, Some(total)), "{way:?}: the last value");
                assert!(
                    reported.is_none_or(|reported| reported + rx.skipped() == total),
                    "{way:?}"
                );
            });
            // A number found twice would be a modification of an old value.
            let mut modified = modified.into_inner().unwrap();
            modified.sort_unstable();
            assert!(modified.into_iter().eq(0..total));
        }
    });
}

#[test]
fn senders_and_readers_that_never_stop_do_not_delay_each_other_and_no_value_is_torn_or_goes_back() {
    const TURNS: usize = 20_000;
    const READERS: usize = 3;
    watched(|watchdog| {
        // Each value has a share, and as many times its number: even from one sender, odd from the other.
        let share = Arc::new(());
        let value = |number| (Arc::clone(&share), [number; 8]);
        let (tx, rx) = channel(value(0));
        let stays = rx.clone();
        // Each side goes on until the other has done its turns.
        let looking = AtomicUsize::new(READERS);
        let send = |at, tx: Sender<_>| {
            for number in (at..).step_by(2) {
                if number % 4 < 2 {
                    tx.send(value(number)).unwrap();
                } else {
                    tx.send_replace(value(number));
                }
                if number >= TURNS && looking.load(SeqCst) == 0 {
                    break;
                }
            }
        };
        senders_and_readers(watchdog, (tx, 2), send, (rx, READERS), |_, rx| {
            // More at once than arc-swap has at hand. Each is checked before another takes its place.
            let mut kept: [_; 12] = array::from_fn(|_| None);
            let mut newest = [0; 2];
            for turn in 0.. {
                if turn == TURNS {
                    looking.fetch_sub(1, SeqCst);
                }
                let is_last = turn > TURNS && rx.is_closed();
                let look = rx.borrow();
                let number = look.1[0];
                let last = mem::replace(&mut newest[number % 2], number);
                assert!(last <= number, "{number} after {last}");
                if let Some((number, old)) = kept[turn % 12].replace((number, look)) {
                    assert_eq!(old.1, [number; 8]);
                }
                if is_last {
                    break;
                }
            }
        });
        assert_eq!(Arc::strong_count(&share), 2, "only the newest is left");
        drop(stays);
        assert_eq!(Arc::strong_count(&share), 1);
    });
}
