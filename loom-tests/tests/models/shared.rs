//! Models of what a sender does through `&self`: two threads send through one handle, and a task waits
//! for the receivers' end.

use crate::payload::{Tracked, displaced, model, number};
use crate::waiting::let_them_wait;
use loom::{cell::UnsafeCell, future::block_on, sync::Arc, thread};
use overwrite_channel_loom::{SharedSender, channel};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Waker},
};

/// Two sends through one handle, ∥ a take: each value is accounted for once, and each node has one user.
#[test]
fn two_threads_on_one_handle() {
    model(2, || {
        let (tx, mut rx) = channel();
        let tx = Arc::new(tx.into_shared());
        let threads = [1, 2].map(|n| {
            let tx = tx.clone();
            thread::spawn(move || displaced(tx.send(Tracked::new(n))))
        });
        let early = number(rx.try_recv());
        let sent = threads.map(|thread| thread.join().unwrap());
        let late = number(rx.try_recv());
        let mut seen: Vec<_> = [early, late].into_iter().chain(sent).flatten().collect();
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        // The handle has one node, and it can send.
        assert_eq!(displaced(tx.send(Tracked::new(3))), None);
    });
}

/// The same with `send_newest`: the newest is never lost.
#[test]
fn two_threads_send_the_newest_on_one_handle() {
    model(2, || {
        let (tx, mut rx) = channel();
        let tx = Arc::new(tx.into_shared());
        let threads = [1, 2].map(|n| {
            let tx = tx.clone();
            thread::spawn(move || {
                let sent = tx.send_newest_by_key(Tracked::new(n), Tracked::number);
                sent.unwrap().map(|value| value.number())
            })
        });
        let sent = threads.map(|thread| thread.join().unwrap());
        assert_eq!(number(rx.try_recv()), Some(2));
        let mut gone: Vec<_> = sent.into_iter().flatten().collect();
        gone.extend(number(rx.try_recv()));
        assert_eq!(gone, [1]);
    });
}

/// Two threads send through one handle, three times: a node that one brings home is taken by the other.
#[test]
fn node_comes_home_to_another_thread() {
    model(2, || {
        let (tx, mut rx) = channel();
        let tx = Arc::new(tx.into_shared());
        let other = tx.clone();
        let thread = thread::spawn(move || [1, 2].map(|n| displaced(other.send(Tracked::new(n)))));
        let here = displaced(tx.send(Tracked::new(3)));
        let there = thread.join().unwrap();
        let last = number(rx.try_recv());
        let mut seen: Vec<_> = [here, last].into_iter().chain(there).flatten().collect();
        seen.sort_unstable();
        assert_eq!(seen, [1, 2, 3]);
    });
}

/// A node that another thread brought home, and this one found there, goes to the next clone.
///
/// Fails if `Borrowed::drop` does not acquire the node that it takes away.
#[test]
fn node_found_at_home_is_used_again() {
    model(2, || {
        let (tx, _rx) = channel();
        let tx = Arc::new(tx.into_shared());
        let other = tx.clone();
        let thread = thread::spawn(move || displaced(other.send(Tracked::new(1))));
        let first = displaced(tx.send(Tracked::new(2)));
        let clone = SharedSender::clone(&tx);
        let second = displaced(clone.send(Tracked::new(3)));
        let there = thread.join().unwrap();
        // One of the three is still in the slot.
        assert_eq!([first, second, there].iter().flatten().count(), 2);
    });
}

/// `closed` ∥ the last receivers dropped. What the receivers did has happened before.
#[test]
fn closed_and_last_receiver_dropped() {
    model(3, || {
        let (tx, rx) = channel::<Tracked>();
        let done = Arc::new(UnsafeCell::new(0));
        let threads = [rx.clone(), rx].map(|rx| {
            let done = done.clone();
            thread::spawn(move || {
                // Each of the two reads, and the sender writes when both are gone.
                done.with(|_| ());
                drop(rx);
            })
        });
        block_on(tx.closed());
        done.with_mut(|_| ());
        assert!(tx.is_closed());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Two tasks wait for the receivers' end: both are woken.
#[test]
fn closed_wakes_everybody() {
    model(2, || {
        let (tx, rx) = channel::<Tracked>();
        let other = tx.clone();
        let thread = thread::spawn(move || block_on(other.closed()));
        let another = thread::spawn(move || drop(rx));
        block_on(tx.closed());
        thread.join().unwrap();
        another.join().unwrap();
    });
}

/// A `closed` that was polled is dropped, and its node is found by another ∥ the last receiver dropped.
#[test]
fn closed_dropped_and_node_found() {
    model(3, || {
        let (tx, rx) = channel::<Tracked>();
        let thread = thread::spawn(move || drop(rx));
        {
            let mut future = pin!(tx.closed());
            let _ = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        }
        let_them_wait();
        block_on(tx.closed());
        thread.join().unwrap();
    });
}

/// Polled with one waker and then with another ∥ the last receiver dropped: the last one is woken.
#[test]
fn closed_wakes_the_last_waker() {
    model(3, || {
        let (tx, rx) = channel::<Tracked>();
        let thread = thread::spawn(move || drop(rx));
        let mut future = pin!(tx.closed());
        if future.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            block_on(future);
        }
        thread.join().unwrap();
    });
}
