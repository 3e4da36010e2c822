//! Sending through `&self`: inside of a send by the same handle.

use overwrite_channel::{SharedSender, channel};
use std::{cell::Cell, sync::Arc, task::Poll};
use support::{
    ledger::{Ledger, Tracked},
    panics::{panics, strike},
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
    let task = Task::with({
        let shared = Arc::downgrade(&shared);
        move |event| {
            if event == Event::Wake {
                assert_eq!(shared.upgrade().unwrap().send(2), Ok(Some(1)));
            }
        }
    });
    let mut future = rx.recv_async();
    assert!(task.poll(&mut future).is_pending());
    task.seen();
    assert_eq!(shared.send(1), Ok(None));
    assert_eq!(task.seen().woken, 1);
    assert_eq!(Task::new().poll(&mut future), Poll::Ready(Ok(2)));
    assert_eq!(shared.send(3), Ok(None));
}

#[test]
fn a_key_that_panics_leaves_the_handle_and_the_channel_whole() {
    // With and without a value in the slot, at each look that there is.
    for (before, look) in [(false, 1), (true, 1), (true, 2)] {
        let ledger = Ledger::new(10);
        let (tx, mut rx) = channel();
        let shared = tx.into_shared();
        if before {
            shared.send(ledger.issue()).unwrap();
        }
        let looks = Cell::new(0);
        panics(|| {
            shared.send_newest_by_key(ledger.issue(), |value| {
                looks.set(looks.get() + 1);
                if looks.get() == look {
                    strike();
                }
                value.id()
            })
        });
        // The value that the key was looking at is gone: the second look is at the displaced value.
        let (lost, left) =
            if look == 2 { (0, Some(1)) } else { (usize::from(before), before.then_some(0)) };
        assert_eq!(ledger.dropped(), [lost]);
        assert_eq!(rx.try_recv().ok().map(|value| value.id()), left);

        for _ in 0..2 {
            let value = ledger.issue();
            let id = value.id();
            assert_eq!(shared.send(value), Ok(None));
            assert_eq!(rx.try_recv().unwrap().id(), id);
        }
        let clone = shared.clone();
        assert_eq!(clone.send(ledger.issue()), Ok(None));
        drop((shared, clone, rx));
        ledger.assert_each_dropped_once();
    }
}
