//! Which receivers are notified: the turns of four that wait, and of one that waits behind a stalled task.

use super::{
    Goal, figure,
    peers::{Parked, Wakes, poll},
};
use crate::{asleep::until, table::is_test};
use overwrite_channel::{Sender, channel};
use std::{array, cell::Cell, pin::pin, sync::Arc, task::Poll};

/// How many values each of four threads receives. Each send finds every thread parked.
fn turns_of_threads(sends: u64) -> [u64; 4] {
    let (mut tx, rx) = channel();
    let threads: [_; 4] = array::from_fn(|_| Parked::start(rx.clone()));
    for value in 1..=sends {
        for thread in &threads {
            thread.sleeper.until_asleep();
        }
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        until("a thread receives", || threads.iter().map(Parked::received).sum::<u64>() == value);
    }
    threads.map(|thread| thread.received())
}

/// How many values each of four tasks receives. Each send finds every task waiting.
fn turns_of_tasks(sends: u64) -> [u64; 4] {
    let (mut tx, rx) = channel();
    let counts = [const { Cell::new(0) }; 4];
    let mut tasks = counts.each_ref().map(|count| {
        let mut rx = rx.clone();
        let task = Box::pin(async move {
            while rx.recv_async().await.is_ok() {
                count.set(count.get() + 1);
            }
        });
        (task, Arc::<Wakes>::default(), u64::MAX)
    });
    for value in 0..=sends {
        // The first round only polls each task; later ones poll those that were woken.
        if value > 0 {
            assert_eq!(tx.send(value), Ok(None), "the value before was received");
        }
        while let Some((task, wakes, seen)) =
            tasks.iter_mut().find(|(_, wakes, seen)| wakes.count() != *seen)
        {
            *seen = wakes.count();
            assert!(poll(task.as_mut(), wakes).is_pending(), "a sender is left");
        }
        let received = counts.iter().map(Cell::get).sum::<u64>();
        assert_eq!(received, value, "one task receives the value");
    }
    counts.each_ref().map(Cell::get)
}

pub(super) fn fairness_goals() -> Vec<Goal> {
    let sends = if is_test() { 40 } else { 2_000 };
    println!("\nfairness: four receivers wait, {sends} slow sends");
    let kinds = [("threads", turns_of_threads(sends)), ("tasks", turns_of_tasks(sends))];
    let goals = kinds.into_iter().flat_map(|(kind, counts)| {
        println!("  {kind:<56}{counts:?}");
        let [mut fewest, mut most] = [u64::MAX, 0];
        for count in counts {
            (fewest, most) = (fewest.min(count), most.max(count));
        }
        [("fewest", fewest), ("most", most)].map(|(which, count)| {
            let of_2000 = 2_000.0 * figure(count) / figure(sends);
            Goal(format!("the {which} values of four {kind}, of 2000"), of_2000, 400.0..=600.0)
        })
    });
    goals.collect()
}

/// How often the other receiver may be notified before the future is.
const TURNS: u64 = 10;

/// Returns how many sends it takes to wake the other receiver; infinity if a thousand do not.
fn sends_until(tx: &mut Sender<u64>, is_woken: impl Fn() -> bool) -> f64 {
    let limit = if is_test() { 10 } else { 1_000 };
    let number = (1..=limit).find(|_| {
        assert_eq!(tx.send(1), Ok(Some(1)), "the send displaces the value before");
        is_woken()
    });
    number.map_or(f64::INFINITY, f64::from)
}

fn sends_until_a_task() -> f64 {
    let (mut tx, mut other) = channel();
    let mut stalls = other.clone();
    let (stalled, woken) = (Arc::default(), Arc::<Wakes>::default());
    let mut future = pin!(stalls.recv_async());
    for turn in 0..TURNS {
        let mut recv = pin!(other.recv_async());
        assert!(poll(future.as_mut(), &stalled).is_pending(), "the slot is empty");
        assert!(poll(recv.as_mut(), &woken).is_pending(), "the slot is empty");
        assert_eq!(tx.send(1), Ok(None), "the value before was received");
        if stalled.count() > 0 {
            return sends_until(&mut tx, || woken.count() > turn);
        }
        assert_eq!(poll(recv, &woken), Poll::Ready(Ok(1)), "the send notified one of the two");
    }
    panic!("the future is never notified");
}

fn sends_until_a_thread() -> f64 {
    let (mut tx, rx) = channel();
    let mut stalls = rx.clone();
    let stalled = Arc::default();
    let mut future = pin!(stalls.recv_async());
    let thread = Parked::start(rx);
    for turn in 0..TURNS {
        thread.sleeper.until_asleep();
        assert!(poll(future.as_mut(), &stalled).is_pending(), "the slot is empty");
        assert_eq!(tx.send(1), Ok(None), "the value before was received");
        if stalled.count() > 0 {
            // The send that notifies a thread leaves it awake, or the thread has received already.
            let is_woken = || !thread.sleeper.is_asleep() || thread.received() > turn;
            return sends_until(&mut tx, is_woken);
        }
        until("a thread receives", || thread.received() > turn);
    }
    panic!("the future is never notified");
}

/// A future was notified, is alive, and is not polled again.
pub(super) fn stalled_goals() -> Vec<Goal> {
    let others = [("task", sends_until_a_task()), ("thread", sends_until_a_thread())];
    let goals = others.map(|(other, sends)| {
        Goal(format!("sends until a {other} behind a stalled task is woken"), sends, 1.0..=1.0)
    });
    goals.into()
}
