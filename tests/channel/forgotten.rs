//! Futures that are forgotten while they wait: none keeps a wake that another wait needs.

use crate::receivers;
use futures::executor::block_on;
use overwrite_channel::Receiver;
use std::{future::poll_fn, mem, task::Poll, time::Duration};
use support::waker::{Seen, Task, tasks};

/// How often a wait beside the forgotten future is woken: by what its receiver does next, and by the drop of its receiver.
/// If neither wakes it, the next send does: the debt is written on the slot.
type Woken = &'static [[usize; 2]];
const BY_ACT: Woken = &[[1, 0]];
const BY_DROP: Woken = &[[0, 1]];
const BY_SEND: Woken = &[[0, 0]];
const ONCE: Woken = &[[1, 0], [0, 1], [0, 0]];

/// What is done with the receiver; and whether another receiver takes the value before, for which the future was woken.
type Row = (&'static str, bool, fn(&mut Receiver<u8>), Woken);
const ROWS: [Row; 9] = [
    ("nothing", false, |_| (), BY_DROP),
    // A look is no wait: the wake is still there for the next.
    ("try_recv", false, |rx| assert_eq!(rx.try_recv(), Ok(1)), BY_DROP),
    ("poll_recv", false, |rx| assert_eq!(polled(rx), Poll::Ready(1)), BY_ACT),
    ("recv", false, |rx| assert_eq!(rx.recv(), Ok(1)), BY_ACT),
    ("recv_async", false, |rx| assert_eq!(block_on(rx.recv_async()), Ok(1)), BY_SEND),
    ("poll_recv", true, |rx| assert!(polled(rx).is_pending()), BY_ACT),
    ("recv_async", true, |rx| drop(Task::new().waits(rx.recv_async())), ONCE),
    (
        "recv_matching_async",
        true,
        |rx| drop(Task::new().waits(rx.recv_matching_async(|_| true))),
        ONCE,
    ),
    ("recv_timeout", true, |rx| assert!(rx.recv_timeout(Duration::from_millis(1)).is_err()), ONCE),
];

fn polled(rx: &mut Receiver<u8>) -> Poll<u8> {
    rx.poll_recv(&mut Task::new().context()).map(Result::unwrap)
}

#[test]
fn the_wake_of_a_forgotten_future_is_passed_on() {
    for (name, snatched, act, expected) in ROWS {
        let [task, beside] = tasks();
        let (mut tx, [mut rx, mut other, mut waits]) = receivers();
        rx.set_spin_limit(0);
        let mut future = beside.waits(waits.recv_async());
        mem::forget(task.waits(rx.recv_async()));
        assert_eq!([task.seen(), beside.seen()], [Seen::CLONED; 2]);
        assert_eq!(tx.send(1), Ok(None));
        assert_eq!([task.seen(), beside.seen()], [Seen::WOKEN, Seen::NOTHING], "{name}");

        if snatched {
            assert_eq!(other.try_recv(), Ok(1));
        }
        act(&mut rx);
        let by_act = beside.seen().woken;
        drop(rx);
        let woken = [by_act, beside.seen().woken];
        assert!(expected.contains(&woken), "{name}, {snatched}: {woken:?}");
        // It takes what is there, or waits again, as any other.
        if woken.contains(&1) {
            if let Poll::Ready(value) = beside.poll(&mut future) {
                assert_eq!(value, Ok(1), "{name}");
                continue;
            }
            assert_eq!(beside.seen(), Seen::CLONED, "{name}");
        }
        tx.send(2).unwrap();
        assert_eq!(beside.seen(), Seen::WOKEN, "{name}");
        assert_eq!(beside.poll(&mut future), Poll::Ready(Ok(2)), "{name}");
    }
}

#[test]
fn a_forgotten_future_that_was_not_woken_takes_no_more_than_one_wake() {
    let [task, beside] = tasks();
    let (mut tx, [mut waits, mut rx]) = receivers();
    mem::forget(task.waits(rx.recv_async()));
    assert_eq!(task.seen(), Seen::CLONED);
    // The next wait takes its place, and its waker.
    let future = task.waits(rx.recv_async());
    assert_eq!(task.seen(), Seen::NOTHING);
    let mut other = beside.waits(waits.recv_async());
    tx.send(1).unwrap();
    assert_eq!(task.seen().woken + beside.seen().woken, 1);
    drop(future);
    assert_eq!(beside.poll(&mut other), Poll::Ready(Ok(1)));

    // So does a waker left behind.
    mem::forget(task.waits(rx.recv_async()));
    task.seen();
    drop(task.waits(poll_fn(|cx| rx.poll_recv(cx))));
    assert_eq!(task.seen(), Seen::NOTHING);
    tx.send(2).unwrap();
    assert_eq!(task.seen(), Seen::WOKEN);
    assert_eq!(rx.try_recv(), Ok(2));
}
