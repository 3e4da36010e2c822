//! Looks at values: each keeps its value and delays no handle, and each value is dropped exactly once.

use overwrite_channel::watch::{Ref, channel};
use std::{sync::mpsc, thread};
use support::{
    ledger::{Ledger, Tracked},
    watchdog::watched,
};

#[test]
fn a_look_outlives_the_handles_and_a_send_without_receivers_stores_nothing() {
    let ledger = Ledger::new(4);
    let (tx, mut rx) = channel(ledger.issue());
    let replaced = tx.send_replace(ledger.issue());
    let newest = tx.borrow();
    let seen = Ref::try_unwrap(rx.borrow_and_update()).expect_err("it is in the channel");
    assert!(seen.has_changed(), "what is handed back says the same as before");
    drop(seen);
    drop(rx);
    assert_eq!(tx.send(ledger.issue()).unwrap_err().into_inner().id(), 2);
    assert_eq!([&replaced, &newest, &tx.borrow()].map(|look| look.id()), [0, 1, 1]);
    assert_eq!(ledger.alive(), [0, 1]);
    drop(newest);
    drop(tx);
    assert_eq!((ledger.alive(), replaced.id()), (vec![0], 0));
    assert_eq!(Ref::try_unwrap(replaced).expect("this is the only look").id(), 0);
    ledger.assert_each_dropped_once();
}

#[test]
fn looks_outlive_the_threads_that_made_them_and_end_in_others() {
    const MANY: usize = 100;
    watched(|watch| {
        let ledger = Ledger::new(MANY + 1);
        let (tx, rx) = channel(ledger.issue());
        thread::scope(|scope| {
            // Looks, and the numbers of their values.
            let (to, from) = mpsc::channel::<(usize, Ref<'_, Tracked>)>();
            scope.spawn(move || {
                let _running = watch.running("the thread that looks end in");
                // Some are kept until others have come.
                let mut kept = Vec::new();
                for look in from {
                    kept.push(look);
                    assert!(kept.iter().all(|(id, look)| look.id() == *id));
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
