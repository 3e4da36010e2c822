//! Models of what a sender does through `&self`: two threads send through one handle, and a task waits
//! for the receivers' end.

use crate::scene::{
    Thread, Tracked, assert_each_once, displaced, ends_happen_before, let_them_wait, model,
    poll_once, spawn, take, wait_after_a_poll,
};
use loom::{future::block_on, sync::Arc};
use overwrite_channel_loom::SharedSender;

fn send(tx: &SharedSender<Tracked>, number: u32) -> Option<u32> {
    displaced(tx.send(Tracked::new(number)))
}

/// Two sends through one handle, ∥ a take: each value is accounted for once, and each node has one user.
#[test]
fn two_threads_on_one_handle() {
    model(2, |tx, mut rx| {
        let tx = Arc::new(tx.into_shared());
        let threads = [1, 2].map(|number| {
            let tx = tx.clone();
            spawn(move || send(&tx, number))
        });
        let early = take(&mut rx);
        let [one, other] = threads.map(Thread::join);
        assert_each_once([early, one, other, take(&mut rx)], &[1, 2]);
        // The handle has one node, and it can send.
        assert_eq!(send(&tx, 3), None);
    });
}

/// The same with `send_newest`: the newest is never lost.
#[test]
fn two_threads_send_the_newest_on_one_handle() {
    model(2, |tx, mut rx| {
        let tx = Arc::new(tx.into_shared());
        let threads = [1, 2].map(|number| {
            let tx = tx.clone();
            spawn(move || displaced(tx.send_newest_by_key(Tracked::new(number), Tracked::number)))
        });
        let [one, other] = threads.map(Thread::join);
        assert_eq!(take(&mut rx), Some(2));
        assert_each_once([one, other, take(&mut rx)], &[1]);
    });
}

/// Two threads send through one handle, three times: a node that one brings home is taken by the other.
#[test]
fn node_comes_home_to_another_thread() {
    model(2, |tx, mut rx| {
        let tx = Arc::new(tx.into_shared());
        let other = tx.clone();
        let thread = spawn(move || [1, 2].map(|number| send(&other, number)));
        let here = send(&tx, 3);
        let [first, second] = thread.join();
        assert_each_once([here, first, second, take(&mut rx)], &[1, 2, 3]);
    });
}

/// A node that another thread brought home, and this one found there, goes to the next clone.
#[test]
fn node_found_at_home_is_used_again() {
    model(2, |tx, _rx| {
        let tx = Arc::new(tx.into_shared());
        let other = tx.clone();
        let thread = spawn(move || send(&other, 1));
        let first = send(&tx, 2);
        let second = send(&SharedSender::clone(&tx), 3);
        let there = thread.join();
        // One of the three is still in the slot.
        assert_eq!([first, second, there].iter().flatten().count(), 2);
    });
}

/// `closed` ∥ the last receivers dropped: what the receivers did has happened before.
#[test]
fn closed_and_last_receiver_dropped() {
    model(3, |tx, rx| {
        ends_happen_before([rx.clone(), rx], || block_on(tx.closed()), || assert!(tx.is_closed()));
    });
}

/// Two tasks wait for the receivers' end: both are woken.
#[test]
fn closed_wakes_both_tasks() {
    model(2, |tx, rx| {
        let other = tx.clone();
        let _thread = spawn(move || block_on(other.closed()));
        let _another = spawn(move || drop(rx));
        block_on(tx.closed());
    });
}

/// A `closed` that was polled is dropped, and its node is found by another ∥ the last receiver dropped.
#[test]
fn closed_dropped_and_node_found() {
    model(3, |tx, rx| {
        let _thread = spawn(move || drop(rx));
        let _ = poll_once(&mut tx.closed());
        let_them_wait();
        block_on(tx.closed());
    });
}

/// Polled with one waker and then with another ∥ the last receiver dropped: the last one is woken.
#[test]
fn closed_wakes_the_last_waker() {
    model(3, |tx, rx| {
        let _thread = spawn(move || drop(rx));
        wait_after_a_poll(tx.closed());
    });
}
