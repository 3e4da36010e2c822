//! Which receivers are notified: the turns of four that wait, and of one that waits behind a stalled task.

use super::{Goal, Parked};
use crate::suite::prelude::*;
use overwrite_channel::{Sender, channel};
use std::{array, cell::Cell, pin::pin, task::Poll};
use support::waker::Task;

/// How many values each of four threads receives. Each send finds every thread parked.
fn turns_of_threads(sends: u64) -> [u64; 4] {
    let (mut tx, rx) = channel();
    let threads: [_; 4] = array::from_fn(|_| Parked::start(rx.clone()));
    for value in 1..=sends {
        threads.iter().for_each(Parked::until_asleep);
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        poll(1, || (threads.iter().map(Parked::received).sum::<u64>() == value).then_some(()));
    }
    threads.map(|thread| thread.received())
}

/// How many values each of four tasks receives. Each send finds every task waiting.
fn turns_of_tasks(sends: u64) -> [u64; 4] {
    let (mut tx, rx) = channel();
    let counts = [const { Cell::new(0) }; 4];
    let mut tasks = counts.each_ref().map(|count| {
        let mut rx = rx.clone();
        let receives = Box::pin(async move {
            while rx.recv_async().await.is_ok() {
                count.set(count.get() + 1);
            }
        });
        (Task::new(), receives)
    });
    for (task, receives) in &mut tasks {
        assert!(task.poll(receives).is_pending(), "the slot is empty");
    }
    for value in 1..=sends {
        assert_eq!(tx.send(value), Ok(None), "the value before was received");
        while let Some((task, receives)) = tasks.iter_mut().find(|(task, _)| task.seen().woken > 0)
        {
            assert!(task.poll(receives).is_pending(), "a sender is left");
        }
        let received = counts.iter().map(Cell::get).sum::<u64>();
        assert_eq!(received, value, "one task receives the value");
    }
    counts.each_ref().map(Cell::get)
}

pub(super) fn fairness(setup: &Setup, goals: &mut Vec<Goal>) -> String {
    let sends = if setup.is_test() { 40 } else { 2_000 };
    let (threads, tasks) = (turns_of_threads(sends), turns_of_tasks(sends));
    for (kind, counts) in [("threads", threads), ("tasks", tasks)] {
        for (which, count) in [("fewest", counts.iter().min()), ("most", counts.iter().max())] {
            let of_2000 = 2_000.0 * count.map_or(0.0, |count| number(*count)) / number(sends);
            let what = format!("the {which} values of four {kind}, of 2000");
            goals.push(Goal(what, of_2000, 400.0..=600.0));
        }
    }
    format!(
        "Four receivers wait, and {sends} slow sends.\n\n* Threads: {threads:?}\n* Tasks: {tasks:?}\n"
    )
}

/// How often the other receiver may be notified before the future is.
const TURNS: u64 = 10;

/// Returns how many sends it takes to wake the other receiver; infinity if a thousand do not.
fn sends_until(setup: &Setup, tx: &mut Sender<u64>, is_woken: impl Fn() -> bool) -> f64 {
    let limit = if setup.is_test() { 10 } else { 1_000 };
    let number = (1..=limit).find(|_| {
        assert_eq!(tx.send(1), Ok(Some(1)), "the send displaces the value before");
        is_woken()
    });
    number.map_or(f64::INFINITY, f64::from)
}

fn sends_until_a_task(setup: &Setup) -> f64 {
    let (mut tx, mut other) = channel();
    let mut stalls = other.clone();
    let (stalled, woken) = (Task::new(), Task::new());
    let mut future = pin!(stalls.recv_async());
    for _ in 0..TURNS {
        let mut recv = pin!(other.recv_async());
        assert!(stalled.poll(&mut future).is_pending(), "the slot is empty");
        assert!(woken.poll(&mut recv).is_pending(), "the slot is empty");
        assert_eq!(tx.send(1), Ok(None), "the value before was received");
        if stalled.seen().woken > 0 {
            return sends_until(setup, &mut tx, || woken.seen().woken > 0);
        }
        assert_eq!(woken.poll(&mut recv), Poll::Ready(Ok(1)), "the send notified one of the two");
        woken.seen();
    }
    panic!("the future is never notified");
}

fn sends_until_a_thread(setup: &Setup) -> f64 {
    let (mut tx, rx) = channel();
    let mut stalls = rx.clone();
    let stalled = Task::new();
    let mut future = pin!(stalls.recv_async());
    let thread = Parked::start(rx);
    for turn in 0..TURNS {
        thread.until_asleep();
        assert!(stalled.poll(&mut future).is_pending(), "the slot is empty");
        assert_eq!(tx.send(1), Ok(None), "the value before was received");
        if stalled.seen().woken > 0 {
            // The send that notifies a thread leaves it awake, or the thread has received already.
            let is_woken = || !thread.sleeper.is_asleep() || thread.received() > turn;
            return sends_until(setup, &mut tx, is_woken);
        }
        thread.until_received(turn + 1);
    }
    panic!("the future is never notified");
}

/// A future was notified, is alive, and is not polled again.
pub(super) fn stalled(setup: &Setup, goals: &mut Vec<Goal>) -> String {
    let others = [("task", sends_until_a_task(setup)), ("thread", sends_until_a_thread(setup))];
    goals.extend(others.map(|(other, sends)| {
        Goal(format!("sends until a {other} behind a stalled task is woken"), sends, 1.0..=1.0)
    }));
    String::new()
}
