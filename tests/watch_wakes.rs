//! How often a waker is cloned, woken and dropped: each operation on its own, counted.
#![cfg(feature = "watch")]

use overwrite_channel::watch::{ChangedFuture, Receiver, Sender, channel};
use std::{
    cell::Cell,
    mem,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
    sync::Mutex,
    task::Poll,
    thread,
    time::Duration,
};

mod common {
    pub(crate) mod parked;
    pub(crate) mod waker;
    pub(crate) mod watchdog;
}
use common::{
    parked::Sleeper,
    waker::{Event, Seen, Task},
    watchdog::watched,
};

const NOTHING: Seen = Seen { cloned: 0, woken: 0, dropped: 0 };
const CLONED: Seen = Seen { cloned: 1, ..NOTHING };
const WOKEN: Seen = Seen { woken: 1, ..NOTHING };
const DROPPED: Seen = Seen { dropped: 1, ..NOTHING };

fn tasks<const N: usize>() -> [Task; N] {
    std::array::from_fn(|_| Task::new())
}

/// Polls, which must wait, by a clone of the waker.
fn pends<T>(task: &Task, future: &mut ChangedFuture<'_, T>) {
    assert!(task.poll(future).is_pending());
    assert_eq!(task.seen(), CLONED);
}

/// As `pends`, by a waker that nobody takes back.
fn leaves<T>(task: &Task, rx: &mut Receiver<T>) {
    let mut changed = rx.changed();
    pends(task, &mut changed);
    mem::forget(changed);
}

/// Each sends one change of the number.
const SENDS: [fn(&Sender<u32>); 4] = [
    |tx| tx.send(1).unwrap(),
    |tx| drop(tx.send_replace(1)),
    |tx| tx.send_modify(|value| *value += 1),
    |tx| {
        assert!(tx.send_if_modified(|value| {
            *value += 1;
            true
        }));
    },
];

#[test]
fn one_change_wakes_each_who_waits_exactly_once() {
    for send in SENDS {
        for waiting in 0..6 {
            let (tx, rx) = channel(0);
            let mut waiters: Vec<_> = (0..waiting).map(|_| (Task::new(), rx.clone())).collect();
            let mut futures: Vec<_> =
                waiters.iter_mut().map(|(task, rx)| (task, rx.changed())).collect();
            for (task, future) in &mut futures {
                pends(task, future);
            }
            send(&tx);
            for (task, _) in &mut futures {
                assert_eq!(task.seen(), WOKEN);
            }
            // Who was woken and has not looked yet is not woken again.
            send(&tx);
            for (task, future) in &mut futures {
                assert_eq!(task.seen(), NOTHING);
                assert_eq!(task.poll(future), Poll::Ready(Ok(())));
            }
            drop(futures);
            // Nobody waits.
            send(&tx);
            drop((tx, rx));
            for (task, _) in &waiters {
                assert_eq!(task.seen(), NOTHING);
            }
        }
    }
}

#[test]
fn a_change_that_is_not_made_wakes_nobody() {
    let [task] = tasks();
    let (tx, mut rx) = channel(0);
    let mut future = rx.changed();
    pends(&task, &mut future);
    assert!(!tx.send_if_modified(|value| {
        *value = 1;
        false
    }));
    drop((tx.borrow(), tx.clone(), tx.subscribe()));
    assert_eq!(task.seen(), NOTHING);
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn a_poll_that_need_not_wait_leaves_the_waker_alone() {
    let [task] = tasks();
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
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn only_the_last_waker_is_woken_and_the_same_one_is_not_cloned_again() {
    let [first, other] = tasks();
    let (tx, mut rx) = channel(0);
    let mut future = rx.changed();
    pends(&first, &mut future);
    for _ in 0..3 {
        assert!(first.poll(&mut future).is_pending());
        assert_eq!(first.seen(), NOTHING, "the same waker");
    }
    pends(&other, &mut future);
    assert_eq!(first.seen(), DROPPED);
    tx.send(1).unwrap();
    assert_eq!((first.seen(), other.seen()), (NOTHING, WOKEN));
    assert_eq!(first.poll(&mut future), Poll::Ready(Ok(())));
    drop(future);

    // The same for one who waits for a certain value, from one value to the next.
    let mut future = rx.wait_for(|value| *value == 4);
    assert!(first.poll(&mut future).is_pending());
    assert!(first.poll(&mut future).is_pending());
    assert_eq!(first.seen(), CLONED);
    assert!(other.poll(&mut future).is_pending());
    assert_eq!((first.seen(), other.seen()), (DROPPED, CLONED));
    for unwanted in 2..4 {
        tx.send(unwanted).unwrap();
        assert_eq!(other.seen(), WOKEN);
        assert!(other.poll(&mut future).is_pending());
        assert_eq!(other.seen(), CLONED);
    }
    tx.send(4).unwrap();
    assert_eq!(other.seen(), WOKEN);
    assert!(matches!(other.poll(&mut future), Poll::Ready(Ok(value)) if *value == 4));
    drop(future);
    drop((tx, rx));
    assert_eq!((first.seen(), other.seen()), (NOTHING, NOTHING));
}

#[test]
fn a_future_that_is_dropped_takes_its_waker_along() {
    let [task, other, beside] = tasks();
    let (tx, mut rx) = channel(0);
    let mut waits = rx.clone();
    let mut future = waits.changed();
    pends(&beside, &mut future);
    let mut dropped = rx.changed();
    pends(&task, &mut dropped);
    drop(dropped);
    assert_eq!(task.seen(), DROPPED);
    let mut dropped = rx.wait_for(|_| false);
    assert!(other.poll(&mut dropped).is_pending());
    drop(dropped);
    assert_eq!(other.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
    tx.send(1).unwrap();
    assert_eq!([task, other, beside].each_ref().map(Task::seen), [NOTHING, NOTHING, WOKEN]);
    assert_eq!(rx.has_changed(), Ok(true), "what was given up has marked nothing as seen");
    assert_eq!(rx.skipped(), 0);
}

#[test]
fn a_future_dropped_after_its_wake_has_marked_nothing() {
    let [task] = tasks();
    let (tx, mut rx) = channel(0);
    let mut future = rx.changed();
    pends(&task, &mut future);
    tx.send(1).unwrap();
    assert_eq!(task.seen(), WOKEN);
    drop(future);
    assert_eq!(task.seen(), NOTHING);
    assert_eq!(rx.has_changed(), Ok(true));
    assert_eq!(task.poll(&mut rx.changed()), Poll::Ready(Ok(())));
}

#[test]
fn the_end_wakes_everybody_exactly_once() {
    for waiting in 0..6 {
        for sends in [false, true] {
            let (tx, rx) = channel(0);
            let other = tx.clone();
            let mut waiters: Vec<_> = (0..waiting).map(|_| (Task::new(), rx.clone())).collect();
            let mut futures: Vec<_> =
                waiters.iter_mut().map(|(task, rx)| (task, rx.changed())).collect();
            for (task, future) in &mut futures {
                pends(task, future);
            }
            drop(other);
            for (task, _) in &mut futures {
                assert_eq!(task.seen(), NOTHING, "a sender is left");
            }
            if sends {
                tx.send(1).unwrap();
                // Who waits again is woken again, by the end; those who do not are not.
                for (task, future) in &mut futures {
                    assert_eq!(task.seen(), WOKEN);
                    assert_eq!(task.poll(future), Poll::Ready(Ok(())));
                }
                drop(futures);
                futures = waiters.iter_mut().map(|(task, rx)| (task, rx.changed())).collect();
                for (task, future) in futures.iter_mut().step_by(2) {
                    pends(task, future);
                }
            }
            drop(tx);
            for (at, (task, future)) in futures.iter_mut().enumerate() {
                let waits = !sends || at % 2 == 0;
                assert_eq!(task.seen(), if waits { WOKEN } else { NOTHING });
                assert!(matches!(task.poll(future), Poll::Ready(Err(_))));
                assert_eq!(task.seen(), NOTHING);
            }
        }
    }
}

#[test]
fn who_waits_across_polls_learns_of_the_last_value_before_the_end() {
    let [task] = tasks();
    let (tx, mut rx) = channel(0);
    let mut future = rx.changed();
    pends(&task, &mut future);
    tx.send(1).unwrap();
    drop(tx);
    assert_eq!(task.seen(), WOKEN, "by the change alone");
    assert_eq!(task.poll(&mut future), Poll::Ready(Ok(())));
    drop(future);
    assert!(matches!(task.poll(&mut rx.changed()), Poll::Ready(Err(_))));
}

/// The sentence of a panic.
fn sentence<R>(body: impl FnOnce() -> R) -> String {
    let panic = catch_unwind(AssertUnwindSafe(|| drop(body()))).expect_err("it did not panic");
    match panic.downcast::<String>() {
        Ok(sentence) => *sentence,
        Err(panic) => panic.downcast::<&str>().unwrap().to_string(),
    }
}

#[test]
fn a_poll_after_the_end_of_a_future_says_what_is_wrong() {
    let [task] = tasks();
    let (tx, mut rx) = channel(0);
    tx.send(1).unwrap();
    let mut future = rx.changed();
    assert!(task.poll(&mut future).is_ready());
    for _ in 0..2 {
        let sentence = sentence(|| task.poll(&mut future));
        assert_eq!(sentence, "`ChangedFuture` polled after it had finished");
    }
    drop(future);
    let mut future = rx.wait_for(|_| true);
    assert!(task.poll(&mut future).is_ready());
    for _ in 0..2 {
        let sentence = sentence(|| task.poll(&mut future));
        assert_eq!(sentence, "`WaitForFuture` polled after it had finished");
    }
    drop((future, tx));
    // After an error, too.
    let mut future = rx.changed();
    assert!(matches!(task.poll(&mut future), Poll::Ready(Err(_))));
    assert!(sentence(|| task.poll(&mut future)).starts_with("`ChangedFuture` polled"));
    drop(future);
    let mut future = rx.wait_for(|_| false);
    assert!(matches!(task.poll(&mut future), Poll::Ready(Err(_))));
    assert!(sentence(|| task.poll(&mut future)).starts_with("`WaitForFuture` polled"));
    drop(future);
    assert_eq!(task.seen(), NOTHING);
    assert_eq!(*rx.borrow(), 1);
}

#[test]
fn a_forgotten_future_costs_no_more_than_one_wake() {
    let [task, other] = tasks();
    let (tx, mut rx) = channel(0);
    leaves(&task, &mut rx);
    tx.send(1).unwrap();
    assert_eq!(task.seen(), WOKEN);
    tx.send(2).unwrap();
    assert_eq!(task.seen(), NOTHING);
    assert_eq!(task.poll(&mut rx.changed()), Poll::Ready(Ok(())));

    // The next wait takes its place; by the same waker without a clone.
    leaves(&task, &mut rx);
    let mut future = rx.changed();
    assert!(task.poll(&mut future).is_pending());
    assert_eq!(task.seen(), NOTHING);
    mem::forget(future);
    let mut future = rx.changed();
    pends(&other, &mut future);
    assert_eq!(task.seen(), DROPPED);
    drop(future);
    assert_eq!(other.seen(), DROPPED);

    // It goes with the receiver, or with the next future that ends.
    leaves(&task, &mut rx);
    tx.send(3).unwrap();
    assert_eq!(task.seen(), WOKEN);
    assert!(task.poll(&mut rx.changed()).is_ready());
    leaves(&task, &mut rx);
    drop(rx.changed());
    assert_eq!(task.seen(), DROPPED);
    leaves(&task, &mut rx);
    drop(rx);
    assert_eq!(task.seen(), DROPPED);
    drop(tx);
    assert_eq!(task.seen(), NOTHING);
}

#[test]
fn a_thread_that_waits_takes_the_place_of_a_forgotten_future() {
    watched(|watch| {
        let [task] = tasks();
        let (tx, mut rx) = channel(0);
        leaves(&task, &mut rx);
        let sleeper = Sleeper::default();
        thread::scope(|scope| {
            let receiver = scope.spawn(|| {
                let _running = watch.running("receiver");
                sleeper.is_this_thread();
                rx.blocking_changed()
            });
            sleeper.until_asleep();
            assert_eq!(task.seen(), DROPPED);
            tx.send(1).unwrap();
            assert_eq!(receiver.join().unwrap(), Ok(()));
        });
        assert_eq!(task.seen(), NOTHING);

        // A wait that gives up leaves nobody behind either.
        leaves(&task, &mut rx);
        let mut timeout = Duration::from_millis(1);
        let seen = loop {
            assert!(rx.blocking_changed_timeout(timeout).is_err());
            let seen = task.seen();
            // A thread that is not run until the time is over does not park at all: then more time.
            if seen != NOTHING || timeout > Duration::from_secs(10) {
                break seen;
            }
            timeout *= 2;
        };
        assert_eq!(seen, DROPPED);
        tx.send(2).unwrap();
        assert_eq!(task.seen(), NOTHING);
    });
}

/// A task that does something while its waker is cloned, once: between a poll's look and its
/// announcement.
fn during_clone(act: impl FnOnce() + Send + 'static) -> Task {
    let act = Mutex::new(Some(act));
    Task::with(move |event| {
        let act = act.lock().unwrap().take_if(|_| event == Event::Clone);
        if let Some(act) = act {
            act();
        }
    })
}

#[test]
fn what_comes_between_the_look_and_the_announcement_is_seen() {
    let (tx, mut rx) = channel(0);
    let sender = tx.clone();
    let task = during_clone(move || sender.send(1).unwrap());
    assert_eq!(task.poll(&mut rx.changed()), Poll::Ready(Ok(())));
    assert_eq!(task.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
    assert_eq!(rx.has_changed(), Ok(false));

    let sender = tx.clone();
    let task = during_clone(move || sender.send(2).unwrap());
    let mut wait_for = rx.wait_for(|value| *value == 2);
    assert!(matches!(task.poll(&mut wait_for), Poll::Ready(Ok(_))));
    drop(wait_for);

    let task = during_clone(move || drop(tx));
    assert!(matches!(task.poll(&mut rx.changed()), Poll::Ready(Err(_))));
    assert_eq!(task.seen(), Seen { cloned: 1, woken: 0, dropped: 1 });
}

#[test]
fn a_poll_looks_at_no_more_than_128_new_unwanted_values_and_then_wakes_itself() {
    let [task] = tasks();
    let (tx, mut rx) = channel(0);
    let looked = Cell::new(0);
    // Each look at a value sends the next one.
    let mut future = pin!(rx.wait_for(|_| {
        looked.set(looked.get() + 1);
        if looked.get() < 400 {
            tx.send(looked.get()).unwrap();
        }
        false
    }));
    for polls in 1..=3 {
        assert!(task.poll(&mut future).is_pending());
        // And the first, at the value that was there.
        assert_eq!(looked.get(), 128 * polls + 1);
        assert_eq!(task.seen(), WOKEN, "by itself, without a clone");
    }
    // Some are left, and then it waits.
    assert!(task.poll(&mut future).is_pending());
    assert_eq!((looked.get(), task.seen()), (400, CLONED));
    tx.send(0).unwrap();
    assert_eq!(task.seen(), WOKEN);
}

#[test]
fn a_clone_of_a_receiver_that_waits_does_not_wait() {
    watched(|watch| {
        let _running = watch.running("clones");
        let [task, other] = tasks();
        let (tx, mut rx) = channel(0);
        leaves(&task, &mut rx);
        let mut clone = rx.clone();
        drop(clone.clone());
        assert_eq!(task.seen(), NOTHING);
        let mut future = clone.changed();
        pends(&other, &mut future);
        drop(rx);
        assert_eq!((task.seen(), other.seen()), (DROPPED, NOTHING));
        // A newer receiver waits where the dropped one did.
        let mut newer = tx.subscribe();
        let mut newer_future = newer.changed();
        pends(&task, &mut newer_future);
        tx.send(1).unwrap();
        assert_eq!((task.seen(), other.seen()), (WOKEN, WOKEN));
        assert_eq!(task.poll(&mut newer_future), Poll::Ready(Ok(())));
        assert_eq!(other.poll(&mut future), Poll::Ready(Ok(())));
    });
}

#[test]
fn a_waker_may_use_the_channel_that_wakes_it() {
    let (tx, mut rx) = channel(0);
    let sender = tx.clone();
    let looks = rx.clone();
    let task = Task::with(move |event| {
        if event == Event::Wake {
            assert_eq!(*looks.borrow(), 1);
            sender.send_modify(|value| *value = 2);
            drop(sender.subscribe());
        }
    });
    let mut future = rx.changed();
    assert!(task.poll(&mut future).is_pending());
    tx.send(1).unwrap();
    assert_eq!(task.seen(), Seen { cloned: 1, woken: 1, dropped: 0 });
    assert_eq!(task.poll(&mut future), Poll::Ready(Ok(())));
    drop(future);
    assert_eq!(*rx.borrow_and_update(), 2);
    assert_eq!(rx.skipped(), 1);
}

#[test]
fn the_receivers_end_is_told_once_to_each_who_waits_for_it() {
    let [first, second, third] = tasks();
    let (tx, rx) = channel(0);
    let other = tx.clone();
    let (mut one, mut two, mut three) = (tx.closed(), other.closed(), tx.closed());
    assert!(first.poll(&mut one).is_pending());
    assert!(first.poll(&mut one).is_pending());
    assert_eq!(first.seen(), CLONED);
    assert!(second.poll(&mut two).is_pending());
    assert!(third.poll(&mut three).is_pending());
    assert_eq!((second.seen(), third.seen()), (CLONED, CLONED));
    drop(three);
    assert_eq!(third.seen(), DROPPED);
    let last = rx.clone();
    drop(rx);
    tx.send(1).unwrap();
    assert_eq!((first.seen(), second.seen()), (NOTHING, NOTHING));
    drop(last);
    assert_eq!((first.seen(), second.seen(), third.seen()), (WOKEN, WOKEN, NOTHING));
    // Opened again before the second has looked: it waits on.
    assert_eq!(first.poll(&mut one), Poll::Ready(()));
    let rx = other.subscribe();
    assert_eq!(second.poll(&mut two), Poll::Pending);
    assert_eq!(second.seen(), CLONED);
    drop(rx);
    assert_eq!(second.seen(), WOKEN);
    assert_eq!(second.poll(&mut two), Poll::Ready(()));
}
