//! A value that can be looked at has been told of, while another thread sends ever more of them.

use super::watch::{self, Receiver, Sender};
use crate::{rounds::rounds, tools::waits, watchdog::watched};
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

/// Looks again and again, and panics if one of the looks returns false.
fn while_another_sends(
    look: impl Fn(&Sender<usize>, &mut Receiver<usize>) -> bool + Send + 'static,
) {
    watched(move |watch| {
        let _running = watch.running("a thread that sends");
        let (tx, mut rx) = watch::channel(0);
        let ended = AtomicBool::new(false);
        let failed = thread::scope(|scope| {
            scope.spawn(|| {
                for value in 1.. {
                    if ended.load(SeqCst) {
                        break;
                    }
                    tx.send(value).unwrap();
                }
            });
            let failed = rounds(100_000).find(|_| !look(&tx, &mut rx));
            ended.store(true, SeqCst);
            failed
        });
        assert_eq!(failed, None, "the round that failed");
    });
}

/// The value may be another one by now; if not, it is not new.
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
fn what_is_new_to_look_at_is_a_change() {
    while_another_sends(|_, rx| {
        let is_new = rx.borrow().has_changed();
        let is_change = rx.has_changed().unwrap();
        rx.borrow_and_update();
        !is_new || is_change
    });
}

#[test]
fn what_is_new_to_look_at_ends_a_wait() {
    while_another_sends(|_, rx| {
        let is_new = rx.borrow().has_changed();
        let waits = waits(rx.changed());
        rx.borrow_and_update();
        !is_new || !waits
    });
}
