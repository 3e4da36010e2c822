//! Models of the wait list: its index beyond the inline nodes, owners that leave a node to its notifier, and tasks that
//! are notified and never poll again. In a model two nodes lie inside the list, a word has two bits, and each word of
//! a segment has a count.

use crate::payload::{Tracked, model, number};
use crate::waiting::{let_them_wait, received};
use loom::thread;
use overwrite_channel_loom::{Receiver, Sender, channel, watch};
use std::{
    future::Future,
    mem,
    pin::pin,
    // Not loom's: no thread stops while it uses them, and a model need not explore them.
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, Wake, Waker},
    time::Duration,
};

/// In a model a deadline passes when the receiver has waited for it, however far it is.
const SOME_TIME: Duration = Duration::from_secs(1000);

/// A channel with a receiver that takes an inline node, and `N` more: the first takes the other inline node, the rest
/// the nodes of the first segment in order.
fn crowd<const N: usize>() -> (Sender<Tracked>, Receiver<Tracked>, [Receiver<Tracked>; N]) {
    let (tx, rx) = channel();
    let more = std::array::from_fn(|_| rx.clone());
    (tx, rx, more)
}

fn poll_once<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Counts how often it is woken.
#[derive(Default)]
struct Count(AtomicUsize);

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Relaxed);
    }
}

/// Two receivers wait in one word, two values come, and the last sender goes.
#[test]
fn two_wait_in_one_word() {
    model(1, || {
        let (mut tx, rx, [_idle, one, other]) = crowd();
        let [one, other] = [one, other].map(received);
        drop(rx);
        drop(tx.send(Tracked::new(1)));
        drop(tx.send(Tracked::new(2)));
        drop(tx);
        let seen = [one.join().unwrap(), other.join().unwrap()];
        assert!(seen.contains(&Some(2)), "{seen:?}");
    });
}

/// A walk that begins behind the waiter finds it.
///
/// Fails if it ends where the list does.
#[test]
fn notification_goes_round() {
    model(2, || {
        let (mut tx, rx, [mut before]) = crowd();
        let mut future = before.recv_async();
        assert!(poll_once(&mut future, Waker::noop()).is_pending());
        drop(tx.send(Tracked::new(1)));
        assert!(poll_once(&mut future, Waker::noop()).is_ready());
        drop(future);
        let waits = received(rx);
        drop(tx.send(Tracked::new(2)));
        assert_eq!(waits.join().unwrap(), Some(2));
        drop(tx);
    });
}

/// A receiver registers while its neighbour in the word is notified: the one that is left is notified by the next send.
///
/// Fails if a bit is set or cleared by a load and a store, or if a bit takes the place of the count.
#[test]
fn registers_while_its_neighbour_is_notified() {
    model(2, || {
        let (mut tx, rx, [_idle, mut polls, waits]) = crowd();
        let mut other_tx = tx.clone();
        let mut future = polls.recv_async();
        assert!(poll_once(&mut future, Waker::noop()).is_pending());
        let waits = received(waits);
        let sender = thread::spawn(move || {
            drop(other_tx.send(Tracked::new(1)));
            other_tx
        });
        let _ = poll_once(&mut future, Waker::noop());
        drop(future);
        drop(polls);
        drop(tx.send(Tracked::new(2)));
        // The future has taken one of the two values at most.
        assert!(waits.join().unwrap().is_some());
        drop((sender.join().unwrap(), tx, rx));
    });
}

/// A receiver of a segment receives again while the notifier of the first time is still at work.
///
/// Fails if the notifier clears the bit after the node is idle, or the owner sets it after the announcement.
#[test]
fn registers_again_while_being_notified() {
    model(2, || {
        let (mut tx, rx, [_idle, mut again]) = crowd();
        let thread = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            drop(tx.send(Tracked::new(2)));
            tx
        });
        let mut last = 0;
        while last != 2 {
            last = again.recv().unwrap().number();
        }
        drop((thread.join().unwrap(), rx));
    });
}

/// Two receivers are cloned at once, and there is one vacant node inside the list: each has a node of its own.
///
/// Fails if a node is claimed by a load and a store.
#[test]
fn claimed_by_two_at_once() {
    model(2, || {
        let (tx, rx, [left, other]) = crowd::<2>();
        drop(left);
        let threads = [rx, other].map(|rx| {
            thread::spawn(move || {
                let mut clone = rx.clone();
                drop(clone.recv_timeout(SOME_TIME));
                rx
            })
        });
        for thread in threads {
            thread.join().unwrap();
        }
        drop(tx);
    });
}

/// Two threads claim the nodes that a third one knows, after one of them has made a segment: the third finds that.
///
/// Fails if a claimer does not acquire what the others had seen when they claimed.
#[test]
fn claims_while_two_take_the_known_nodes() {
    model(2, || {
        let (tx, gone, [goes, stays, one, other]) = crowd();
        drop((gone, goes));
        // There are six nodes. Owned are 2, 3 and 4; 0, 1 and 5 are vacant.
        let one = thread::spawn(move || {
            let clones = [one.clone(), one.clone()];
            (one, clones)
        });
        let other = thread::spawn(move || (other.clone(), other));
        let clone = stays.clone();
        drop((one.join().unwrap(), other.join().unwrap()));
        drop((clone, stays, tx));
    });
}

/// The same, where one thread claims all of them, and one was released after the segment was made.
#[test]
fn claims_while_another_takes_the_known_nodes() {
    model(1, || {
        let (tx, gone, [goes, stays, one, released]) = crowd();
        drop((gone, goes));
        let others = thread::spawn(move || {
            let two = [one.clone(), one.clone()];
            drop(released);
            let more = [one.clone(), one.clone()];
            (one, two, more)
        });
        let clone = stays.clone();
        drop(others.join().unwrap());
        drop((clone, stays, tx));
    });
}

/// Three claim at once, and one of them has made a segment, but has claimed no node yet: the others find that.
///
/// Fails if the capacity is not published with the segments.
#[test]
fn claims_before_the_maker_of_the_segment() {
    model(2, || {
        // Five of six nodes are owned.
        let (tx, rx, [one, other, _third, _fourth]) = crowd();
        let threads = [one, other].map(|rx| thread::spawn(move || (rx.clone(), rx)));
        let clone = rx.clone();
        for thread in threads {
            drop(thread.join().unwrap());
        }
        drop((clone, rx, tx));
    });
}

/// Two clones need a new segment at once: each of the two can be notified.
///
/// Fails if a segment is appended by a store.
#[test]
fn appended_by_two_at_once() {
    model(2, || {
        // With the four clones there are as many receivers as nodes, and one more.
        let (mut tx, rx, [other, _third]) = crowd();
        let clone = |rx: &Receiver<Tracked>| {
            let rx = rx.clone();
            thread::spawn(move || rx.clone())
        };
        let clones = [clone(&rx), clone(&other)].map(|thread| thread.join().unwrap());
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        for mut clone in clones {
            assert!(clone.poll_recv(&mut Context::from_waker(&waker)).is_pending());
            drop(tx.send(Tracked::new(1)));
            assert!(clone.poll_recv(&mut Context::from_waker(&waker)).is_ready());
        }
        assert_eq!(count.0.load(Relaxed), 2);
    });
}

/// A node is released by one thread and claimed by another, with no other order between the two.
#[test]
fn released_and_claimed_by_another_thread() {
    model(2, || {
        let (tx, rx) = watch::channel(0_u32);
        let mut goes = rx.clone();
        let goes = thread::spawn(move || {
            let _ = goes.blocking_changed_timeout(SOME_TIME);
            drop(goes);
        });
        let_them_wait();
        let mut comes = rx.clone();
        let _ = comes.blocking_changed_timeout(SOME_TIME);
        goes.join().unwrap();
        drop((tx, rx, comes));
    });
}

/// A task polls while the notifier is still at work in its node: it registers in another, and its waker is woken by
/// sends only.
///
/// Fails if the owner waits for the notifier by waking its own task.
#[test]
fn owner_leaves_its_node_to_the_notifier() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let count = Arc::new(Count::default());
        let waker = Waker::from(count.clone());
        let mut future = rx.recv_async();
        assert!(poll_once(&mut future, &waker).is_pending());
        let sender = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            tx
        });
        let first = match poll_once(&mut future, &waker) {
            Poll::Ready(result) => number(result),
            Poll::Pending => None,
        };
        drop(future);
        if first.is_some() {
            // The node may be the notifier's still.
            assert!(poll_once(&mut rx.recv_async(), &waker).is_pending());
        }
        assert!(count.0.load(Relaxed) <= 1);
        drop(sender.join().unwrap());
    });
}

/// The receiver that has left its node is notified where it is now.
#[test]
fn notified_in_the_node_that_it_moved_to() {
    model(2, || {
        let (mut tx, mut rx) = channel();
        let mut other = tx.clone();
        let senders = [
            thread::spawn(move || drop(tx.send(Tracked::new(1)))),
            thread::spawn(move || drop(other.send(Tracked::new(2)))),
        ];
        let mut sum = 0;
        while let Ok(value) = rx.recv() {
            sum += value.number();
        }
        assert!([1, 2, 3].contains(&sum));
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// A future is notified and never polled again: the send that displaces its value notifies the thread that waits.
///
/// Fails if a send that displaces a value notifies no other.
#[test]
fn stalled_task_is_passed_by_the_next_send() {
    model(2, || {
        let (mut tx, mut stalls) = channel();
        let waits = stalls.clone();
        let mut future = stalls.recv_async();
        assert!(poll_once(&mut future, Waker::noop()).is_pending());
        let waits = received(waits);
        let_them_wait();
        drop(tx.send(Tracked::new(1)));
        drop(tx.send(Tracked::new(2)));
        assert!(waits.join().unwrap().is_some());
        mem::forget(future);
        drop((tx, stalls));
    });
}

/// The same where another sender is late: it has displaced a value before, and looks for stalled tasks only now.
///
/// Fails if the late sender lowers the flag after its walk, or does not see what the notifier of the task saw.
#[test]
fn stalled_task_is_passed_though_a_sender_is_late() {
    model(2, || {
        let (mut tx, mut first, [mut stalls, waits]) = crowd();
        let mut late = tx.clone();
        let mut future = first.recv_async();
        assert!(poll_once(&mut future, Waker::noop()).is_pending());
        drop(tx.send(Tracked::new(1)));
        let late = thread::spawn(move || {
            drop(late.send(Tracked::new(2)));
            late
        });
        let_them_wait();
        assert!(poll_once(&mut future, Waker::noop()).is_ready());
        drop(future);
        // In the round, this task comes before the thread.
        let mut future = stalls.recv_async();
        let _ = poll_once(&mut future, Waker::noop());
        let waits = received(waits);
        let_them_wait();
        drop(tx.send(Tracked::new(3)));
        let_them_wait();
        drop(tx.send(Tracked::new(4)));
        assert!(waits.join().unwrap().is_some());
        mem::forget(future);
        drop((late.join().unwrap(), tx, first, stalls));
    });
}
