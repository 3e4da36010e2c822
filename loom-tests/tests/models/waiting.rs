//! Models of waiting: while a value is in the slot, no receiver is asleep without a wake on its way
//! to some receiver that will look. loom reports a receiver that sleeps for ever as a deadlock.

use crate::scene::{
    Receive, SOME_TIME, Thread, Tracked, assert_each_once, assert_served, block,
    block_for_some_time, let_them_wait, model, number, put, putting, receiving, send, spawn, take,
    wait_as_task,
};
use overwrite_channel_loom::RecvTimeoutError;
// Not loom's: no thread stops while it holds them, and a model need not explore them.
use std::sync::{Arc, Mutex};
use support::{
    panics::caught,
    waker::{Event, Task},
};

/// park ∥ send.
///
/// The `unpark` may come when this thread waits in `join` already. With loom's own `park` and `unpark`
/// in `src/sync/` this model fails, in an assertion of theirs.
#[test]
fn park_and_send() {
    model(3, |mut tx, mut rx| {
        let _thread = spawn(move || put(&mut tx, 1));
        assert_eq!(block(&mut rx), Some(1));
    });
}

/// park ∥ the last senders dropped.
#[test]
fn park_and_last_sender_dropped() {
    model(3, |tx, mut rx| {
        let _threads = [tx.clone(), tx].map(|tx| spawn(move || drop(tx)));
        assert_eq!(block(&mut rx), None);
    });
}

/// A receiver that receives again while the notifier of the first time is still at work in its node.
#[test]
fn receive_again_while_being_notified() {
    for receive in [block, wait_as_task] {
        model(3, move |mut tx, mut rx| {
            let _thread = spawn(move || [1, 2].map(|number| send(&mut tx, number)));
            let mut last = 0;
            while let Some(number) = receive(&mut rx) {
                last = number;
            }
            assert_eq!(last, 2);
        });
    }
}

/// Two receivers wait, a value comes or none, and the last sender goes: both waits end.
#[test]
fn closing_wakes_both_receivers() {
    let cases: [(usize, Receive, &[u32]); 3] =
        [(2, block, &[]), (2, block, &[1]), (1, wait_as_task, &[1])];
    for (preemptions, one, values) in cases {
        model(preemptions, move |mut tx, rx| {
            let waits = [receiving(rx.clone(), one), receiving(rx, block)];
            for &value in values {
                put(&mut tx, value);
            }
            drop(tx);
            assert_each_once(waits.map(Thread::join), values);
        });
    }
}

/// Two receivers wait, a value comes and is snatched away, and others come: each wait ends.
///
/// (In a first version an announcement could fail because a value had come, and counted as discharging the baton all
/// the same: this model failed then. An exchange cannot fail.)
#[test]
fn baton_survives_a_snatched_value() {
    model(1, |mut tx, rx| {
        let (other, mut snatches) = (rx.clone(), rx.clone());
        // The first to have a value sends the next, for the other.
        let next = Arc::new(Mutex::new(Some(tx.clone())));
        let _waits = [rx, other].map(|mut rx| {
            let next = next.clone();
            spawn(move || {
                assert!(block(&mut rx).is_some());
                let next = next.lock().unwrap().take();
                drop(next.map(|mut tx| tx.send(Tracked::new(3))));
            })
        });
        let_them_wait();
        put(&mut tx, 1);
        if take(&mut snatches).is_some() {
            drop(tx.send(Tracked::new(2)));
        }
    });
}

/// timeout ∥ send, while another receiver waits: if the send woke the receiver that times out, that receiver wakes the
/// other. If the value is snatched away, the receiver that times out finds nothing.
#[test]
fn timeout_passes_the_baton() {
    for (preemptions, is_snatched) in [(2, false), (1, true)] {
        model(preemptions, move |mut tx, rx| {
            // The first receiver is notified first.
            let waits = receiving(rx.clone(), block);
            let mut taker = is_snatched.then(|| rx.clone());
            let times_out = receiving(rx, block_for_some_time);
            if is_snatched {
                let_them_wait();
            }
            put(&mut tx, 1);
            let snatched = taker.as_mut().and_then(take);
            assert_served(&mut tx, times_out.join().or(snatched), waits);
        });
    }
}

/// timeout ∥ send: the value is received, or still there after the timeout.
#[test]
fn timeout_and_send() {
    model(3, |tx, mut rx| {
        let thread = putting(tx, 1);
        let seen = rx.recv_timeout(SOME_TIME);
        let _tx = thread.join();
        let seen = seen.or_else(|error| {
            assert_eq!(error, RecvTimeoutError::Timeout);
            rx.try_recv()
        });
        assert_eq!(number(seen), Some(1));
    });
}

/// A taker that comes too late may remove the `WAITING` of one that has just gone to sleep (I3).
#[test]
fn late_taker_wakes_the_receiver_it_covered() {
    model(2, |mut tx, mut rx| {
        put(&mut tx, 1);
        let waits = receiving(rx.clone(), block);
        let late = receiving(rx.clone(), take);
        let here = take(&mut rx);
        assert_served(&mut tx, late.join().or(here), waits);
    });
}

/// A receiver is cloned and dropped while another waits: its wait node and its node are found again, and
/// the wake reaches the one that waits.
#[test]
fn cloned_and_dropped_while_another_waits() {
    model(1, |mut tx, first| {
        // The clones are in the first place, which is notified first.
        let rx = first.clone();
        let waits = receiving(rx.clone(), block);
        drop(first);
        let thread = spawn(move || {
            drop(rx.clone());
            let mut again = rx.clone();
            let timed = block_for_some_time(&mut again);
            take(&mut again).or(timed)
        });
        put(&mut tx, 1);
        assert_served(&mut tx, thread.join(), waits);
    });
}

/// Two receivers are cloned at once, in the place of one that was dropped: each gets a wait node of its
/// own, and both can be woken.
#[test]
fn nodes_left_and_found() {
    model(1, |mut tx, rx| {
        let mut left = rx.clone();
        let clones = rx.clone();
        let thread = spawn(move || block(&mut clones.clone()));
        assert_eq!(block_for_some_time(&mut left), None);
        drop(left);
        let waits = receiving(rx.clone(), block);
        put(&mut tx, 1);
        drop(tx);
        assert_each_once([thread.join(), waits.join()], &[1]);
    });
}

/// A thread finds a value as it announces that it waits, and was notified before that: it passes the wake on,
/// to a task whose waker panics. The value is dropped.
#[test]
fn panic_of_a_wake_passed_on_leaks_nothing() {
    model(2, |mut tx, mut receives| {
        // The first receiver is notified first.
        let mut rx = receives.clone();
        let future = Task::panicking_in(Event::Wake).waits(rx.recv_async());
        let thread = spawn(move || {
            drop(caught(|| tx.send(Tracked::new(1))));
            tx
        });
        if let Some(seen) = caught(|| block(&mut receives)) {
            assert_eq!(seen, Some(1));
        }
        // The future before the sender, whose end would wake it.
        let tx = thread.join();
        drop(future);
        drop(tx);
    });
}
