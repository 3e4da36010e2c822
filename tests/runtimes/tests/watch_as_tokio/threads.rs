//! Threads that look, wait and send at the same time.

use crate::{
    old,
    watch::{Receiver, Sender, channel},
};
use futures::FutureExt;
use std::{
    sync::{
        Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use support::{rounds::rounds, watchdog::watched};

/// A number in many places, which a torn value cannot have in all.
pub(crate) type Whole = [usize; 6];

/// Returns the number that stands in all places.
pub(crate) fn whole(value: &Whole) -> usize {
    assert!(value.iter().all(|part| *part == value[0]), "torn: {value:?}");
    value[0]
}

/// What another thread sends to: ever greater numbers.
struct Sent<'a> {
    tx: &'a Sender<Whole>,
    rx: &'a mut Receiver<Whole>,
    /// The last number that was sent, or the number before.
    number: &'a AtomicUsize,
}

/// Looks again and again while another thread sends, which ends when the receiver is gone.
fn while_another_sends(mut look: impl FnMut(&mut Sent<'_>) + Send + 'static) {
    watched(move |_| {
        let (tx, rx) = channel([0; 6]);
        let number = AtomicUsize::new(0);
        thread::scope(|scope| {
            let mut rx = rx;
            scope.spawn(|| {
                for value in (1..).take_while(|value| tx.send([*value; 6]).is_ok()) {
                    number.store(value, SeqCst);
                    assert_eq!(whole(&tx.borrow()), value);
                }
            });
            let mut sent = Sent { tx: &tx, rx: &mut rx, number: &number };
            rounds(100_000).for_each(|_| look(&mut sent));
        });
    });
}

/// Checks that the value is not new, if it is the one that was seen. It may have been replaced by now.
fn assert_seen(rx: &Receiver<Whole>, value: usize) {
    let now = rx.borrow();
    assert!(whole(&now) != value || !now.has_changed(), "{value} is new");
}

#[test]
fn what_was_looked_at_can_be_marked_as_seen() {
    while_another_sends(|Sent { rx, .. }| {
        let value = whole(&rx.borrow());
        rx.mark_unchanged();
        assert_seen(rx, value);
    });
}

#[test]
fn what_was_looked_at_counts_as_seen_to_a_subscriber() {
    let mut last = 0;
    while_another_sends(move |Sent { tx, .. }| {
        let before = whole(&tx.borrow());
        let new = tx.subscribe();
        assert_seen(&new, before);
        let begins = whole(&new.borrow());
        assert!(last <= before && before <= begins, "{last} {before} {begins}");
        last = begins;
    });
}

#[test]
fn what_is_new_to_look_at_is_a_change_and_ends_a_wait() {
    while_another_sends(|Sent { rx, .. }| {
        let is_new = rx.borrow().has_changed();
        let is_change = rx.has_changed().unwrap();
        let has_ended = rx.changed().now_or_never().is_some();
        rx.borrow_and_update();
        assert!(!is_new || (is_change && has_ended));
    });
}

#[test]
fn no_value_is_torn_and_none_comes_before_an_older_one() {
    let mut last = 0;
    while_another_sends(move |Sent { rx, .. }| {
        let value = rx.borrow();
        let (newer, is_changed) = (whole(&value), value.has_changed());
        drop(value);
        assert!(newer >= last, "{newer} after {last}");
        assert_eq!(is_changed, newer != last, "{newer} after {last}");
        last = whole(&rx.borrow_and_update());
        assert!(last >= newer, "{last} after {newer}");
    });
}

/// A thread that learns of a send in another way finds it sent, and its value there.
#[test]
fn a_send_that_returned_has_arrived() {
    let mut last = 0;
    while_another_sends(move |Sent { rx, number, .. }| {
        let arrived = number.load(SeqCst);
        if arrived > last {
            assert!(rx.has_changed().unwrap(), "{arrived} after {last}");
            assert!(rx.changed().now_or_never().unwrap().is_ok());
        }
        last = whole(&rx.borrow_and_update());
        assert!(last >= arrived, "{last}, and {arrived} was sent");
    });
}

const THREADS: usize = 4;

/// Runs `body` in some threads that begin at the same time, and returns what they return.
fn in_threads<T: Send>(body: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let begin = Barrier::new(THREADS);
    let in_thread = |number| {
        begin.wait();
        body(number)
    };
    thread::scope(|scope| {
        let spawn = |number| scope.spawn(move || in_thread(number));
        let threads: Vec<_> = (0..THREADS).map(spawn).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn no_modification_is_lost() {
    watched(|_| {
        let (tx, rx) = channel([0; THREADS]);
        let modified = in_threads(|number| {
            let modify_if_odd = |round| {
                tx.send_if_modified(|counts| {
                    // Only if the counts of all other threads together are odd.
                    let others: usize = counts.iter().sum::<usize>() - counts[number];
                    if round % 16 == 0 {
                        // Other threads come in between, if they can.
                        thread::yield_now();
                    }
                    counts[number] += others % 2;
                    others % 2 == 1
                })
            };
            (0..1000)
                .filter(|round| {
                    tx.send_modify(|counts| counts[number] += 1);
                    modify_if_odd(*round)
                })
                .count()
        });
        let counts = modified.into_iter().map(|modified| 1000 + modified);
        assert!(counts.eq(*rx.borrow()));
    });
}

#[test]
fn every_value_that_was_replaced_is_handed_out_once() {
    const EACH: usize = 15_000;
    watched(|_| {
        let (tx, rx) = channel(0);
        let replaced = in_threads(|number| {
            let values = (number * EACH + 1)..=((number + 1) * EACH);
            values.map(|value| old(tx.send_replace(value))).collect::<Vec<_>>()
        });
        let mut all = replaced.concat();
        all.push(*rx.borrow());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=THREADS * EACH));
    });
}
