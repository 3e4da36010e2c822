//! Models of the wait list: its index beyond the inline nodes, owners that leave a node to its notifier, and tasks that
//! are notified and never poll again. In a model two nodes lie inside the list, a word has two bits, and each word of
//! a segment has a count.

use crate::scene::{
    SOME_TIME, Thread, Tracked, assert_each_once, block, explore, let_them_wait, model, number,
    poll_once, putting, receiving, send, spawn, waiting,
};
use overwrite_channel_loom::{Receiver, watch};
use std::{array, mem, task::Poll};
use support::waker::Task;

/// Clones of the receiver that has one inline node: the first takes the other inline node, the rest the nodes of the
/// first segment in order.
fn crowd<const N: usize>(rx: &Receiver<Tracked>) -> [Receiver<Tracked>; N] {
    array::from_fn(|_| rx.clone())
}

/// Two receivers wait in one word, two values come, and the last sender goes.
#[test]
fn two_wait_in_one_word() {
    model(1, |mut tx, rx| {
        let [_idle, one, other] = crowd(&rx);
        let waits = [one, other].map(|rx| receiving(rx, block));
        drop(rx);
        let displaced = [1, 2].map(|number| send(&mut tx, number));
        drop(tx);
        let received = waits.map(Thread::join);
        assert_each_once(displaced.into_iter().chain(received), &[1, 2]);
        assert!(received.contains(&Some(2)));
    });
}

/// A walk that begins behind the waiter finds it.
#[test]
fn notification_goes_round() {
    model(2, |mut tx, rx| {
        let [mut before] = crowd(&rx);
        let mut future = waiting(before.recv_async());
        send(&mut tx, 1);
        assert!(poll_once(&mut future).is_ready());
        drop(future);
        let waits = receiving(rx, block);
        send(&mut tx, 2);
        assert_eq!(waits.join(), Some(2));
    });
}

/// A receiver registers while its neighbour in the word is notified by one sender, and another sender sends: it has a
/// value, or is notified.
#[test]
fn registers_while_its_neighbour_is_notified() {
    model(2, |mut tx, rx| {
        let [_idle, mut polls, mut registers] = crowd(&rx);
        let mut other_tx = tx.clone();
        let mut future = waiting(polls.recv_async());
        let thread = spawn(move || {
            let task = Task::new();
            let mut future = registers.recv_async();
            let polled = task.poll(&mut future);
            mem::forget(future);
            (polled.is_ready(), task, registers)
        });
        let sender = spawn(move || (send(&mut other_tx, 1), other_tx));
        let _ = poll_once(&mut future);
        drop(future);
        send(&mut tx, 2);
        // The future has taken one of the two values at most.
        drop(sender);
        let (received, task, _registers) = thread.join();
        assert!(received || task.seen().woken > 0);
    });
}

/// A receiver of a segment receives again while the notifier of the first time is still at work.
#[test]
fn registers_again_while_being_notified() {
    model(2, |mut tx, rx| {
        let [_idle, mut again] = crowd(&rx);
        // The sender stays.
        let _thread = spawn(move || ([1, 2].map(|number| send(&mut tx, number)), tx));
        while block(&mut again) != Some(2) {}
    });
}

/// Two threads claim the nodes that a third one knows, after one of them has made a segment: the third finds that.
#[test]
fn claims_while_two_take_the_known_nodes() {
    model(2, |_tx, gone| {
        let [goes, stays, one, other] = crowd(&gone);
        drop((gone, goes));
        // There are six nodes. Owned are 2, 3 and 4; 0, 1 and 5 are vacant.
        let one = spawn(move || ([one.clone(), one.clone()], one));
        let other = spawn(move || (other.clone(), other));
        let _clone = stays.clone();
        drop((one, other));
    });
}

/// The same, where one thread claims all of them, and one was released after the segment was made.
#[test]
fn claims_while_another_takes_the_known_nodes() {
    model(1, |_tx, gone| {
        let [goes, stays, one, released] = crowd(&gone);
        drop((gone, goes));
        let others = spawn(move || {
            let two = [one.clone(), one.clone()];
            drop(released);
            let more = [one.clone(), one.clone()];
            (one, two, more)
        });
        let _clone = stays.clone();
        drop(others);
    });
}

/// Three claim at once, and one of them has made a segment, but has claimed no node yet: the others find that.
#[test]
fn claims_before_the_maker_of_the_segment() {
    model(1, |_tx, rx| {
        // Five of six nodes are owned.
        let [one, other, _third, _fourth] = crowd(&rx);
        let threads = [one, other].map(|rx| spawn(move || (rx.clone(), rx)));
        let _clone = rx.clone();
        drop(threads);
    });
}

/// Two clones need a new segment at once: each of the two can be notified.
#[test]
fn appended_by_two_at_once() {
    model(2, |mut tx, rx| {
        // With the four clones there are as many receivers as nodes, and one more.
        let [other, _third] = crowd(&rx);
        let clones = [rx.clone(), other.clone()].map(|rx| spawn(move || rx.clone()));
        let clones = clones.map(Thread::join);
        let task = Task::new();
        for mut clone in clones {
            assert!(clone.poll_recv(&mut task.context()).is_pending());
            send(&mut tx, 1);
            assert!(clone.poll_recv(&mut task.context()).is_ready());
        }
        assert_eq!(task.seen().woken, 2);
    });
}

/// A node is released by one thread and claimed by another, with no other order between the two.
#[test]
fn released_and_claimed_by_another_thread() {
    explore(2, || {
        let (_tx, rx) = watch::channel(0_u32);
        let mut goes = rx.clone();
        let goes = spawn(move || goes.blocking_changed_timeout(SOME_TIME).is_ok());
        let_them_wait();
        let mut comes = rx.clone();
        let _ = comes.blocking_changed_timeout(SOME_TIME);
        goes.join();
    });
}

/// A task polls while the notifier is still at work in its node: it registers in another, and its waker is woken by
/// sends only.
#[test]
fn owner_leaves_its_node_to_the_notifier() {
    model(3, |tx, mut rx| {
        let task = Task::new();
        let mut future = task.waits(rx.recv_async());
        let _sender = putting(tx, 1);
        let first = task.poll(&mut future).map(number);
        drop(future);
        if let Poll::Ready(Some(_)) = first {
            // The node may be the notifier's still.
            drop(task.waits(rx.recv_async()));
        }
        assert!(task.seen().woken <= 1);
    });
}

/// The receiver that has left its node is notified where it is now.
#[test]
fn notified_in_the_node_that_it_moved_to() {
    model(2, |tx, mut rx| {
        let _senders = [(1, tx.clone()), (2, tx)]
            .map(|(number, mut tx)| spawn(move || drop(tx.send(Tracked::new(number)))));
        let mut sum = 0;
        while let Some(number) = block(&mut rx) {
            sum += number;
        }
        assert!([1, 2, 3].contains(&sum));
    });
}

/// A future is notified and never polled again: the send that displaces its value notifies the thread that waits.
#[test]
fn stalled_task_is_passed_by_the_next_send() {
    model(2, |mut tx, mut stalls| {
        let waits = stalls.clone();
        let future = waiting(stalls.recv_async());
        let waits = receiving(waits, block);
        let_them_wait();
        send(&mut tx, 1);
        send(&mut tx, 2);
        assert!(waits.join().is_some());
        mem::forget(future);
    });
}

/// The same where another sender is late: it has displaced a value before, and looks for stalled tasks only now.
#[test]
fn stalled_task_is_passed_though_a_sender_is_late() {
    model(2, |mut tx, mut first| {
        let [mut stalls, waits] = crowd(&first);
        let mut late = tx.clone();
        let mut future = waiting(first.recv_async());
        send(&mut tx, 1);
        let _late = spawn(move || (send(&mut late, 2), late));
        let_them_wait();
        assert!(poll_once(&mut future).is_ready());
        drop(future);
        // In the round, this task comes before the thread.
        let mut future = stalls.recv_async();
        let _ = poll_once(&mut future);
        let waits = receiving(waits, block);
        let_them_wait();
        send(&mut tx, 3);
        let_them_wait();
        send(&mut tx, 4);
        assert!(waits.join().is_some());
        mem::forget(future);
    });
}
