//! Looks at values: each keeps its value and delays no handle, and each value is dropped exactly once.

use overwrite_channel::watch::{Ref, channel};
use std::{
    sync::{Barrier, mpsc},
    thread,
};
use support::{
    ledger::{Ledger, Tracked},
    watchdog::watched,
};

/// More than arc-swap keeps at hand for a thread without a count.
const MANY: usize = 100;

/// A look, and the number of the value that it is at.
type Look<'a> = (usize, Ref<'a, Tracked>);

fn are_unchanged(looks: &[Look<'_>]) -> bool {
    looks.iter().all(|(id, look)| look.id() == *id)
}

#[test]
fn a_look_outlives_the_handles_and_a_send_without_receivers_stores_nothing() {
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel(ledger.issue());
    let replaced = tx.send_replace(ledger.issue());
    let seen = Ref::try_unwrap(rx.borrow_and_update()).expect_err("it is in the channel");
    assert!(seen.has_changed(), "what is handed back says the same as before");
    drop(tx);
    assert_eq!((replaced.id(), seen.id()), (0, 1));
    drop(seen);
    assert_eq!(ledger.alive(), [0, 1]);
    drop(rx);
    assert_eq!((ledger.alive(), replaced.id()), (vec![0], 0));
    drop(replaced);
    ledger.assert_each_dropped_once();

    let (tx, rx) = channel(ledger.issue());
    let look = tx.borrow();
    drop(rx);
    assert_eq!(tx.send(ledger.issue()).unwrap_err().into_inner().id(), 3);
    assert_eq!((look.id(), tx.borrow().id()), (2, 2));
    drop(look);
    assert_eq!(ledger.alive(), [2]);
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn many_looks_at_once_each_keep_their_value() {
    let ledger = Ledger::new(MANY + 1);
    let (tx, rx) = channel(ledger.issue());
    // Two at each value: soon more than a thread has at hand.
    let mut looks = Vec::new();
    for at in 0..MANY {
        looks.push((at, rx.borrow()));
        looks.push((at, tx.borrow()));
        assert!(tx.send(ledger.issue()).is_ok());
        assert!(are_unchanged(&looks));
    }
    assert!(ledger.dropped().is_empty());
    // From the middle outwards, so that what a thread has at hand becomes free in between.
    for left in (0..MANY).rev() {
        drop(looks.swap_remove(left));
        drop(looks.pop());
        assert!(are_unchanged(&looks));
        let kept = |id| looks.iter().any(|(it, _)| *it == id);
        let dropped: Vec<_> = (0..MANY).filter(|id| !kept(*id)).collect();
        assert_eq!(ledger.dropped(), dropped);
    }
    drop(looks);
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn many_looks_at_one_value_are_one_value() {
    let ledger = Ledger::new(2);
    let (tx, rx) = channel(ledger.issue());
    let mut looks: Vec<_> = (0..MANY).map(|_| rx.borrow()).collect();
    let mut last = tx.send_replace(ledger.issue());
    while let Some(look) = looks.pop() {
        last = Ref::try_unwrap(last).expect_err("there are other looks at it");
        drop(look);
        assert!(ledger.dropped().is_empty());
    }
    assert_eq!(Ref::try_unwrap(last).expect("the last look has the value").id(), 0);
    assert_eq!(ledger.dropped(), [0]);
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn looks_outlive_the_threads_that_made_them_and_end_in_others() {
    watched(|watch| {
        let ledger = Ledger::new(MANY + 1);
        let (tx, rx) = channel(ledger.issue());
        thread::scope(|scope| {
            let (to, from) = mpsc::channel::<Look<'_>>();
            scope.spawn(move || {
                let _running = watch.running("the thread that looks end in");
                // Some are kept until others have come.
                let mut kept = Vec::new();
                for look in from {
                    kept.push(look);
                    assert!(are_unchanged(&kept));
                    if kept.len() > 40 {
                        kept.drain(..20);
                    }
                }
            });
            for at in 0..MANY {
                // A thread that comes later may get what arc-swap had at hand for one that has ended.
                let _running = watch.running("a thread that looks and ends");
                let rx = &rx;
                let look = move |_| (at, rx.borrow());
                let looks = scope.spawn(move || (0..=at % 10).map(look).collect::<Vec<_>>());
                looks.join().unwrap().into_iter().for_each(|look| to.send(look).unwrap());
                let replaced = tx.send_replace(ledger.issue());
                if at % 2 == 0 {
                    to.send((at, replaced)).unwrap();
                }
            }
        });
        assert_eq!(ledger.alive(), [MANY], "only the newest is left");
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn of_two_threads_that_unwrap_at_most_one_has_the_value() {
    watched(|watch| {
        const ROUNDS: usize = 500;
        let ledger = Ledger::new(ROUNDS + 1);
        let (tx, rx) = channel(ledger.issue());
        let both = Barrier::new(2);
        for round in 0..ROUNDS {
            let unwrap = |look: Ref<'_, Tracked>| {
                let _running = watch.running("one of two");
                both.wait();
                let (id, has_value) = match Ref::try_unwrap(look) {
                    Ok(value) => (value.id(), true),
                    Err(look) => (look.id(), false),
                };
                assert_eq!(id, round);
                usize::from(has_value)
            };
            let look = tx.borrow();
            let replaced = tx.send_replace(ledger.issue());
            let values = thread::scope(|scope| {
                let other = scope.spawn(|| unwrap(look));
                unwrap(replaced) + other.join().unwrap()
            });
            assert!(values <= 1);
            assert_eq!(ledger.dropped().len(), round + 1);
        }
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn handles_futures_looks_and_errors_say_what_they_are() {
    let (tx, mut rx) = channel("old");
    assert_eq!(format!("{tx:?}"), "Sender { .. }");
    assert_eq!(format!("{rx:?}"), "Receiver { .. }");
    assert_eq!(format!("{:?}", rx.changed()), "ChangedFuture { .. }");
    assert_eq!(format!("{:?}", rx.wait_for(|_| true)), "WaitForFuture { .. }");
    let look = rx.borrow();
    assert_eq!(look.to_string(), "old");
    assert_eq!(format!("{look:?}"), r#"Ref { value: "old", has_changed: false }"#);
    drop(tx);
    let error = rx.has_changed().unwrap_err();
    assert_eq!(error.to_string(), "receiving on a channel without senders");
}
