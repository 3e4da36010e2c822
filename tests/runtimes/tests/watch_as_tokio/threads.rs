//! Threads that look, wait and send at the same time.

use crate::{
    old,
    watch::{Receiver, Sender, channel},
};
use futures::{FutureExt, executor::block_on, future::join_all};
use overwrite_channel_runtimes::polled::waits;
use std::{
    sync::{
        Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use support::{rounds::rounds, watchdog::watched};

const SENDS: usize = 2000;

/// Looks again and again while another thread sends ever more values, and panics if one of the looks returns `false`.
fn while_another_sends(
    look: impl Fn(&Sender<usize>, &mut Receiver<usize>) -> bool + Send + 'static,
) {
    watched(move |_| {
        let (tx, mut rx) = channel(0);
        let has_ended = AtomicBool::new(false);
        let failed = thread::scope(|scope| {
            scope.spawn(|| {
                for value in (1..).take_while(|_| !has_ended.load(SeqCst)) {
                    tx.send(value).unwrap();
                }
            });
            let failed = rounds(100_000).find(|_| !look(&tx, &mut rx));
            has_ended.store(true, SeqCst);
            failed
        });
        assert_eq!(failed, None, "the round that failed");
    });
}

/// Returns `true` if the value is not new. It may be another one by now.
fn is_not_new(rx: &Receiver<usize>, value: usize) -> bool {
    let now = rx.borrow();
    *now != value || !now.has_changed()
}

#[test]
fn what_was_looked_at_can_be_marked_as_seen() {
    while_another_sends(|_, rx| {
        let value = *rx.borrow();
        rx.mark_unchanged();
        is_not_new(rx, value)
    });
}

#[test]
fn what_was_looked_at_counts_as_seen_to_a_subscriber() {
    while_another_sends(|tx, _| {
        let value = *tx.borrow();
        is_not_new(&tx.subscribe(), value)
    });
}

#[test]
fn what_is_new_to_look_at_is_a_change_and_ends_a_wait() {
    while_another_sends(|_, rx| {
        let is_new = rx.borrow().has_changed();
        let is_change = rx.has_changed().unwrap();
        let waits = waits(rx.changed());
        rx.borrow_and_update();
        !is_new || (is_change && !waits)
    });
}

#[test]
fn no_modification_is_lost() {
    const THREADS: usize = 4;
    watched(|_| {
        let (tx, rx) = channel([0; THREADS]);
        let odd = AtomicUsize::new(0);
        let begin = Barrier::new(THREADS);
        thread::scope(|scope| {
            for number in 0..THREADS {
                let (tx, odd, begin) = (tx.clone(), &odd, &begin);
                scope.spawn(move || {
                    begin.wait();
                    for round in 0..SENDS {
                        if round % 2 == 0 {
                            tx.send_modify(|counts| {
                                if round % 16 == 0 {
                                    // Other threads come in between, if they can.
                                    thread::yield_now();
                                }
                                counts[number] += 1;
                            });
                        } else if tx.send_if_modified(|counts| {
                            // Only if all others together are odd, which they decide.
                            let others: usize = counts.iter().sum::<usize>() - counts[number];
                            if others % 2 == 1 {
                                counts[number] += 1;
                            }
                            others % 2 == 1
                        }) {
                            odd.fetch_add(1, SeqCst);
                        }
                    }
                });
            }
        });
        let total: usize = rx.borrow().iter().sum();
        assert_eq!(total, THREADS * SENDS / 2 + odd.load(SeqCst));
    });
}

#[test]
fn every_value_that_was_replaced_is_handed_out_once() {
    const THREADS: usize = 3;
    const EACH: usize = 10 * SENDS;
    watched(|_| {
        let (tx, rx) = channel(0);
        let begin = Barrier::new(THREADS);
        let mut all: Vec<usize> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|number| {
                    let (tx, begin) = (tx.clone(), &begin);
                    scope.spawn(move || {
                        let values = (number * EACH + 1)..=((number + 1) * EACH);
                        begin.wait();
                        values.map(|value| old(tx.send_replace(value))).collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        all.push(*rx.borrow());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=THREADS * EACH));
    });
}

/// Returns the number that stands in all places of a value, which no torn value can have.
pub(crate) fn whole(value: &[usize; 6]) -> usize {
    assert!(value.iter().all(|part| *part == value[0]), "torn: {value:?}");
    value[0]
}

#[test]
fn no_value_is_torn_and_none_comes_before_an_older_one() {
    watched(|_| {
        let (tx, rx) = channel([0; 6]);
        let has_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            for _ in 0..3 {
                let (mut rx, has_ended) = (rx.clone(), &has_ended);
                scope.spawn(move || {
                    let mut last = 0;
                    while !has_ended.load(SeqCst) {
                        let value = rx.borrow();
                        let (newer, is_changed) = (whole(&value), value.has_changed());
                        drop(value);
                        assert!(newer >= last, "{newer} after {last}");
                        assert_eq!(is_changed, newer != last, "{newer} after {last}");
                        let value = whole(&rx.borrow_and_update());
                        assert!(value >= newer, "{value} after {newer}");
                        last = value;
                    }
                });
            }
            for value in rounds(50_000) {
                assert!(tx.send([value; 6]).is_ok());
                assert_eq!(whole(&tx.borrow()), value);
            }
            has_ended.store(true, SeqCst);
        });
    });
}

/// A thread that learns of a send in another way finds it sent, and its value there.
#[test]
fn a_send_that_returned_has_arrived() {
    watched(|_| {
        let (tx, mut rx) = channel(0);
        let sent = AtomicUsize::new(0);
        let has_ended = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                for value in rounds(100_000) {
                    tx.send(value).unwrap();
                    sent.store(value, SeqCst);
                }
                has_ended.store(true, SeqCst);
            });
            let mut last = 0;
            while !has_ended.load(SeqCst) {
                let arrived = sent.load(SeqCst);
                if arrived > last {
                    assert!(rx.has_changed().unwrap(), "{arrived} after {last}");
                    assert!(rx.changed().now_or_never().unwrap().is_ok());
                }
                last = *rx.borrow_and_update();
                assert!(last >= arrived, "{last}, and {arrived} was sent");
            }
        });
    });
}

/// The value that is sent right before the channel closes is seen before the end is.
#[test]
fn the_last_value_is_never_missed() {
    watched(|_| {
        for _ in rounds(300) {
            let (tx, rx) = channel(0);
            let thread = thread::spawn(move || {
                tx.send(1).unwrap();
                tx.send(2).unwrap();
            });
            let tasks = vec![rx; 3].into_iter().map(|mut rx| async move {
                let mut last = 0;
                while rx.changed().await.is_ok() {
                    last = *rx.borrow_and_update();
                }
                last
            });
            assert_eq!(block_on(join_all(tasks)), [2; 3]);
            thread.join().unwrap();
        }
    });
}
