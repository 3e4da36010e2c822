//! A look at a value: it holds up nobody, stays what it is, and each value is dropped exactly once.
#![cfg(feature = "watch")]

use overwrite_channel::watch::{Ref, channel};
use std::{
    sync::{Arc, Barrier, mpsc},
    thread,
    time::Duration,
};

mod common {
    pub(crate) mod tracked;
    pub(crate) mod watchdog;
}
use common::{
    tracked::{Ledger, Tracked},
    watchdog::watched,
};

/// More than arc-swap keeps at hand for a thread without a count.
const MANY: usize = 100;

#[test]
fn a_look_is_kept_across_sends_of_the_same_thread() {
    let ledger = Ledger::new(10);
    let (tx, mut rx) = channel(ledger.issue());
    let by_receiver = rx.borrow();
    let by_sender = tx.borrow();
    assert!(tx.send(ledger.issue()).is_ok());
    let replaced = tx.send_replace(ledger.issue());
    assert_eq!((by_receiver.id(), by_sender.id(), replaced.id()), (0, 0, 1));
    assert!(ledger.dropped().is_empty(), "somebody looks at each of them");
    drop(by_receiver);
    assert!(ledger.dropped().is_empty());
    drop(by_sender);
    assert_eq!(ledger.dropped(), [0]);

    let seen = rx.borrow_and_update();
    assert!(tx.send(ledger.issue()).is_ok());
    assert_eq!((seen.id(), tx.borrow().id()), (2, 3));
    drop(replaced);
    drop(seen);
    assert_eq!(ledger.dropped(), [0, 1, 2]);
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn many_looks_at_once_each_keep_their_value() {
    let ledger = Ledger::new(MANY + 1);
    let (tx, rx) = channel(ledger.issue());
    // Two at each value: one of them beyond what a thread has at hand, at last.
    let mut looks = Vec::new();
    for at in 0..MANY {
        looks.push((at, rx.borrow()));
        looks.push((at, tx.borrow()));
        assert!(tx.send(ledger.issue()).is_ok());
        assert!(looks.iter().all(|(id, look)| look.id() == *id));
    }
    assert!(ledger.dropped().is_empty());
    // From the middle outwards, so that what a thread has at hand becomes free in between.
    for left in (0..MANY).rev() {
        let one = looks.swap_remove(left);
        assert!(one.1.id() == one.0 && looks.iter().all(|(id, look)| look.id() == *id));
        drop(one);
        let other = looks.pop().unwrap();
        drop(other);
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
        assert!(ledger.dropped().is_empty());
        last = Ref::try_unwrap(last).err().expect("others look at it");
        drop(look);
    }
    let value = Ref::try_unwrap(last).ok().expect("nobody else looks at it");
    assert_eq!(value.id(), 0);
    drop(value);
    assert_eq!(ledger.dropped(), [0]);
    drop((tx, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn looks_go_to_other_threads_and_end_there() {
    watched(|watch| {
        let ledger = Ledger::new(2 * MANY + 2);
        let (tx, rx) = channel(ledger.issue());
        thread::scope(|scope| {
            let (to, from) = mpsc::channel::<(usize, Ref<'_, Tracked<'_>>)>();
            scope.spawn(move || {
                let _running = watch.running("the thread that looks end in");
                // A few are kept until others have come.
                let mut kept = Vec::new();
                for look in from {
                    kept.push(look);
                    assert!(kept.iter().all(|(id, look)| look.id() == *id));
                    if kept.len() == 12 {
                        kept.drain(..6);
                    }
                }
            });
            for at in 0..2 * MANY {
                to.send((at, rx.borrow())).unwrap();
                let (sent, replaced) = (ledger.issue(), at % 2 == 0);
                if replaced {
                    to.send((at, tx.send_replace(sent))).unwrap();
                } else {
                    assert!(tx.send(sent).is_ok());
                }
            }
        });
        assert_eq!(ledger.dropped().len(), 2 * MANY, "only the newest is left");
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn a_look_outlives_the_thread_that_made_it() {
    watched(|watch| {
        let ledger = Ledger::new(MANY + 1);
        let (tx, rx) = channel(ledger.issue());
        let mut looks = Vec::new();
        for at in 0..MANY {
            // A thread that comes later may get what arc-swap had at hand for one that has ended.
            let more = thread::scope(|scope| {
                let look = |_| (at, rx.borrow());
                let thread = scope.spawn(move || (0..=at % 10).map(look).collect::<Vec<_>>());
                let _running = watch.running("a thread that looks and ends");
                thread.join().unwrap()
            });
            looks.extend(more);
            assert!(tx.send(ledger.issue()).is_ok());
            assert!(looks.iter().all(|(id, look)| look.id() == *id));
            if looks.len() > 40 {
                looks.drain(..20);
            }
        }
        let oldest = looks[0].0;
        assert_eq!(ledger.dropped(), (0..oldest).collect::<Vec<_>>());
        drop(looks);
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn handles_that_go_free_nothing_that_is_looked_at() {
    let ledger = Ledger::new(3);
    let (tx, rx) = channel(ledger.issue());
    let look = rx.borrow();
    assert!(tx.send(ledger.issue()).is_ok());
    let newest = rx.borrow();
    drop(tx);
    assert!(rx.is_closed());
    assert_eq!((look.id(), newest.id()), (0, 1));
    assert!(ledger.dropped().is_empty());
    drop((look, newest));
    assert_eq!(ledger.dropped(), [0]);
    drop(rx);
    assert_eq!(ledger.dropped(), [0, 1]);

    // The other side.
    let (tx, rx) = channel(ledger.issue());
    let look = tx.borrow();
    drop(rx);
    assert_eq!(look.id(), 2);
    assert_eq!(ledger.dropped(), [0, 1]);
    drop(look);
    drop(tx);
    ledger.assert_each_dropped_once();
}

#[test]
fn what_was_replaced_outlives_the_channel() {
    for unwrap in [true, false] {
        let ledger = Ledger::new(3);
        let (tx, rx) = channel(ledger.issue());
        let first = tx.send_replace(ledger.issue());
        let second = tx.send_replace(ledger.issue());
        drop((tx, rx));
        assert_eq!(ledger.dropped(), [2]);
        assert_eq!((first.id(), second.id()), (0, 1));
        if unwrap {
            let value = Ref::try_unwrap(second).ok().unwrap();
            assert_eq!(ledger.dropped(), [2]);
            drop(value);
            assert_eq!(ledger.dropped(), [1, 2]);
        } else {
            drop(second);
        }
        drop(first);
        ledger.assert_each_dropped_once();
    }
}

#[test]
fn a_value_is_had_by_the_last_who_looks_at_it_once_it_was_replaced() {
    let ledger = Ledger::new(3);
    let (tx, mut rx) = channel(ledger.issue());
    // In the channel, looked at by either side.
    let look = Ref::try_unwrap(rx.borrow_and_update()).err().unwrap();
    let other = Ref::try_unwrap(tx.borrow()).err().unwrap();
    assert_eq!((look.id(), other.id()), (0, 0), "it is handed back");
    assert!(tx.send(ledger.issue()).is_ok());
    // Replaced, with two who look.
    let look = Ref::try_unwrap(look).err().unwrap();
    drop(other);
    assert!(ledger.dropped().is_empty());
    let value = Ref::try_unwrap(look).ok().unwrap();
    assert_eq!(value.id(), 0);
    assert!(ledger.dropped().is_empty());
    drop(value);
    assert_eq!(ledger.dropped(), [0]);

    // What is handed back says the same as before.
    for seen in [false, true] {
        let look = Ref::try_unwrap(rx.borrow_and_update()).err().unwrap();
        assert_eq!((look.id(), look.has_changed()), (1, !seen));
    }

    // By another thread.
    let replaced = tx.send_replace(ledger.issue());
    let value = thread::scope(|scope| {
        scope.spawn(move || Ref::try_unwrap(replaced).ok().unwrap()).join().unwrap()
    });
    assert_eq!(value.id(), 1);
    drop((value, tx, rx));
    ledger.assert_each_dropped_once();
}

#[test]
fn of_two_threads_that_unwrap_at_most_one_has_the_value() {
    watched(|watch| {
        const ROUNDS: usize = 500;
        let ledger = Ledger::new(ROUNDS + 1);
        let (tx, rx) = channel(ledger.issue());
        let both = Barrier::new(2);
        for round in 0..ROUNDS {
            let look = tx.borrow();
            let replaced = tx.send_replace(ledger.issue());
            let unwrap = |look: Ref<'_, Tracked<'_>>| {
                let _running = watch.running("one of two");
                both.wait();
                match Ref::try_unwrap(look) {
                    Ok(value) => usize::from(value.id() == round),
                    Err(look) => {
                        assert_eq!(look.id(), round);
                        0
                    }
                }
            };
            let in_round = thread::scope(|scope| {
                let other = scope.spawn(|| unwrap(look));
                unwrap(replaced) + other.join().unwrap()
            });
            assert!(in_round <= 1);
            assert_eq!(ledger.dropped().len(), round + 1);
        }
        drop((tx, rx));
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn a_value_stays_what_it_is_while_others_send() {
    const SENDS: usize = 20_000;
    watched(|watch| {
        let ledger = Ledger::new(2 * SENDS + 1);
        let (tx, rx) = channel(ledger.issue());
        thread::scope(|scope| {
            for sender in 0..2 {
                let (tx, ledger) = (tx.clone(), &ledger);
                scope.spawn(move || {
                    let _running = watch.running(format!("sender {sender}"));
                    for _ in 0..SENDS {
                        assert!(tx.send(ledger.issue()).is_ok());
                    }
                });
            }
            drop(tx);
            for reader in 0..2 {
                let rx = rx.clone();
                scope.spawn(move || {
                    let _running = watch.running(format!("reader {reader}"));
                    let mut kept: [_; 12] = std::array::from_fn(|_| {
                        let look = rx.borrow();
                        (look.id(), look)
                    });
                    for turn in 0.. {
                        let is_last = rx.is_closed();
                        let look = rx.borrow();
                        kept[turn % 12] = (look.id(), look);
                        assert!(kept.iter().all(|(id, look)| look.id() == *id));
                        if is_last {
                            break;
                        }
                    }
                });
            }
        });
        assert_eq!(ledger.dropped().len(), 2 * SENDS, "only the newest is left");
        drop(rx);
        ledger.assert_each_dropped_once();
    });
}

#[test]
fn all_values_go_with_the_handles_in_every_order() {
    // Two of a kind; a look that needs no handle; in each of the 120 orders.
    type Handle<'l> = Box<dyn Send + 'l>;
    for order in orders() {
        let ledger = Ledger::new(4);
        let (tx, rx) = channel(ledger.issue());
        let (other_tx, mut other_rx) = (tx.clone(), rx.clone());
        assert!(tx.send(ledger.issue()).is_ok());
        assert_eq!(other_rx.borrow_and_update().id(), 1);
        let replaced = other_tx.send_replace(ledger.issue());
        let mut handles: [Option<Handle<'_>>; 5] = [
            Some(Box::new(tx)),
            Some(Box::new(other_tx)),
            Some(Box::new(rx)),
            Some(Box::new(other_rx)),
            Some(Box::new(replaced)),
        ];
        assert_eq!(ledger.dropped(), [0]);
        for handle in order {
            handles[handle] = None;
            let is_left = handles[..4].iter().any(Option::is_some);
            assert_eq!(ledger.dropped().contains(&1), handles[4].is_none(), "{order:?}");
            assert_eq!(ledger.dropped().contains(&2), !is_left, "{order:?}");
        }
        ledger.assert_each_dropped_once();
    }
}

/// All orders of five.
fn orders() -> impl Iterator<Item = [usize; 5]> {
    (0..5_usize.pow(5))
        .map(|code| [code % 5, code / 5 % 5, code / 25 % 5, code / 125 % 5, code / 625])
        .filter(|order| (0..5).all(|handle| order.contains(&handle)))
}

#[test]
fn every_order_is_met() {
    assert_eq!(orders().count(), 120);
}

#[test]
fn what_a_send_without_receivers_hands_back_is_not_stored() {
    let ledger = Ledger::new(4);
    let (tx, rx) = channel(ledger.issue());
    drop(rx);
    let error = tx.send(ledger.issue()).err().unwrap();
    assert_eq!(error.into_inner().id(), 1);
    assert_eq!(ledger.dropped(), [1]);
    assert_eq!(tx.borrow().id(), 0);
    assert_eq!(tx.send_replace(ledger.issue()).id(), 0);
    assert_eq!(ledger.dropped(), [0, 1]);
    let rx = tx.subscribe();
    assert!(tx.send(ledger.issue()).is_ok());
    drop(tx);
    assert_eq!(rx.borrow().id(), 3);
    drop(rx);
    ledger.assert_each_dropped_once();
}

#[test]
fn the_look_that_a_wait_returns_is_as_good_as_any() {
    let value = Arc::new(1);
    let (tx, mut rx) = channel(Arc::new(0));
    tx.send(value.clone()).unwrap();
    let look = rx.blocking_wait_for_timeout(Duration::ZERO, |value| **value == 1).unwrap();
    assert!(look.has_changed());
    tx.send(Arc::new(2)).unwrap();
    assert_eq!(Arc::strong_count(&value), 2, "looked at");
    let inner = Ref::try_unwrap(look).unwrap();
    assert!(Arc::ptr_eq(&inner, &value));
    drop(inner);
    assert_eq!(Arc::strong_count(&value), 1);
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
