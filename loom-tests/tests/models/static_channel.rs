//! Models of static channels: the memory goes from one channel to the next, room from one handle to another, and the
//! nodes beside the lists are found.

use crate::scene::{
    Thread, Tracked, assert_each_once, block, displaced, explore, let_them_wait, poll_once, put,
    receiving, send, spawn, take,
};
use loom::{cell::UnsafeCell, future::block_on, sync::Arc};
use overwrite_channel_loom::{Receiver, Sender, SharedSender, StaticChannel};
use std::any::Any;
use support::waker::Task;

/// Memory for one channel at a time. Each schedule has its own, which is leaked.
fn memory<const HANDLES: usize>() -> &'static StaticChannel<Tracked, HANDLES> {
    Box::leak(Box::new(StaticChannel::new()))
}

/// Explores what `body` does with a static channel.
fn model<const HANDLES: usize>(
    preemptions: usize,
    body: impl Fn(Sender<Tracked>, Receiver<Tracked>) + Sync + Send + 'static,
) {
    explore(preemptions, move || {
        let (tx, rx) = memory::<HANDLES>().split().unwrap();
        body(tx, rx);
    });
}

/// split ∥ the last handles dropped, by two threads: if it succeeds, what they did has happened before, and the next channel is
/// empty.
#[test]
fn memory_goes_to_the_next_channel() {
    explore(2, || {
        let memory = memory::<2>();
        let (mut tx, rx) = memory.split().unwrap();
        put(&mut tx, 1);
        let done = Arc::new(UnsafeCell::new(0));
        let ends: [Box<dyn Any>; 2] = [Box::new(tx), Box::new(rx)];
        let _threads = ends.map(|handle| {
            let done = done.clone();
            spawn(move || {
                done.with(|_| ());
                drop(handle);
            })
        });
        let_them_wait();
        if let Some((mut tx, mut rx)) = memory.split() {
            done.with_mut(|_| ());
            assert_eq!(take(&mut rx), None);
            put(&mut tx, 2);
        }
    });
}

/// Two threads split at once: one of them gets the handles.
#[test]
fn two_splits() {
    explore(3, || {
        let memory = memory::<2>();
        let there = spawn(|| memory.split());
        let here = memory.split();
        let there = there.join();
        assert_ne!(here.is_some(), there.is_some());
    });
}

/// A sender and a receiver are cloned at once, and there is room for one of the two. The one that was not made is not counted.
#[test]
fn last_room() {
    model::<3>(3, |mut tx, mut rx| {
        let thread = spawn(move || {
            let made = rx.try_clone();
            (made, take(&mut rx), rx)
        });
        let made = tx.try_clone();
        put(&mut tx, 1);
        let (made_there, received, mut rx) = thread.join();
        assert_ne!(made.is_some(), made_there.is_some());
        let counted = [tx.sender_count(), tx.receiver_count()];
        assert_eq!(
            counted,
            [made.is_some(), made_there.is_some()].map(|made| 1 + usize::from(made))
        );
        assert_each_once([received, take(&mut rx)], &[1]);
    });
}

/// The same with room for both: the one that loses its place to the other finds the next one.
#[test]
fn room_for_both() {
    model::<4>(2, |tx, rx| {
        let thread = spawn(move || (rx.try_clone(), rx));
        let made = tx.try_clone();
        let (made_there, _rx) = thread.join();
        assert!(made.is_some() && made_there.is_some());
    });
}

/// clone ∥ a receiver dropped, which has just received: its room is found, or there is none.
#[test]
fn room_is_left_and_found() {
    model::<3>(3, |mut tx, mut rx| {
        let mut leaves = rx.try_clone().unwrap();
        put(&mut tx, 1);
        let thread = spawn(move || take(&mut leaves));
        let another = tx.try_clone().map(|mut tx| send(&mut tx, 2));
        let stale = send(&mut tx, 3);
        let sent: &[u32] = if another.is_some() { &[1, 2, 3] } else { &[1, 3] };
        assert_each_once([thread.join(), another.flatten(), stale, take(&mut rx)], sent);
    });
}

/// Two sends through one shared handle at once: the second takes room, and gives it back.
#[test]
fn shared_sends_at_once() {
    model::<3>(3, |tx, mut rx| {
        let tx = Arc::new(tx.into_shared());
        let there = tx.clone();
        let thread = spawn(move || displaced(there.send(Tracked::new(1))));
        let here = displaced(tx.send(Tracked::new(2)));
        let there = thread.join();
        assert!(rx.try_clone().is_some());
        assert_each_once([here, there, take(&mut rx)], &[1, 2]);
    });
}

/// The same, twice each: room that a send has given back is seen by the next one that finds no node at home.
#[test]
fn shared_sends_find_the_room_given_back() {
    model::<3>(3, |tx, mut rx| {
        let tx = Arc::new(tx.into_shared());
        let there = tx.clone();
        let send_twice =
            |tx: &SharedSender<Tracked>| [1, 2].map(|n| displaced(tx.send(Tracked::new(n))));
        let thread = spawn(move || send_twice(&there));
        let here = send_twice(&tx);
        let seen = here.into_iter().chain(thread.join()).chain([take(&mut rx)]);
        assert_each_once(seen, &[1, 1, 2, 2]);
    });
}

/// A receiver whose node lies beside the list waits ∥ a send: the notifier finds it, though nothing but the announcement
/// comes in between.
#[test]
fn notified_beside_the_list() {
    model::<4>(3, |mut tx, rx| {
        let waits = spawn(move || {
            let [_second, mut third] = [rx.clone(), rx.clone()];
            (block(&mut third), rx)
        });
        put(&mut tx, 1);
        assert_eq!(waits.join().0, Some(1));
    });
}

/// The senders go ∥ receivers wait beside the list: all are notified.
#[test]
fn end_notifies_beside_the_list() {
    model::<4>(1, |tx, rx| {
        let waits = [rx.clone(), rx.clone()].map(|rx| receiving(rx, block));
        let_them_wait();
        drop(tx);
        assert_eq!(waits.map(Thread::join), [None, None]);
    });
}

/// The one receiver, while notifiers are at work in both nodes inside the list, does not move to one beside it, where they would
/// not look.
#[test]
fn moves_among_the_nodes_that_count() {
    model::<4>(2, |mut tx, mut rx| {
        let _senders = [1, 2].map(|number| {
            let mut tx = tx.clone();
            spawn(move || (send(&mut tx, number), tx))
        });
        for _ in 0..2 {
            let mut future = rx.recv_async();
            if poll_once(&mut future).is_pending() {
                let_them_wait();
                let _ = poll_once(&mut future);
            }
        }
        let task = Task::new();
        let mut future = rx.recv_async();
        if task.poll(&mut future).is_pending() {
            send(&mut tx, 3);
            assert!(task.seen().woken > 0);
        }
    });
}

/// Two tasks wait for the receivers' end: both are woken.
#[test]
fn closed_wakes_all() {
    model::<4>(2, |tx, rx| {
        let other = tx.clone();
        let _thread = spawn(move || block_on(other.closed()));
        let _another = spawn(move || drop(rx));
        block_on(tx.closed());
    });
}
