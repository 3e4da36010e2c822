//! Models of waiting as a task: a dropped future passes its wake on, a waker that was left behind takes
//! none away, and the last waker is the one that is woken. loom reports a task that is never woken as a
//! deadlock.

use crate::payload::{Tracked, displaced, model, number};
use crate::waiting::{let_them_wait, received};
use loom::{
    future::block_on,
    sync::{Arc, Notify},
    thread,
};
use overwrite_channel_loom::{Receiver, Sender, channel};
use std::{
    future::Future,
    mem,
    pin::pin,
    // Not loom's: no thread stops while it holds it, and a model need not explore it.
    sync::Mutex,
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

fn awaited(mut rx: Receiver<Tracked>) -> thread::JoinHandle<Option<u32>> {
    thread::spawn(move || number(block_on(rx.recv_async())))
}

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// poll ∥ send.
#[test]
fn task_and_send() {
    model(3, || {
        let (mut tx, rx) = channel();
        let task = awaited(rx);
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        assert_eq!(task.join().unwrap(), Some(1));
    });
}

/// poll ∥ the last sender dropped.
#[test]
fn task_and_last_sender_dropped() {
    model(3, || {
        let (tx, rx) = channel();
        let task = awaited(rx);
        drop(tx);
        assert_eq!(task.join().unwrap(), None);
    });
}

/// A task that waits again while the notifier of the first time is still at work in its node.
///
/// Fails if a poll arms that node.
#[test]
fn task_waits_again_while_being_notified() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            drop(tx.send(Tracked::new(2)));
        });
        let mut last = 0;
        while let Ok(value) = block_on(rx.recv_async()) {
            last = value.number();
        }
        assert_eq!(last, 2);
        thread.join().unwrap();
    });
}

/// A receiver that is a task was polled once, ∥ a send of 1 by `sender`: if the poll has the value, the
/// one that waits sees the end, and else the value, while the sender is still there.
fn either_has_it(
    polled: Poll<Option<u32>>,
    waits: thread::JoinHandle<Option<u32>>,
    sender: thread::JoinHandle<Sender<Tracked>>,
) {
    if let Poll::Ready(seen) = polled {
        assert_eq!(seen, Some(1));
        drop(sender.join().unwrap());
        assert_eq!(waits.join().unwrap(), None);
    } else {
        assert_eq!(waits.join().unwrap(), Some(1));
        drop(sender.join().unwrap());
    }
}

fn sending(mut tx: Sender<Tracked>) -> thread::JoinHandle<Sender<Tracked>> {
    thread::spawn(move || {
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        tx
    })
}

/// A future is dropped ∥ send, while another receiver waits: if the future was woken, it wakes the other.
///
/// Fails if a dropped future keeps its wake, and if the one who passes it on does not see what its
/// notifier saw (`WaitNode::take`, `WaitNode::disarm`).
#[test]
fn dropped_future_passes_the_baton() {
    model(1, || {
        // The first receiver is notified first.
        let (tx, mut cancelled) = channel();
        let waits = received(cancelled.clone());
        let sender = sending(tx);
        let mut future = cancelled.recv_async();
        let polled = poll_once(&mut future).map(number);
        let_them_wait();
        drop(future);
        either_has_it(polled, waits, sender);
    });
}

/// The same between two tasks.
#[test]
fn dropped_future_passes_the_baton_to_a_task() {
    model(1, || {
        let (tx, mut cancelled) = channel();
        let waits = awaited(cancelled.clone());
        let sender = sending(tx);
        let mut future = cancelled.recv_async();
        let polled = poll_once(&mut future).map(number);
        let_them_wait();
        drop(future);
        either_has_it(polled, waits, sender);
    });
}

/// The same, where the future is dropped while its notifier is at work in its node.
///
/// Fails if `WaitNode::take` publishes what the notifier had seen only when it leaves the node.
#[test]
fn dropped_while_being_notified() {
    model(1, || {
        let (mut tx, mut cancelled) = channel();
        let waits = received(cancelled.clone());
        let go = Arc::new(Notify::new());
        let gone = go.clone();
        let cancels = thread::spawn(move || {
            let mut future = cancelled.recv_async();
            let polled = poll_once(&mut future).map(number);
            gone.wait();
            drop(future);
            polled.is_ready()
        });
        let_them_wait();
        go.notify();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        if cancels.join().unwrap() {
            assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// Two wait, one of them a task that is woken and takes the value; the next send wakes the other.
///
/// Fails if the task's exchange does not leave `WAITING` behind.
#[test]
fn woken_task_takes_a_value_while_another_waits() {
    model(2, || {
        // The first receiver is notified first.
        let (mut tx, mut polls) = channel();
        let waits = received(polls.clone());
        let mut future = polls.recv_async();
        assert!(poll_once(&mut future).is_pending());
        let_them_wait();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        if let Poll::Ready(result) = poll_once(&mut future) {
            assert_eq!(number(result), Some(1));
            assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// A future that is forgotten keeps its wake only until the next call on its receiver, or its end.
///
/// Fails if only the future's own drop looks whether it was woken.
#[test]
fn forgotten_future_is_made_up_for() {
    model(1, || {
        // The first receiver is notified first.
        let (tx, mut forgetful) = channel();
        let waits = received(forgetful.clone());
        let sender = sending(tx);
        let mut future = forgetful.recv_async();
        let polled = poll_once(&mut future).map(number);
        mem::forget(future);
        let_them_wait();
        drop(forgetful);
        either_has_it(polled, waits, sender);
    });
}

/// A poll leaves a waker behind and nobody comes back: the send wakes who waits in a call all the same.
///
/// Fails if a waker left behind counts as the one that a send wakes.
#[test]
fn waker_left_behind_takes_no_wake_away() {
    model(1, || {
        // A walk comes to the first receiver first.
        let (tx, mut left) = channel();
        let waits = received(left.clone());
        let sender = sending(tx);
        let polled = left.poll_recv(&mut Context::from_waker(Waker::noop())).map(number);
        let_them_wait();
        either_has_it(polled, waits, sender);
    });
}

/// A waker left behind is woken whoever else is woken: here its task is the only one to look again.
#[test]
fn waker_left_behind_is_woken() {
    model(2, || {
        let (mut tx, mut rx) = channel();
        let mut competitor = rx.clone();
        let thread = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            let snatched = number(competitor.try_recv());
            drop(tx.send(Tracked::new(2)));
            snatched
        });
        let first = number(block_on(std::future::poll_fn(|cx| rx.poll_recv(cx))));
        let snatched = thread.join().unwrap();
        assert!(matches!((first, snatched), (Some(1), None) | (Some(2), _)));
    });
}

/// Polled with one waker and then with another ∥ send: the last one is woken.
///
/// Fails if the second poll leaves the first waker in the node.
#[test]
fn last_waker_is_woken() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || drop(tx.send(Tracked::new(1))));
        let mut future = rx.recv_async();
        let seen = match poll_once(&mut future) {
            Poll::Ready(result) => number(result),
            Poll::Pending => number(block_on(future)),
        };
        assert_eq!(seen, Some(1));
        thread.join().unwrap();
    });
}

/// A waker left behind, then a wait in a call on the same receiver ∥ send.
#[test]
fn waits_after_a_waker_was_left_behind() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || drop(tx.send(Tracked::new(1))));
        let seen = match rx.poll_recv(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(result) => number(result),
            Poll::Pending => number(rx.recv()),
        };
        assert_eq!(seen, Some(1));
        thread.join().unwrap();
    });
}

/// A receiver is dropped with a waker left behind ∥ send, and its wait node is found again.
#[test]
fn receiver_dropped_with_a_waker_left_behind() {
    model(2, || {
        let (mut tx, rx) = channel();
        let mut left = rx.clone();
        let thread = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            tx
        });
        let polled = left.poll_recv(&mut Context::from_waker(Waker::noop()));
        drop(left);
        let mut found = rx.clone();
        if let Poll::Ready(result) = polled {
            assert_eq!(number(result), Some(1));
        } else {
            assert_eq!(number(found.recv()), Some(1));
        }
        thread.join().unwrap();
    });
}

/// Two tasks and a thread wait, one value comes, and the last sender goes.
#[test]
fn closing_wakes_every_task() {
    model(1, || {
        let (mut tx, rx) = channel();
        let task = awaited(rx.clone());
        let waits = received(rx);
        drop(tx.send(Tracked::new(1)));
        drop(tx);
        let mut seen = [task.join().unwrap(), waits.join().unwrap()];
        seen.sort_unstable();
        assert_eq!(seen, [None, Some(1)]);
    });
}

/// An announcement brings a value, and meanwhile another value comes, whose sender wakes the one that is
/// about to leave: that one wakes the next.
///
/// The first value is sent by the waker's `clone`, which a poll calls after it has looked.
#[test]
fn announcement_that_brings_a_value_passes_the_baton() {
    model(1, || {
        // The first receiver is notified first.
        let (mut tx, mut polls) = channel();
        let waits = received(polls.clone());
        let first = SendsWhenCloned(Mutex::new((Some(tx.clone()), None)));
        let thread = thread::spawn(move || {
            let displaced = displaced(tx.send(Tracked::new(2)));
            (tx, displaced)
        });
        let waker = first.waker();
        let mut future = polls.recv_async();
        let polled = pin!(&mut future).poll(&mut Context::from_waker(&waker)).map(number);
        mem::forget(future); // what it owes, it has paid when it was finished
        let (unsent, also_displaced) = first.0.into_inner().unwrap();
        let sent = if unsent.is_none() { 2 } else { 1 };
        drop(unsent);
        let (tx, displaced) = thread.join().unwrap();
        let gone =
            [displaced, also_displaced, if let Poll::Ready(seen) = polled { seen } else { None }]
                .iter()
                .flatten()
                .count();
        if gone < sent {
            assert!(waits.join().unwrap().is_some());
            drop(tx);
        } else {
            drop(tx);
            assert_eq!(waits.join().unwrap(), None);
        }
    });
}

/// A waker that does nothing but send 1 when it is cloned for the first time, and note what that displaced.
struct SendsWhenCloned(Mutex<(Option<Sender<Tracked>>, Option<u32>)>);

impl SendsWhenCloned {
    const VTABLE: RawWakerVTable =
        RawWakerVTable::new(Self::clone, Self::nothing, Self::nothing, Self::nothing);

    fn waker(&self) -> Waker {
        let data = std::ptr::from_ref(self).cast();
        // SAFETY: only `clone` uses the data, and it is called while the model has `self`.
        unsafe { Waker::new(data, &Self::VTABLE) }
    }

    fn clone(data: *const ()) -> RawWaker {
        // SAFETY: see `waker`.
        let this = unsafe { &*data.cast::<Self>() };
        let mut state = this.0.lock().unwrap();
        if let Some(mut tx) = state.0.take() {
            state.1 = displaced(tx.send(Tracked::new(1)));
        }
        RawWaker::new(data, &Self::VTABLE)
    }

    fn nothing(_: *const ()) {}
}
