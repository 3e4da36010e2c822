//! Sending through `&self`: inside of a send by the same handle.

use overwrite_channel::{SharedSender, channel};
use std::{cell::Cell, sync::Arc, task::Poll};
use support::{
    ledger::{Ledger, Tracked},
    waker::{Event, Task},
};

#[test]
fn a_key_may_send_through_the_same_handle() {
    // What lies in the slot, what the outer call sends, at which look at a value the inner call sends
    // what; what the inner and the outer call return, and what lies in the slot at last.
    for (before, outer, look, inner, inner_out, outer_out, after) in [
        (None, 5, 1, 1, None, Some(1), 5),
        (None, 5, 1, 9, None, Some(5), 9),
        (Some(3), 5, 1, 4, Some(3), Some(4), 5),
        (Some(3), 5, 2, 9, Some(5), Some(3), 9),
        (Some(9), 5, 2, 7, Some(5), Some(7), 9),
        (Some(9), 5, 3, 7, Some(9), Some(5), 7),
    ] {
        let (tx, mut rx) = channel();
        let shared = tx.into_shared();
        if let Some(value) = before {
            shared.send(value).unwrap();
        }
        let looks = Cell::new(0);
        let got = shared.send_newest_by_key(outer, |value| {
            looks.set(looks.get() + 1);
            if looks.get() == look {
                assert_eq!(shared.send(inner), Ok(inner_out));
            }
            *value
        });
        assert!(looks.get() >= look, "of {before:?}, {outer}, {look}");
        assert_eq!(got, Ok(outer_out), "of {before:?}, {outer}, {look}");
        assert_eq!(rx.try_recv(), Ok(after), "of {before:?}, {outer}, {look}");
        assert_eq!(shared.send(1), Ok(None));
        assert_eq!(rx.try_recv(), Ok(1));
    }
}

#[test]
fn keys_may_send_inside_one_another() {
    const DEPTH: usize = 20;
    fn nest(shared: &SharedSender<Tracked>, ledger: &Ledger, depth: usize) {
        let looked = Cell::new(false);
        let outcome = shared.send_newest_by_key(ledger.issue(), |value| {
            if !looked.replace(true) && depth > 0 {
                nest(shared, ledger, depth - 1);
            }
            value.id()
        });
        // The inner calls send first, and their values are newer.
        assert_eq!(outcome.unwrap().is_some(), depth > 0);
    }
    let ledger = Ledger::new(DEPTH + 1);
    let (tx, mut rx) = channel();
    let shared = tx.into_shared();
    nest(&shared, &ledger, DEPTH);
    assert_eq!(rx.try_recv().unwrap().id(), DEPTH);
    drop((shared, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn a_waker_may_send_through_the_same_handle() {
    let (tx, mut rx) = channel();
    let shared = Arc::new(tx.into_shared());
    let sends = Arc::downgrade(&shared);
    let task = Task::acting_in(Event::Wake, move || {
        assert_eq!(sends.upgrade().unwrap().send(2), Ok(Some(1)));
    });
    let mut future = task.waits(rx.recv_async());
    assert_eq!(shared.send(1), Ok(None));
    assert_eq!(task.seen().woken, 1);
    assert_eq!(Task::new().poll(&mut future), Poll::Ready(Ok(2)));
    assert_eq!(shared.send(3), Ok(None));
}
