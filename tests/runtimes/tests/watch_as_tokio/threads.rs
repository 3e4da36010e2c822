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

/// Looks again and again while another thread sends ever greater numbers, which ends when the receiver is gone. Each look
/// learns which number was the last to be sent, or the number before.
fn while_another_sends(
    mut look: impl FnMut(&Sender<Whole>, &mut Receiver<Whole>, usize) + Send + 'static,
) {
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
            rounds(100_000).for_each(|_| look(&tx, &mut rx, number.load(SeqCst)));
        });
    });
}

#[test]
fn what_was_looked_at_counts_as_seen_to_a_subscriber() {
    let mut last = 0;
    while_another_sends(move |tx, _, _| {
        let before = whole(&tx.borrow());
        let new = tx.subscribe();
        let look = new.borrow();
        let begins = whole(&look);
        // It may have been replaced by now.
        assert!(begins != before || !look.has_changed(), "{before} is new");
        assert!(last <= before && before <= begins, "{last} {before} {begins}");
        last = begins;
    });
}

/// A thread that learns of a send in another way finds it sent, and its value there.
#[test]
fn a_send_that_returned_has_arrived() {
    let mut last = 0;
    while_another_sends(move |_, rx, arrived| {
        if arrived > last {
            assert!(rx.has_changed().unwrap(), "{arrived} after {last}");
            assert!(rx.changed().now_or_never().unwrap().is_ok());
        }
        last = whole(&rx.borrow_and_update());
        assert!(last >= arrived, "{last}, and {arrived} was sent");
    });
}

#[test]
fn every_value_that_was_replaced_is_handed_out_once() {
    const THREADS: usize = 4;
    const EACH: usize = 15_000;
    watched(|_| {
        let (tx, rx) = channel(0);
        let begin = Barrier::new(THREADS);
        let replace = &|number| {
            begin.wait();
            let values = (number * EACH + 1)..=((number + 1) * EACH);
            values.map(|value| old(tx.send_replace(value))).collect::<Vec<_>>()
        };
        let mut all = thread::scope(|scope| {
            let threads: Vec<_> =
                (0..THREADS).map(|number| scope.spawn(move || replace(number))).collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        all.push(*rx.borrow());
        all.sort_unstable();
        assert!(all.into_iter().eq(0..=THREADS * EACH));
    });
}
