//! Models of waiting as a task: a dropped future passes its wake on, a waker that was left behind takes
//! none away, and the last waker is the one that is woken. loom reports a task that is never woken as a
//! deadlock.

use crate::scene::{
    Receive, Tracked, assert_served, block, leave_a_waker, let_them_wait, model, number, poll_once,
    put, putting, receiving, send, spawn, take, taken, wait_after_a_poll, wait_as_task, waiting,
};
use loom::{
    future::block_on,
    sync::{Arc, Notify},
};
use overwrite_channel_loom::Receiver;
use std::{
    future::poll_fn,
    mem,
    // Not loom's: no thread stops while it holds it, and a model need not explore it.
    sync::Mutex,
    task::Poll,
};
use support::waker::{Event, Task};

/// poll ∥ send.
#[test]
fn task_and_send() {
    model(3, |mut tx, rx| {
        let task = receiving(rx, wait_as_task);
        put(&mut tx, 1);
        assert_eq!(task.join(), Some(1));
    });
}

/// poll ∥ the last sender dropped.
#[test]
fn task_and_last_sender_dropped() {
    model(3, |tx, rx| {
        let task = receiving(rx, wait_as_task);
        drop(tx);
        assert_eq!(task.join(), None);
    });
}

/// Polls a receiver once and leaves it somehow. Returns the receiver, if it is to stay.
type PollAndLeave = fn(Receiver<Tracked>) -> (Poll<Option<u32>>, Option<Receiver<Tracked>>);

/// A receiver is polled once ∥ a send, while another one waits: if the poll has the value, the other sees the end, and
/// else the value, while the sender is still there.
fn either_has_it(wait: Receive, poll_and_leave: PollAndLeave) {
    model(1, move |tx, rx| {
        // The first receiver is notified first.
        let waits = receiving(rx.clone(), wait);
        let sender = putting(tx, 1);
        let (polled, _stays) = poll_and_leave(rx);
        if polled.is_ready() {
            drop(sender);
        }
        // The poll has the value, or the receiver that waits.
        let expected = if polled.is_ready() { None } else { Some(1) };
        assert_eq!((taken(polled).or(expected), waits.join()), (Some(1), expected));
    });
}

fn drop_the_future(mut rx: Receiver<Tracked>) -> (Poll<Option<u32>>, Option<Receiver<Tracked>>) {
    let mut future = rx.recv_async();
    let polled = poll_once(&mut future).map(number);
    let_them_wait();
    drop(future);
    (polled, Some(rx))
}

/// A future is dropped ∥ send, while another receiver waits: if the future was woken, it wakes the other.
#[test]
fn dropped_future_passes_the_baton() {
    either_has_it(block, drop_the_future);
}

/// The same between two tasks.
#[test]
fn dropped_future_passes_the_baton_to_a_task() {
    either_has_it(wait_as_task, drop_the_future);
}

/// A future that is forgotten keeps its wake only until the next call on its receiver, or its end.
#[test]
fn forgotten_future_is_made_up_for() {
    either_has_it(block, |mut rx| {
        let mut future = rx.recv_async();
        let polled = poll_once(&mut future).map(number);
        mem::forget(future);
        let_them_wait();
        (polled, None)
    });
}

/// A poll leaves a waker behind and its task never polls again: the send wakes the receiver in a call all the same.
#[test]
fn waker_left_behind_takes_no_wake_away() {
    either_has_it(block, |mut rx| {
        let polled = leave_a_waker(&mut rx);
        let_them_wait();
        (polled, Some(rx))
    });
}

/// A future is dropped while its notifier is at work in its node, and another receiver waits.
#[test]
fn dropped_while_being_notified() {
    model(1, |mut tx, mut cancelled| {
        let waits = receiving(cancelled.clone(), block);
        let go = Arc::new(Notify::new());
        let gone = go.clone();
        let cancels = spawn(move || {
            let mut future = cancelled.recv_async();
            let polled = poll_once(&mut future).map(number);
            gone.wait();
            drop(future);
            taken(polled)
        });
        let_them_wait();
        go.notify();
        put(&mut tx, 1);
        assert_served(&mut tx, cancels.join(), waits);
    });
}

/// Two wait, one of them a task that is woken and takes the value; the next send wakes the other.
#[test]
fn woken_task_takes_a_value_while_another_waits() {
    model(2, |mut tx, mut polls| {
        // The first receiver is notified first.
        let waits = receiving(polls.clone(), block);
        let mut future = waiting(polls.recv_async());
        let_them_wait();
        put(&mut tx, 1);
        assert_served(&mut tx, taken(poll_once(&mut future).map(number)), waits);
    });
}

/// A waker left behind is woken whichever other is woken: here its task is the only one to look again.
#[test]
fn waker_left_behind_is_woken() {
    model(2, |mut tx, mut rx| {
        let mut competitor = rx.clone();
        let thread = spawn(move || {
            drop(tx.send(Tracked::new(1)));
            let snatched = take(&mut competitor);
            drop(tx.send(Tracked::new(2)));
            snatched
        });
        let first = number(block_on(poll_fn(|cx| rx.poll_recv(cx))));
        let seen = (first, thread.join());
        assert!(matches!(seen, (Some(1), None) | (Some(2), _)), "{seen:?}");
    });
}

/// Polled with one waker and then with another ∥ send: the last one is woken.
#[test]
fn last_waker_is_woken() {
    model(3, |mut tx, mut rx| {
        let _thread = spawn(move || send(&mut tx, 1));
        assert_eq!(number(wait_after_a_poll(rx.recv_async())), Some(1));
    });
}

/// A wait changes its waker ∥ a future that owes a wake is dropped: the last waker is woken by a value.
#[test]
fn last_waker_is_woken_whatever_is_passed_on() {
    model(2, |mut tx, mut first| {
        let (mut second, mut third) = (first.clone(), first.clone());
        let leaves = waiting(first.recv_async());
        put(&mut tx, 1);
        assert_eq!(take(&mut third), Some(1));
        let changes = spawn(move || {
            let mut stays = waiting(second.recv_async());
            let task = Task::new();
            assert!(task.poll(&mut stays).is_pending());
            mem::forget(stays);
            (task, second)
        });
        drop(leaves);
        let (task, _second) = changes.join();
        put(&mut tx, 2);
        assert!(task.seen().woken > 0);
    });
}

/// A waker left behind, then a wait in a call on the same receiver ∥ send.
#[test]
fn waits_after_a_waker_was_left_behind() {
    model(3, |mut tx, mut rx| {
        let _thread = spawn(move || send(&mut tx, 1));
        let polled = leave_a_waker(&mut rx);
        let seen = if polled.is_ready() { taken(polled) } else { block(&mut rx) };
        assert_eq!(seen, Some(1));
    });
}

/// A receiver is dropped with a waker left behind ∥ send, and its wait node is found again.
#[test]
fn receiver_dropped_with_a_waker_left_behind() {
    model(2, |tx, rx| {
        let mut left = rx.clone();
        let sender = putting(tx, 1);
        let polled = leave_a_waker(&mut left);
        drop(left);
        let mut found = rx.clone();
        let seen = if polled.is_ready() { taken(polled) } else { block(&mut found) };
        assert_eq!(seen, Some(1));
        drop(sender);
    });
}

/// An announcement brings a value, and meanwhile another value comes, whose sender wakes the one that is
/// about to leave: that one wakes the next.
///
/// The first value is sent by the waker's `clone`, which a poll calls after it has looked.
#[test]
fn announcement_that_brings_a_value_passes_the_baton() {
    model(1, |mut tx, mut polls| {
        // The first receiver is notified first.
        let waits = receiving(polls.clone(), block);
        // What the first value displaced, if it was sent.
        let first = std::sync::Arc::new(Mutex::new(None));
        let (sends, mut first_tx) = (first.clone(), tx.clone());
        let send_first = move || *sends.lock().unwrap() = Some(send(&mut first_tx, 1));
        let task = Task::acting_in(Event::Clone, send_first);
        let thread = spawn(move || {
            let displaced = send(&mut tx, 2);
            (tx, displaced)
        });
        let mut future = polls.recv_async();
        let polled = task.poll(&mut future).map(number);
        mem::forget(future); // what it owes, it has paid when it was finished
        drop(task);
        let first = *first.lock().unwrap();
        let sent = if first.is_some() { 2 } else { 1 };
        let (tx, displaced) = thread.join();
        let gone = [displaced, first.flatten(), taken(polled)].iter().flatten().count();
        let tx = (gone < sent).then_some(tx);
        assert_eq!(waits.join().is_some(), tx.is_some());
    });
}
