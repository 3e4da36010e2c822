//! Looks at values that pass between threads.

use overwrite_channel::watch::{Ref, channel};
use std::{sync::mpsc, thread};
use support::{
    ledger::{Ledger, Tracked},
    watchdog::watched,
};

#[test]
fn looks_outlive_the_threads_that_made_them_and_end_in_others() {
    const MANY: usize = 100;
    watched(|watchdog| {
        let ledger = Ledger::new(MANY + 1);
        let (tx, rx) = channel(ledger.issue());
        thread::scope(|scope| {
            // Looks, and the numbers of their values.
            let (to, from) = mpsc::channel::<(usize, Ref<'_, Tracked>)>();
            scope.spawn(move || {
                let _running = watchdog.running("the thread that looks end in");
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
                let _running = watchdog.running("a thread that looks and ends");
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
fn what_holds_a_look_can_be_compared() {
    #[derive(Debug, PartialEq, Eq)]
    struct Shown(Ref<'static, u8>);
    let (tx, rx) = channel(1);
    let shown = Shown(rx.borrow());
    assert_eq!(shown, Shown(tx.borrow()));
    tx.send(2).unwrap();
    assert_ne!(shown, Shown(rx.borrow()));
}
