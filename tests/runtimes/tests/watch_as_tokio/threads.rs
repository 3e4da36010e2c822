//! Threads that look and send at the same time.

use crate::watch::channel;
use futures::FutureExt;
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
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

/// A thread sends ever greater numbers, until the receiver is gone. A thread that learns of a send in another way finds it
/// sent, and its value there. What a sender has looked at counts as seen to a receiver that subscribes then.
#[test]
fn a_send_that_returned_has_arrived_and_a_subscriber_begins_there() {
    watched(|_| {
        let (tx, mut rx) = channel([0; 6]);
        let sent = AtomicUsize::new(0);
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in (1..).take_while(|number| tx.send([*number; 6]).is_ok()) {
                    sent.store(number, SeqCst);
                    assert_eq!(whole(&tx.borrow()), number);
                }
            });
            let mut last = 0;
            for _ in rounds(100_000) {
                let arrived = sent.load(SeqCst);
                if arrived > last {
                    assert!(rx.has_changed().unwrap(), "{arrived} after {last}");
                    assert!(rx.changed().now_or_never().unwrap().is_ok());
                }
                last = whole(&rx.borrow_and_update());
                assert!(last >= arrived, "{last}, and {arrived} was sent");

                let before = whole(&tx.borrow());
                let new = tx.subscribe();
                let look = new.borrow();
                let begins = whole(&look);
                // It may have been replaced by now.
                assert!(begins != before || !look.has_changed(), "{before} is new");
                assert!(last <= before && before <= begins, "{last} {before} {begins}");
            }
            drop(rx);
        });
    });
}
