//! A handle whose waits are always ready yields now and then, so that its task does not starve others.
//! Exactly when, and that nothing is lost by it; what runtimes make of it is in `tests/runtimes`.
#![cfg(feature = "std")]

use futures::{FutureExt, future::LocalBoxFuture};
use overwrite_channel::{Receiver, SharedSender, channel};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    task::Poll,
};

mod common {
    pub(crate) mod waker;
}
use common::waker::{Event, Seen, Task};

/// So many waits in a row may be ready.
const BUDGET: usize = 128;

const ONE_WAKE: Seen = Seen { cloned: 0, woken: 1, dropped: 0 };

type Wait<'a, T> = LocalBoxFuture<'a, Option<T>>;

/// A way to wait that has a budget.
type Kind<H, T> = for<'a> fn(&'a mut H) -> Wait<'a, T>;

/// Makes a future of `kind`, polls it once, and drops it.
fn poll<H, T>(task: &Task, handle: &mut H, kind: Kind<H, T>) -> Poll<Option<T>> {
    task.poll(&mut kind(handle))
}

/// Polls until the handle yields, which must be after exactly so many ready polls. `fill` makes the next poll
/// ready.
#[track_caller]
fn yields_after<H, T>(
    ready: usize,
    task: &Task,
    handle: &mut H,
    kind: Kind<H, T>,
    mut fill: impl FnMut(&mut H),
) {
    task.seen();
    for number in 1..=ready {
        fill(handle);
        assert!(poll(task, handle, kind).is_ready(), "poll {number}");
    }
    assert_eq!(task.seen(), Seen::default());
    fill(handle);
    assert!(poll(task, handle, kind).is_pending(), "it does not yield after {ready}");
    assert_eq!(task.seen(), ONE_WAKE);
}

fn recv_kinds<T>() -> Vec<Kind<Receiver<T>, T>> {
    vec![
        |rx| async { rx.recv_async().await.ok() }.boxed_local(),
        |rx| async { rx.recv_matching_async(|_| true).await.ok() }.boxed_local(),
        #[cfg(feature = "stream")]
        |rx| futures::StreamExt::next(rx).boxed_local(),
    ]
}

#[test]
fn a_receiver_yields_once_after_so_many_values_and_loses_none() {
    for kind in recv_kinds() {
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        let (mut sent, mut received) = (0, 0);
        let mut next = |rx: &mut Receiver<_>| {
            // The value that the yield left there is received first.
            if rx.is_empty() {
                sent += 1;
                assert_eq!(tx.send(sent), Ok(None));
            }
            match poll(&task, rx, kind) {
                Poll::Ready(value) => {
                    received += 1;
                    assert_eq!(value, Some(received));
                    true
                }
                Poll::Pending => {
                    assert!(!rx.is_empty(), "it has taken the value");
                    false
                }
            }
        };
        for _ in 0..3 {
            for _ in 0..BUDGET {
                assert!(next(&mut rx));
            }
            assert_eq!(task.seen(), Seen::default());
            assert!(!next(&mut rx));
            assert_eq!(task.seen(), ONE_WAKE);
        }
        assert!(next(&mut rx));
    }
}

#[test]
fn a_receiver_yields_at_the_end_too() {
    for kind in recv_kinds::<u8>() {
        let task = Task::new();
        let (tx, mut rx) = channel();
        drop(tx);
        for _ in 0..3 {
            yields_after(BUDGET, &task, &mut rx, kind, |_| ());
        }
        assert_eq!(poll(&task, &mut rx, kind), Poll::Ready(None));
    }
}

#[test]
fn the_kinds_of_one_receiver_share_its_budget() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let kinds = recv_kinds();
    for last in &kinds {
        for number in 0..BUDGET {
            tx.send(number).unwrap();
            assert!(poll(&task, &mut rx, kinds[number % kinds.len()]).is_ready());
        }
        yields_after(0, &task, &mut rx, *last, |_| ());
    }
}

#[test]
fn a_wait_that_is_pending_renews_the_budget() {
    for kind in recv_kinds() {
        let task = Task::new();
        let (mut tx, mut rx) = channel();
        for _ in 0..3 {
            for number in 0..BUDGET {
                tx.send(number).unwrap();
                assert!(poll(&task, &mut rx, kind).is_ready());
                if number == BUDGET - 2 {
                    break;
                }
            }
            task.seen();
            assert!(poll(&task, &mut rx, kind).is_pending());
            assert_eq!(task.seen().woken, 0, "it waits");
        }
        tx.send(0).unwrap();
        yields_after(BUDGET, &task, &mut rx, kind, |_| tx.send(0).map(drop).unwrap());
    }
}

#[test]
fn explicit_polls_and_calls_that_do_not_wait_have_no_budget() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    for number in 0..3 * BUDGET {
        tx.send(number).unwrap();
        assert_eq!(rx.poll_recv(&mut task.context()), Poll::Ready(Ok(number)));
        tx.send(number).unwrap();
        assert_eq!(rx.try_recv(), Ok(number));
        tx.send(number).unwrap();
        assert_eq!(rx.recv(), Ok(number));
    }
    // They do not use that of the others.
    yields_after(BUDGET, &task, &mut rx, recv_kinds()[0], |_| tx.send(0).map(drop).unwrap());
}

#[test]
fn a_clone_has_a_budget_of_its_own() {
    let task = Task::new();
    let (tx, mut rx) = channel::<u8>();
    drop(tx);
    let kind = recv_kinds()[0];
    for _ in 0..BUDGET {
        assert!(poll(&task, &mut rx, kind).is_ready());
    }
    let mut clone = rx.clone();
    yields_after(BUDGET, &task, &mut clone, kind, |_| ());
    yields_after(0, &task, &mut rx, kind, |_| ());
}

#[test]
fn unwanted_values_use_the_budget() {
    let task = Task::new();
    let (tx, mut rx) = channel();
    let (tx, looks) = (tx.into_shared(), Cell::new(0));
    tx.send(0).unwrap();
    // Each look at a value makes the next: the slot is never found empty.
    let mut wait = rx.recv_matching_async(|value| {
        looks.set(looks.get() + 1);
        tx.send(value + 1).unwrap();
        looks.get() == 3 * BUDGET
    });
    for polls in 1..=2 {
        assert!(task.poll(&mut wait).is_pending());
        assert_eq!((looks.get(), task.seen()), (polls * BUDGET, ONE_WAKE));
    }
    assert_eq!(task.poll(&mut wait), Poll::Ready(Ok(3 * BUDGET - 1)));
    assert_eq!(task.seen(), Seen::default());
}

#[test]
fn a_future_that_is_dropped_as_it_yields_leaves_the_value_to_another() {
    let [task, other_task] = [Task::new(), Task::new()];
    let (mut tx, mut rx) = channel();
    let mut other = rx.clone();
    for number in 0..BUDGET {
        tx.send(number).unwrap();
        assert!(task.poll(&mut rx.recv_async()).is_ready());
    }
    let mut waits = other.recv_async();
    assert!(other_task.poll(&mut waits).is_pending());
    other_task.seen();
    tx.send(BUDGET).unwrap();
    assert_eq!(other_task.seen().woken, 1);
    let mut yields = rx.recv_async();
    assert!(task.poll(&mut yields).is_pending());
    drop(yields);
    assert_eq!(other_task.poll(&mut waits), Poll::Ready(Ok(BUDGET)));
    assert_eq!(task.seen(), ONE_WAKE);
}

#[test]
fn a_waker_that_panics_as_a_wait_yields_loses_nothing() {
    let (mut tx, mut rx) = channel();
    for number in 0..BUDGET {
        tx.send(number).unwrap();
        assert!(Task::new().poll(&mut rx.recv_async()).is_ready());
    }
    tx.send(BUDGET).unwrap();
    let has_panicked = AtomicBool::new(false);
    let task = Task::with(move |event| {
        if event == Event::Wake && !has_panicked.swap(true, SeqCst) {
            resume_unwind(Box::new(()));
        }
    });
    let mut wait = rx.recv_async();
    assert!(catch_unwind(AssertUnwindSafe(|| task.poll(&mut wait).is_ready())).is_err());
    assert_eq!(task.poll(&mut wait), Poll::Ready(Ok(BUDGET)));
}

/// Of any sender, whose `closed` takes `&self`.
fn closed_yields<H: Clone>(mut tx: H, kind: Kind<H, ()>) {
    let task = Task::new();
    for _ in 0..3 {
        yields_after(BUDGET, &task, &mut tx, kind, |_| ());
    }
    let mut clone = tx.clone();
    for _ in 0..BUDGET {
        assert!(poll(&task, &mut tx, kind).is_ready());
    }
    yields_after(BUDGET, &task, &mut clone, kind, |_| ());
    yields_after(0, &task, &mut tx, kind, |_| ());
}

#[test]
fn closed_yields_once_the_receivers_are_gone() {
    let (tx, rx) = channel::<u8>();
    drop(rx);
    closed_yields(tx, |tx| tx.closed().map(Some).boxed_local());
    let (tx, rx) = channel::<u8>();
    drop(rx);
    closed_yields(tx.into_shared(), |tx| tx.closed().map(Some).boxed_local());
}

#[test]
fn a_closed_that_waits_renews_the_budget() {
    let task = Task::new();
    let (tx, rx) = channel::<u8>();
    let mut first = tx.closed();
    assert!(task.poll(&mut first).is_pending());
    drop(rx);
    assert_eq!(task.seen(), Seen { cloned: 1, woken: 1, dropped: 0 });
    assert!(task.poll(&mut first).is_ready());
    for _ in 1..BUDGET {
        assert!(task.poll(&mut tx.closed()).is_ready());
    }
    // Of two futures at once, too; and one that has yielded goes on.
    let [mut one, mut two] = [tx.closed(), tx.closed()];
    assert!(task.poll(&mut one).is_pending());
    assert_eq!(task.seen(), ONE_WAKE);
    assert!(task.poll(&mut two).is_ready());
    assert!(task.poll(&mut one).is_ready());
}

/// The handle that waits is used by several threads at once, as it may.
#[test]
fn threads_that_share_a_sender_share_its_budget() {
    let (tx, rx) = channel::<u8>();
    drop(rx);
    let tx: SharedSender<_> = tx.into_shared();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let task = Task::new();
                let is_pending = |_: &usize| task.poll(&mut pin!(tx.closed())).is_pending();
                let yields = (0..100 * BUDGET).filter(is_pending).count();
                assert!(yields > 0);
            });
        }
    });
}

#[cfg(feature = "watch")]
mod watch {
    use super::*;
    use overwrite_channel::watch::{self, Receiver};

    fn kinds() -> Vec<Kind<Receiver<usize>, ()>> {
        vec![
            |rx| async { rx.changed().await.ok() }.boxed_local(),
            |rx| async { rx.wait_for(|value| *value > 0).await.ok().map(drop) }.boxed_local(),
            #[cfg(feature = "stream")]
            |rx| futures::StreamExt::next(rx).map(|value| value.map(drop)).boxed_local(),
        ]
    }

    #[test]
    fn a_receiver_yields_once_after_so_many_changes_and_sees_the_last() {
        for kind in kinds() {
            let task = Task::new();
            let (tx, mut rx) = watch::channel(0);
            for _ in 0..3 {
                yields_after(BUDGET, &task, &mut rx, kind, |_| tx.send_modify(|value| *value += 1));
                assert_eq!(rx.has_changed(), Ok(true), "it was marked as seen");
            }
            assert_eq!(rx.skipped(), 2, "of the three that were there as it yielded, one is");
            assert!(poll(&task, &mut rx, kind).is_ready());
        }
    }

    #[test]
    fn a_receiver_yields_at_the_end_too() {
        for kind in kinds() {
            let task = Task::new();
            let (tx, mut rx) = watch::channel(0);
            drop(tx);
            for _ in 0..3 {
                yields_after(BUDGET, &task, &mut rx, kind, |_| ());
            }
            assert_eq!(poll(&task, &mut rx, kind), Poll::Ready(None));
        }
    }

    #[test]
    fn a_wait_that_is_pending_renews_the_budget() {
        let task = Task::new();
        let (tx, mut rx) = watch::channel(0);
        for _ in 0..3 {
            for _ in 1..BUDGET {
                tx.send(1).unwrap();
                assert!(task.poll(&mut rx.changed()).is_ready());
            }
            assert!(task.poll(&mut rx.changed()).is_pending());
            assert_eq!(task.seen().woken, 0, "it waits");
        }
        yields_after(BUDGET, &task, &mut rx, kinds()[0], |_| tx.send(1).unwrap());
    }

    #[test]
    fn a_clone_has_a_budget_of_its_own() {
        let task = Task::new();
        let (tx, mut rx) = watch::channel(0);
        drop(tx);
        let kind = kinds()[0];
        for _ in 0..BUDGET {
            assert!(poll(&task, &mut rx, kind).is_ready());
        }
        let mut clone = rx.clone();
        yields_after(BUDGET, &task, &mut clone, kind, |_| ());
        yields_after(0, &task, &mut rx, kind, |_| ());
    }

    #[test]
    fn unwanted_values_use_the_budget() {
        let task = Task::new();
        let (tx, mut rx) = watch::channel(0);
        let looks = Cell::new(0);
        let mut wait = rx.wait_for(|value| {
            looks.set(looks.get() + 1);
            tx.send(value + 1).unwrap();
            looks.get() == 3 * BUDGET
        });
        for polls in 1..=2 {
            assert!(task.poll(&mut wait).is_pending());
            // And the first, at the value that is there.
            assert_eq!((looks.get(), task.seen()), (polls * BUDGET + 1, ONE_WAKE));
        }
        assert!(task.poll(&mut wait).is_ready());
        assert_eq!(task.seen(), Seen::default());
    }

    #[test]
    fn closed_yields_while_there_is_no_receiver() {
        let tx = watch::Sender::new(0);
        closed_yields(tx.clone(), |tx| tx.closed().map(Some).boxed_local());
        // A real wait in between renews the budget.
        let task = Task::new();
        for _ in 1..BUDGET {
            assert!(task.poll(&mut tx.closed()).is_ready());
        }
        let rx = tx.subscribe();
        let mut closed = tx.closed();
        assert!(task.poll(&mut closed).is_pending());
        assert_eq!(task.seen().woken, 0);
        drop(rx);
        assert!(task.poll(&mut closed).is_ready());
        for _ in 1..BUDGET {
            assert!(task.poll(&mut tx.closed()).is_ready());
        }
        assert!(task.poll(&mut tx.closed()).is_pending());
    }
}
