//! Receiving as a task: a future at its end, borrowed and pinned things, and threads and tasks side by side.

use crate::threads::send_tracked;
use futures::{executor::block_on, join};
use overwrite_channel::{Receiver, RecvError, SendError, channel, wait_any};
use std::{
    future::{Future, poll_fn},
    iter,
    marker::PhantomPinned,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    task::Poll,
    thread,
};
use support::{
    ledger::{Fate, Ledger, Tracked},
    panics::message,
    waker::{Seen, Task},
    watchdog::watched,
};

/// Polls a future that is ready, and once more. Returns what the panic of that says.
fn complaint(mut future: impl Future + Unpin) -> String {
    let task = Task::new();
    assert!(task.poll(&mut future).is_ready());
    message(|| task.poll(&mut future).is_ready())
}

#[test]
fn a_future_that_is_polled_after_its_end_says_which_it_is() {
    let (mut tx, mut rx) = channel();
    for end in [false, true] {
        if end {
            (tx, rx) = (channel().0, channel().1);
        }
        assert_eq!(tx.send(1).is_err(), end);
        assert_eq!(complaint(rx.recv_async()), "`RecvFuture` polled after it had finished");
        assert_eq!(tx.send(1).is_err(), end);
        let said = complaint(rx.recv_matching_async(|_| true));
        assert_eq!(said, "`RecvMatchingFuture` polled after it had finished");
    }
    assert_eq!(complaint(tx.closed()), "`ClosedFuture` polled after it had finished");
    // Nothing else is wrong with any of the handles.
    assert_eq!(rx.try_recv(), Err(RecvError.into()));
    assert_eq!(tx.send(2), Err(SendError(2)));
}

#[test]
fn a_predicate_that_may_not_be_moved_is_no_obstacle() {
    let task = Task::new();
    let (mut tx, mut rx) = channel();
    let pinned = (1, PhantomPinned);
    let future = task.waits(rx.recv_matching_async(move |value| {
        let (wanted, PhantomPinned) = &pinned;
        value == wanted
    }));
    let mut moved = Box::new(future);
    tx.send(1).unwrap();
    assert_eq!(task.poll(&mut *moved), Poll::Ready(Ok(1)));
}

#[test]
fn values_that_borrow_pass_between_scoped_threads() {
    let text = String::from("borrowed for longer than the channel lives");
    let (mut tx, mut rx) = channel();
    let last = thread::scope(|scope| {
        scope.spawn(|| {
            text.split(' ').for_each(|word| _ = tx.send(word).unwrap());
            drop(tx);
        });
        iter::from_fn(|| block_on(rx.recv_async()).ok()).last()
    });
    assert_eq!(last, Some("lives"));
}

/// Receives until the end, by each way in turn, and counts unwanted values.
async fn receive_all(mut rx: Receiver<Tracked>, unwanted: &AtomicUsize) {
    let wanted = |value: &Tracked| {
        let is_wanted = value.id() % 2 == 0;
        unwanted.fetch_add(usize::from(!is_wanted), SeqCst);
        is_wanted
    };
    for round in 0.. {
        let outcome = match round % 3 {
            0 => rx.recv_async().await,
            1 => poll_fn(|cx| rx.poll_recv(cx)).await,
            _ => rx.recv_matching_async(wanted).await,
        };
        let Ok(value) = outcome else { break };
        value.meets(Fate::Received);
    }
}

/// Receives until the end, by futures that are polled twice.
fn come_and_go(mut rx: Receiver<Tracked>) {
    let task = Task::new();
    while !rx.is_closed() {
        let mut future = rx.recv_async();
        for _ in 0..2 {
            thread::yield_now();
            match task.poll(&mut future) {
                Poll::Ready(Ok(value)) => value.meets(Fate::Received),
                Poll::Ready(Err(RecvError)) => {}
                Poll::Pending => continue,
            }
            break;
        }
    }
}

/// Several ways to receive compete for the values of two senders; or of one that waits until each value was received.
fn compete(is_slow: bool) {
    const VALUES: usize = 3_000;
    watched(move |watch| {
        let ledger = Ledger::new(2 * VALUES);
        let unwanted = AtomicUsize::new(0);
        let (tx, rx) = channel();
        thread::scope(|scope| {
            let (ledger, unwanted) = (&ledger, &unwanted);
            let receives = |name, receive: fn([Receiver<Tracked>; 2], &AtomicUsize)| {
                let rxs = [rx.clone(), rx.clone()];
                scope.spawn(move || {
                    let _running = watch.running(name);
                    receive(rxs, unwanted);
                });
            };
            receives("two futures of one task", |rxs, unwanted| {
                let [one, two] = rxs.map(|rx| receive_all(rx, unwanted));
                block_on(async { join!(one, two) });
            });
            receives("a future", |[rx, _], unwanted| block_on(receive_all(rx, unwanted)));
            receives("futures that come and go", |[rx, _], _| come_and_go(rx));
            receives("a thread that parks", |[mut rx, _], _| {
                rx.set_spin_limit(0);
                rx.into_iter().for_each(|value| value.meets(Fate::Received));
            });
            // Woken by a value, it takes no wake from the others, which are to take the value.
            receives("a thread that waits for any, and takes nothing", |[mut rx, mut other], _| {
                rx.set_spin_limit(0);
                while !rx.is_closed() {
                    let _ready = wait_any(&mut [&mut rx, &mut other]);
                    thread::yield_now();
                }
            });
            drop(rx);
            let senders = if is_slow { vec![tx] } else { vec![tx.clone(), tx] };
            for (at, tx) in senders.into_iter().enumerate() {
                scope.spawn(move || {
                    let _running = watch.running(format!("sender {at}"));
                    send_tracked(tx, ledger, VALUES, is_slow);
                });
            }
        });
        let totals = ledger.totals();
        assert_eq!(totals.dropped_with_channel, unwanted.into_inner());
        assert!(!is_slow || totals.displaced == 0);
    });
}

#[test]
fn futures_and_a_parked_thread_compete_and_each_value_has_one_fate() {
    compete(false);
}

#[test]
fn no_value_and_no_wake_is_lost_to_futures_that_come_and_go() {
    compete(true);
}

#[test]
fn a_waker_that_outlives_the_channel_may_still_be_woken() {
    let task = Task::new();
    let (tx, mut rx) = channel::<u8>();
    assert!(rx.poll_recv(&mut task.context()).is_pending());
    let kept = task.context().waker().clone();
    drop((tx, rx));
    assert_eq!(task.seen(), Seen { cloned: 2, ..Seen::WOKEN });
    kept.wake();
    assert_eq!(task.seen(), Seen::WOKEN);
}
