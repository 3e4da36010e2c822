//! Several threads and tasks at once: nobody sees a value after a newer one, nothing is lost, and what
//! was not seen is counted.
#![cfg(feature = "watch")]

use futures::{executor::block_on, future::join_all};
use overwrite_channel::{
    RecvTimeoutError,
    watch::{Receiver, Sender, channel},
};
use std::{
    future::Future,
    hint::spin_loop,
    mem::ManuallyDrop,
    pin::pin,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    task::{Context, Waker},
    thread,
    time::Duration,
};

mod common {
    pub(crate) mod watchdog;
}
use common::watchdog::watched;

/// Follows the changes until the end, tells `saw` of the values, and returns how many changes were
/// reported, if that can be told.
type Follow<T> = fn(&mut Receiver<T>, saw: &mut dyn FnMut(&T)) -> Option<u64>;

/// Every way to follow the changes.
const fn ways<T: Clone>() -> [(&'static str, Follow<T>); 7] {
    [
        ("blocking_changed", |rx, saw| {
            let mut reported = 0;
            while rx.blocking_changed().is_ok() {
                reported += 1 + look(rx, saw);
            }
            Some(reported)
        }),
        ("blocking_changed_timeout", |rx, saw| {
            let mut reported = 0;
            for round in 0_u64.. {
                match rx.blocking_changed_timeout(Duration::from_micros(round % 50)) {
                    Ok(()) => reported += 1 + look(rx, saw),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            Some(reported)
        }),
        ("changed", |rx, saw| Some(block_on(follow_as_task(rx, saw)))),
        ("borrow_and_update", |rx, saw| {
            let mut reported = 0;
            loop {
                let is_last = rx.is_closed();
                reported += look(rx, saw);
                if is_last {
                    return Some(reported);
                }
                thread::yield_now();
            }
        }),
        ("borrow and mark_unchanged", |rx, saw| {
            loop {
                let is_last = rx.is_closed();
                saw(&rx.borrow());
                rx.mark_unchanged();
                saw(&rx.borrow());
                if is_last {
                    return None;
                }
                thread::yield_now();
            }
        }),
        ("blocking_wait_for", |rx, saw| {
            let wanted = rx.blocking_wait_for(|value| {
                saw(value);
                false
            });
            assert!(wanted.is_err());
            None
        }),
        ("wait_for", |rx, saw| {
            let wanted = block_on(rx.wait_for(|value| {
                saw(value);
                false
            }));
            assert!(wanted.is_err());
            None
        }),
    ]
}

/// Looks at the newest value; says how many changes that has reported.
fn look<T>(rx: &mut Receiver<T>, saw: &mut dyn FnMut(&T)) -> u64 {
    let value = rx.borrow_and_update();
    saw(&value);
    value.has_changed().into()
}

async fn follow_as_task<T>(rx: &mut Receiver<T>, saw: &mut dyn FnMut(&T)) -> u64 {
    let mut reported = 0;
    while rx.changed().await.is_ok() {
        reported += 1 + look(rx, saw);
    }
    reported
}

/// Which sender, and its how-manieth value.
type Numbered = (usize, u32);

#[test]
fn nobody_sees_the_values_of_a_sender_go_back() {
    const EACH: u32 = 3_000;
    watched(|watch| {
        for senders in 1..=3 {
            let total = senders as u64 * u64::from(EACH);
            let (tx, rx) = channel::<Numbered>((0, 0));
            let ends: Vec<_> = thread::scope(|scope| {
                let receivers = ways().map(|(name, follow)| {
                    let mut rx = rx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(name);
                        let mut newest = vec![0; senders];
                        let mut last = (0, 0);
                        let reported = follow(&mut rx, &mut |&(from, number)| {
                            assert!(
                                newest[from] <= number,
                                "{name}: {number} after {}",
                                newest[from]
                            );
                            newest[from] = number;
                            last = (from, number);
                        });
                        assert_eq!(*rx.borrow(), last, "{name} has seen the last value");
                        if let Some(reported) = reported {
                            assert_eq!(reported + rx.skipped(), total, "{name}");
                        }
                        last
                    })
                });
                for sender in 0..senders {
                    let tx = tx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {sender} of {senders}"));
                        for number in 1..=EACH {
                            if number % 2 == 0 {
                                tx.send((sender, number)).unwrap();
                            } else {
                                tx.send_replace((sender, number));
                            }
                        }
                    });
                }
                drop(tx);
                receivers.into_iter().map(|receiver| receiver.join().unwrap()).collect()
            });
            let last = *rx.borrow();
            assert_eq!(last.1, EACH, "whoever sent last of all, it was its last value");
            assert!(ends.iter().all(|end| *end == last), "{ends:?}");
        }
    });
}

#[test]
fn modifications_are_never_lost_and_each_is_reported_or_skipped() {
    const EACH: u64 = 3_000;
    watched(|watch| {
        for senders in 1..=3 {
            let total = senders * EACH;
            let (tx, rx) = channel(0_u64);
            thread::scope(|scope| {
                for (name, follow) in ways() {
                    let mut rx = rx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(name);
                        let mut newest = None;
                        let may_repeat = name.starts_with("borrow");
                        let reported = follow(&mut rx, &mut |value| {
                            let rises = newest < Some(*value);
                            assert!(rises || may_repeat && newest == Some(*value), "{name}");
                            newest = Some(*value);
                        });
                        assert_eq!(newest, Some(total), "{name}");
                        if let Some(reported) = reported {
                            assert_eq!(reported + rx.skipped(), total, "{name}");
                        }
                    });
                }
                for sender in 0..senders {
                    let tx = tx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {sender} of {senders}"));
                        for turn in 0..EACH {
                            if turn % 2 == 0 {
                                tx.send_modify(|value| *value += 1);
                            } else {
                                assert!(!tx.send_if_modified(|_| false));
                                assert!(tx.send_if_modified(|value| {
                                    *value += 1;
                                    true
                                }));
                            }
                        }
                    });
                }
                drop(tx);
            });
            assert_eq!(*rx.borrow(), total);
        }
    });
}

#[test]
fn a_modification_that_looks_at_the_value_works_on_the_newest() {
    const EACH: u32 = 2_000;
    watched(|watch| {
        // Each takes a number once; twice the same would be a modification of an old value.
        let (tx, rx) = channel(0_u32);
        let mut taken: Vec<u32> = thread::scope(|scope| {
            let takers = [(); 3].map(|()| {
                let tx = tx.clone();
                scope.spawn(move || {
                    let _running = watch.running("taker");
                    let take = |_| {
                        let mut taken = None;
                        tx.send_modify(|next| {
                            taken = Some(*next);
                            *next += 1;
                        });
                        taken.unwrap()
                    };
                    (0..EACH).map(take).collect::<Vec<_>>()
                })
            });
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect()
        });
        taken.sort_unstable();
        assert!(taken.into_iter().eq(0..3 * EACH));
        assert_eq!(*rx.borrow(), 3 * EACH);
    });
}

#[test]
fn tasks_of_one_thread_and_threads_follow_side_by_side() {
    const TASKS: usize = 20;
    const SENDS: u64 = 3_000;
    watched(|watch| {
        let (tx, rx) = channel(0_u64);
        thread::scope(|scope| {
            for tasks in [1, TASKS] {
                let mut receivers: Vec<_> = (0..tasks).map(|_| rx.clone()).collect();
                scope.spawn(move || {
                    let _running = watch.running(format!("{tasks} tasks"));
                    let mut newest = vec![0; tasks];
                    let all = receivers.iter_mut().zip(&mut newest).map(|(rx, newest)| async {
                        let mut saw = |value: &u64| {
                            assert!(*newest < *value);
                            *newest = *value;
                        };
                        let reported = follow_as_task(rx, &mut saw).await;
                        assert_eq!(reported + rx.skipped(), SENDS);
                    });
                    block_on(join_all(all));
                    assert!(newest.iter().all(|newest| *newest == SENDS));
                });
            }
            for _ in 0..2 {
                let mut rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running("receiver");
                    let mut reported = 0;
                    while rx.blocking_changed().is_ok() {
                        reported += 1;
                    }
                    assert_eq!(reported + rx.skipped(), SENDS);
                });
            }
            let _running = watch.running("sender");
            for value in 1..=SENDS {
                tx.send(value).unwrap();
                // Sometimes long enough for them to fall asleep.
                for _ in 0..value % 8 * 100 {
                    spin_loop();
                }
            }
            drop(tx);
        });
    });
}

#[test]
fn who_waits_for_a_value_that_stays_finds_it() {
    const RECEIVERS: usize = 4;
    watched(|watch| {
        let (tx, rx) = channel(0);
        let (arrived, mut all_arrived) = channel(0);
        thread::scope(|scope| {
            for receiver in 0..RECEIVERS {
                let (mut rx, arrived) = (rx.clone(), arrived.clone());
                scope.spawn(move || {
                    let _running = watch.running(format!("receiver {receiver}"));
                    for turn in 1..=300 {
                        let found = if receiver % 2 == 0 {
                            rx.blocking_wait_for(|value| *value >= turn).map(|value| *value)
                        } else {
                            block_on(rx.wait_for(|value| *value >= turn)).map(|value| *value)
                        };
                        assert_eq!(found, Ok(turn), "the next comes only when all have this");
                        arrived.send_modify(|count| *count += 1);
                    }
                });
            }
            let _running = watch.running("sender");
            for turn in 1..=300 {
                tx.send(turn).unwrap();
                let all = turn * RECEIVERS;
                assert_eq!(
                    all_arrived.blocking_wait_for(|count| *count >= all).map(|count| *count),
                    Ok(all)
                );
            }
        });
    });
}

/// A receiver of a number that each change raises by one, so that it is the version.
struct Follower {
    rx: Receiver<u64>,
    /// What counted as seen when it began: at least, at most.
    began: (u64, u64),
    reported: u64,
    /// The newest that it has looked at.
    newest: u64,
}

impl Follower {
    fn of(tx: &Sender<u64>) -> Self {
        let least = *tx.borrow();
        let rx = tx.subscribe();
        let most = *tx.borrow();
        Self { rx, began: (least, most), reported: 0, newest: least }
    }

    fn look(&mut self) {
        let value = self.rx.borrow_and_update();
        self.reported += u64::from(value.has_changed());
        assert!(self.newest <= *value);
        self.newest = *value;
        let (least, most) = self.began;
        let began = *value - self.reported - self.rx.skipped();
        assert!((least..=most).contains(&began), "{began} is not in {least}..={most}");
        // From now on it is known.
        self.began = (began, began);
    }

    fn wait(&mut self, timeout: Duration) {
        if self.rx.blocking_changed_timeout(timeout).is_ok() {
            self.reported += 1;
            assert!(self.newest < *self.rx.borrow(), "there was nothing new");
        }
    }

    /// Polls once, and forgets that it did.
    fn poll(&mut self) {
        let mut future = ManuallyDrop::new(self.rx.changed());
        let mut cx = Context::from_waker(Waker::noop());
        let is_ready = pin!(&mut *future).poll(&mut cx).is_ready();
        self.reported += u64::from(is_ready);
    }
}

impl Clone for Follower {
    fn clone(&self) -> Self {
        Self { rx: self.rx.clone(), ..*self }
    }
}

#[test]
fn handles_come_and_go_at_any_time() {
    const THREADS: u64 = 4;
    const STEPS: usize = 8_000;
    watched(|watch| {
        let (tx, rx) = channel(0_u64);
        let changes = AtomicU64::new(0);
        thread::scope(|scope| {
            for thread in 1..=THREADS {
                let (tx, rx, changes) = (tx.clone(), rx.clone(), &changes);
                scope.spawn(move || {
                    let _running = watch.running(format!("thread {thread}"));
                    let mut senders = vec![tx];
                    let mut followers =
                        vec![Follower { rx, began: (0, 0), reported: 0, newest: 0 }];
                    let mut random = thread.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                    let mut below = |end: usize| {
                        random ^= random << 13;
                        random ^= random >> 7;
                        random ^= random << 17;
                        usize::try_from(random >> 33).unwrap() % end
                    };
                    for _ in 0..STEPS {
                        let action = below(12);
                        let tx = below(senders.len());
                        // There may be none for a while.
                        let rx = below(followers.len().max(1));
                        let follower = followers.get_mut(rx);
                        match (action, follower) {
                            (0, _) if senders.len() < 4 => senders.push(senders[tx].clone()),
                            (1, _) if senders.len() > 1 => drop(senders.swap_remove(tx)),
                            (2, Some(follower)) => {
                                let clone = follower.clone();
                                followers.push(clone);
                            }
                            (3, _) => followers.push(Follower::of(&senders[tx])),
                            (4 | 5, Some(_)) => drop(followers.swap_remove(rx)),
                            (6, Some(follower)) => follower.poll(),
                            (7, Some(follower)) => follower.wait(Duration::from_micros(20)),
                            (8 | 9, Some(follower)) => follower.look(),
                            _ => {
                                senders[tx].send_modify(|value| *value += 1);
                                changes.fetch_add(1, SeqCst);
                            }
                        }
                    }
                    drop(senders);
                    // Until the end: every sender of every thread is gone.
                    for follower in &mut followers {
                        while follower.rx.blocking_changed().is_ok() {
                            follower.reported += 1;
                        }
                        follower.look();
                        assert_eq!(follower.newest, changes.load(SeqCst));
                    }
                });
            }
            drop(tx);
        });
        assert_eq!(*rx.borrow(), changes.into_inner());
    });
}

#[test]
fn who_has_looked_at_a_value_is_not_told_that_nothing_changed() {
    const SENDS: u64 = 30_000;
    watched(|watch| {
        let (tx, rx) = channel(0_u64);
        thread::scope(|scope| {
            for reader in 0..3 {
                let mut rx = rx.clone();
                let looks = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("reader {reader}"));
                    let mut newest = 0;
                    for turn in 0.. {
                        let is_last = looks.is_closed();
                        // By another receiver, so that it is new to this one.
                        let value = *looks.borrow();
                        if newest < value {
                            let is_new = match turn % 3 {
                                // The senders may have gone meanwhile.
                                0 => rx.has_changed().unwrap_or(true),
                                1 => rx.blocking_changed_timeout(Duration::ZERO).is_ok(),
                                _ => block_on(rx.changed()).is_ok(),
                            };
                            assert!(is_new, "{value} after {newest}");
                            newest = *rx.borrow_and_update();
                            assert!(value <= newest);
                        }
                        if is_last {
                            assert_eq!(newest, SENDS);
                            break;
                        }
                    }
                });
            }
            let _running = watch.running("sender");
            for value in 1..=SENDS {
                tx.send(value).unwrap();
            }
            drop(tx);
        });
    });
}

#[test]
fn what_was_seen_does_not_become_new_again() {
    const SENDS: u64 = 30_000;
    watched(|watch| {
        let (tx, rx) = channel(0_u64);
        thread::scope(|scope| {
            for reader in 0..3 {
                let mut rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("reader {reader}"));
                    let mut marks = 0;
                    while !rx.is_closed() {
                        let seen = *rx.borrow_and_update();
                        // Not again, whether the mark is taken back or reported.
                        rx.mark_changed();
                        marks += 1;
                        if marks % 2 == 0 {
                            rx.mark_unchanged();
                        } else {
                            assert!(rx.blocking_changed_timeout(Duration::ZERO).is_ok());
                        }
                        let look = rx.borrow();
                        assert!(seen <= *look);
                        assert!(seen < *look || !look.has_changed(), "{seen} is new again");
                    }
                });
            }
            let _running = watch.running("sender");
            for value in 1..=SENDS {
                tx.send(value).unwrap();
            }
            drop(tx);
        });
    });
}

#[test]
fn senders_learn_of_the_receivers_end_whoever_goes_last() {
    watched(|watch| {
        let (tx, rx) = channel(0);
        drop(rx);
        for round in 0..300 {
            let receivers = [(); 3].map(|()| tx.subscribe());
            thread::scope(|scope| {
                for waiter in 0..2 {
                    let tx = tx.clone();
                    scope.spawn(move || {
                        let _running = watch.running(format!("sender {waiter}, round {round}"));
                        block_on(tx.closed());
                        assert!(tx.is_closed());
                        assert_eq!(tx.receiver_count(), 0);
                    });
                }
                for rx in receivers {
                    scope.spawn(move || drop(rx));
                }
            });
            assert!(tx.send(round).is_err());
        }
        assert_eq!(tx.sender_count(), 1);
    });
}

#[test]
fn readers_get_on_while_a_sender_never_stops() {
    const LOOKS: usize = 20_000;
    const READERS: usize = 3;
    watched(|watch| {
        let (tx, rx) = channel(vec![0_u64; 8]);
        let left = AtomicUsize::new(READERS);
        thread::scope(|scope| {
            for reader in 0..READERS {
                let (mut rx, tx, left) = (rx.clone(), tx.clone(), &left);
                scope.spawn(move || {
                    let _running = watch.running(format!("reader {reader}"));
                    let mut newest = 0;
                    for turn in 0..LOOKS {
                        let value = match turn % 3 {
                            0 => rx.borrow(),
                            1 => rx.borrow_and_update(),
                            _ => tx.borrow(),
                        };
                        assert!(value[0] >= newest && value.iter().all(|part| *part == value[0]));
                        newest = value[0];
                    }
                    left.fetch_sub(1, SeqCst);
                });
            }
            let _running = watch.running("sender");
            for value in 1.. {
                tx.send(vec![value; 8]).unwrap();
                if left.load(SeqCst) == 0 {
                    break;
                }
            }
        });
    });
}

#[test]
fn a_sender_gets_on_while_readers_never_stop_looking() {
    const SENDS: u64 = 20_000;
    watched(|watch| {
        let (tx, rx) = channel(vec![0_u64; 8]);
        thread::scope(|scope| {
            for reader in 0..3 {
                let rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("reader {reader}"));
                    while !rx.is_closed() {
                        // More at once than arc-swap has at hand.
                        let looks: [_; 12] = std::array::from_fn(|_| rx.borrow());
                        assert!(looks.is_sorted_by_key(|value| value[7]));
                    }
                    assert_eq!(rx.borrow()[0], SENDS);
                });
            }
            let _running = watch.running("sender");
            for value in 1..=SENDS {
                tx.send(vec![value; 8]).unwrap();
            }
            drop(tx);
        });
    });
}
