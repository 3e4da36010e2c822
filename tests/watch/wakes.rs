//! How often a waker is cloned, woken and dropped, counted exactly.

use crate::{SENDS, leaves, pends};
use overwrite_channel::watch::{Receiver, Sender, channel};
use std::{cell::Cell, mem, task::Poll};
use support::waker::{Event, Seen, Task, tasks};

#[test]
fn each_change_and_the_end_wake_each_waiting_task_exactly_once() {
    for send in SENDS {
        let (tx, mut rx) = channel(0);
        let (other, mut beside) = (tx.clone(), rx.clone());
        let tasks: [Task; 2] = tasks();
        let sees = |seen| assert_eq!(tasks.each_ref().map(Task::seen), [seen; 2]);
        let mut waits = [rx.changed(), beside.changed()];
        tasks.iter().zip(&mut waits).for_each(|(task, wait)| pends(task, wait));
        send(&tx);
        sees(Seen::WOKEN);
        // A task that was woken and has not polled since is not woken again.
        send(&tx);
        sees(Seen::NOTHING);
        for (task, wait) in tasks.iter().zip(&mut waits) {
            assert_eq!(task.poll(wait), Poll::Ready(Ok(())));
        }
        drop(waits);
        send(&tx);
        sees(Seen::NOTHING);

        rx.mark_unchanged();
        beside.mark_unchanged();
        let mut waits = [rx.changed(), beside.changed()];
        tasks.iter().zip(&mut waits).for_each(|(task, wait)| pends(task, wait));
        drop(other);
        sees(Seen::NOTHING);
        drop(tx);
        sees(Seen::WOKEN);
        for (task, wait) in tasks.iter().zip(&mut waits) {
            assert!(matches!(task.poll(wait), Poll::Ready(Err(_))));
        }
        sees(Seen::NOTHING);
    }
}

/// What is done to the handles of a channel. They end with their `Vec`s.
type Act = fn(&Task, &mut Vec<Sender<u32>>, &mut Vec<Receiver<u32>>);

/// What becomes of the waker of a future that was forgotten while it waited.
const LEFT_BEHIND: [(&str, Seen, Act); 9] = [
    ("polled by the same task", Seen::NOTHING, |task, _, rxs| {
        let mut changed = rxs[0].changed();
        assert!(task.poll(&mut changed).is_pending());
        mem::forget(changed);
    }),
    ("polled by another task", Seen::DROPPED, |_, _, rxs| {
        let other = Task::new();
        let mut changed = rxs[0].changed();
        pends(&other, &mut changed);
        drop(changed);
        assert_eq!(other.seen(), Seen::DROPPED);
    }),
    ("a change", Seen::WOKEN, |_, txs, _| txs[0].send(1).unwrap()),
    ("the senders' end", Seen::WOKEN, |_, txs, _| txs.clear()),
    ("a change, and then the end", Seen::WOKEN, |task, txs, rxs| {
        txs[0].send(1).unwrap();
        txs.clear();
        assert_eq!(task.poll(&mut rxs[0].changed()), Poll::Ready(Ok(())));
        assert!(matches!(task.poll(&mut rxs[0].changed()), Poll::Ready(Err(_))));
    }),
    ("the end of a future never polled", Seen::DROPPED, |_, _, rxs| drop(rxs[0].changed())),
    ("a future that does not wait", Seen::DROPPED, |task, _, rxs| {
        rxs[0].mark_changed();
        assert!(task.poll(&mut rxs[0].changed()).is_ready());
    }),
    ("a value that is there", Seen::DROPPED, |task, _, rxs| {
        assert!(task.poll(&mut rxs[0].wait_for(|value| *value == 0)).is_ready());
    }),
    ("the receiver's end", Seen::DROPPED, |_, _, rxs| rxs.clear()),
];

#[test]
fn a_waker_left_behind_is_woken_once_or_dropped_once() {
    for (name, seen, act) in LEFT_BEHIND {
        let task = Task::new();
        let (tx, mut rx) = channel(0);
        leaves(&task, &mut rx);
        let (mut txs, mut rxs) = (vec![tx], vec![rx]);
        act(&task, &mut txs, &mut rxs);
        assert_eq!(task.seen(), seen, "{name}");
        drop(rxs);
        assert_eq!(
            task.seen(),
            if seen == Seen::NOTHING { Seen::DROPPED } else { Seen::NOTHING },
            "{name}"
        );
        drop(txs);
        assert_eq!(task.seen(), Seen::NOTHING, "{name}");
    }
}

#[test]
fn a_poll_that_need_not_wait_leaves_the_waker_alone() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    tx.send(1).unwrap();
    assert!(task.poll(&mut rx.changed()).is_ready());
    assert!(task.poll(&mut rx.wait_for(|value| *value == 1)).is_ready());
    rx.mark_changed();
    assert!(task.poll(&mut rx.changed()).is_ready());
    drop(tx);
    assert!(task.poll(&mut rx.changed()).is_ready());
    assert!(task.poll(&mut rx.wait_for(|value| *value == 2)).is_ready());
    drop(rx.changed());
    assert_eq!(task.seen(), Seen::NOTHING);
}

#[test]
fn a_future_that_is_dropped_drops_its_waker_and_marks_nothing() {
    let [task, beside] = tasks();
    let (tx, mut rx) = channel(0);
    let mut other = rx.clone();
    pends(&beside, &mut other.changed());
    assert_eq!(beside.seen(), Seen::DROPPED);
    let mut stays = other.changed();
    pends(&beside, &mut stays);
    pends(&task, &mut rx.wait_for(|_| false));
    assert_eq!(task.seen(), Seen::DROPPED);
    let mut woken = rx.changed();
    pends(&task, &mut woken);
    tx.send(1).unwrap();
    assert_eq!((task.seen(), beside.seen()), (Seen::WOKEN, Seen::WOKEN));
    drop(woken);
    assert_eq!(task.seen(), Seen::NOTHING);
    assert_eq!((rx.has_changed(), rx.skipped()), (Ok(true), 0));
    assert_eq!(task.poll(&mut rx.changed()), Poll::Ready(Ok(())));
}

/// Polls once. Ready with `false` is the end.
type PollOnce = fn(&Task, &mut Receiver<u32>) -> Poll<bool>;

#[test]
fn what_comes_between_the_look_and_the_announcement_is_seen() {
    let polls: &[PollOnce] = &[
        |task, rx| task.poll(&mut rx.changed()).map(|end| end.is_ok()),
        |task, rx| task.poll(&mut rx.wait_for(|value| *value == 1)).map(|end| end.is_ok()),
        #[cfg(feature = "stream")]
        |task, rx| task.poll(&mut futures::StreamExt::next(rx)).map(|next| next.is_some()),
    ];
    for (poll, sends) in polls.iter().flat_map(|poll| [(poll, true), (poll, false)]) {
        let (tx, mut rx) = channel(0);
        let stays = sends.then(|| tx.clone());
        // Between a poll's look and its announcement.
        let task = Task::acting_in(Event::Clone, move || {
            if sends {
                tx.send(1).unwrap();
            }
            drop(tx);
        });
        assert_eq!(poll(&task, &mut rx), Poll::Ready(sends));
        assert_eq!(task.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
        assert_eq!(rx.has_changed().ok(), stays.map(|_| false));
    }
    let (tx, rx) = channel(0);
    let task = Task::acting_in(Event::Clone, move || drop(rx));
    assert_eq!(task.poll(&mut tx.closed()), Poll::Ready(()));
    assert_eq!(task.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
}

#[test]
fn a_poll_looks_at_no_more_than_128_new_unwanted_values_and_then_wakes_itself() {
    let task = Task::new();
    let (tx, mut rx) = channel(0);
    let looked = Cell::new(0);
    // Each look at a value sends the next one.
    let mut future = rx.wait_for(|_| {
        looked.set(looked.get() + 1);
        if looked.get() < 400 {
            tx.send(looked.get()).unwrap();
        }
        false
    });
    for polls in 1..=3 {
        assert!(task.poll(&mut future).is_pending());
        // And the first, at the value that was there.
        assert_eq!(looked.get(), 128 * polls + 1);
        assert_eq!(task.seen(), Seen::WOKEN, "by itself, without a clone");
    }
    // Some are left, and then it waits.
    pends(&task, &mut future);
    assert_eq!(looked.get(), 400);
    for looks in 401..404 {
        tx.send(0).unwrap();
        assert_eq!(task.seen(), Seen::WOKEN);
        pends(&task, &mut future);
        assert_eq!(looked.get(), looks);
    }
}

#[test]
fn the_receivers_end_wakes_each_task_that_waits_for_it_once() {
    let [first, second, third] = tasks();
    let (tx, rx) = channel(0);
    let other = tx.clone();
    let (mut one, mut two) = (tx.closed(), other.closed());
    pends(&first, &mut one);
    assert!(first.poll(&mut one).is_pending());
    pends(&second, &mut two);
    pends(&third, &mut tx.closed());
    drop(rx.clone());
    tx.send(1).unwrap();
    let seen = || [&first, &second, &third].map(Task::seen);
    assert_eq!(seen(), [Seen::NOTHING, Seen::NOTHING, Seen::DROPPED]);
    drop(rx);
    assert_eq!(seen(), [Seen::WOKEN, Seen::WOKEN, Seen::NOTHING]);
    assert_eq!(first.poll(&mut one), Poll::Ready(()));
    // A receiver comes before the second has looked, which waits on.
    let rx = other.subscribe();
    pends(&second, &mut two);
    drop(rx);
    assert_eq!(second.seen(), Seen::WOKEN);
    assert_eq!(second.poll(&mut two), Poll::Ready(()));
}
