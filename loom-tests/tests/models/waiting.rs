//! Models of waiting: while a value is in the slot, no receiver is asleep without a wake on its way
//! to some receiver that will look. loom reports a receiver that sleeps for ever as a deadlock.

use crate::payload::{Tracked, displaced, model, number};
use loom::thread;
use overwrite_channel_loom::{Receiver, RecvTimeoutError, channel};
// Not loom's: no thread stops while it holds them, and a model need not explore them.
use std::sync::{Arc, Mutex};
use std::{
    future::Future,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::pin,
    task::{Context, Wake, Waker},
    time::Duration,
};

/// In a model a deadline passes when the receiver has waited for it, however far it is.
const SOME_TIME: Duration = Duration::from_secs(1000);

pub(crate) fn received(mut rx: Receiver<Tracked>) -> thread::JoinHandle<Option<u32>> {
    thread::spawn(move || number(rx.recv()))
}

/// Lets the other threads run first, which spares the search a preemption for each.
pub(crate) fn let_them_wait() {
    thread::yield_now();
}

/// park ∥ send.
///
/// The `unpark` may come when this thread waits in `join` already. With loom's own `park` and `unpark`
/// in `src/sync.rs` this model fails, in an assertion of theirs.
#[test]
fn park_and_send() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || displaced(tx.send(Tracked::new(1))));
        assert_eq!(number(rx.recv()), Some(1));
        assert_eq!(thread.join().unwrap(), None);
    });
}

/// park ∥ the last sender dropped.
#[test]
fn park_and_last_sender_dropped() {
    model(3, || {
        let (tx, mut rx) = channel::<Tracked>();
        let other = tx.clone();
        let thread = thread::spawn(move || drop(tx));
        let another = thread::spawn(move || drop(other));
        assert_eq!(number(rx.recv()), None);
        thread.join().unwrap();
        another.join().unwrap();
    });
}

/// A receiver that receives again while the notifier of the first time is still at work.
///
/// Fails if `Cell::arm` does not look at the state, or if `Cell::disarm` reads it and then writes it: a
/// notifier takes the cell between the two, and both write.
#[test]
fn receive_again_while_being_notified() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || {
            let first = displaced(tx.send(Tracked::new(1)));
            (first, displaced(tx.send(Tracked::new(2))))
        });
        let mut last = 0;
        while let Ok(value) = rx.recv() {
            last = value.number();
        }
        assert_eq!(last, 2);
        thread.join().unwrap();
    });
}

/// Two receivers wait, and the last sender goes: both see the end.
///
/// Fails if closing wakes one only.
#[test]
fn closing_wakes_both() {
    model(2, || {
        let (tx, rx) = channel();
        let one = received(rx.clone());
        let other = received(rx);
        drop(tx);
        assert_eq!([one.join().unwrap(), other.join().unwrap()], [None, None]);
    });
}

/// Two receivers wait, one value comes, and the last sender goes.
///
/// Fails if closing wakes only where `WAITING` is set: the send has removed it and woken one.
#[test]
fn closing_wakes_everybody() {
    model(2, || {
        let (mut tx, rx) = channel();
        let one = received(rx.clone());
        let other = received(rx);
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        drop(tx);
        let mut seen = [one.join().unwrap(), other.join().unwrap()];
        seen.sort_unstable();
        assert_eq!(seen, [None, Some(1)]);
    });
}

/// Two receivers wait, a value comes and is snatched away, and others come: each wait ends.
///
/// Fails if the receiver that is woken forgets that it was, or if its exchange does not leave `WAITING`
/// behind. (In a first version an announcement could fail because a value had come, and counted as
/// discharging the baton all the same: this model failed then. An exchange cannot fail.)
#[test]
fn baton_survives_a_snatched_value() {
    model(1, || {
        let (mut tx, mut rx) = channel();
        // The first to have a value sends the next, for the other.
        let next = Arc::new(Mutex::new(Some(tx.clone())));
        let [one, other] = [rx.clone(), rx.clone()].map(|mut rx| {
            let next = next.clone();
            thread::spawn(move || {
                assert!(number(rx.recv()).is_some());
                let next = next.lock().unwrap().take();
                if let Some(mut tx) = next {
                    drop(tx.send(Tracked::new(3)));
                }
            })
        });
        let_them_wait();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        if number(rx.try_recv()).is_some() {
            drop(tx.send(Tracked::new(2)));
        }
        one.join().unwrap();
        other.join().unwrap();
    });
}

/// timeout ∥ send, while another receiver waits: if the send woke the one that times out, that one
/// wakes the other.
#[test]
fn timeout_passes_the_baton() {
    model(2, || {
        let (mut tx, mut rx) = channel();
        let waits = received(rx.clone());
        let times_out = thread::spawn(move || number(rx.recv_timeout(SOME_TIME)));
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        if times_out.join().unwrap().is_some() {
            assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// The same with a value that is snatched away, so that the one that times out finds nothing.
#[test]
fn timeout_passes_the_baton_of_a_snatched_value() {
    model(1, || {
        let (mut tx, mut rx) = channel();
        let waits = received(rx.clone());
        let mut times_out = rx.clone();
        let times_out = thread::spawn(move || number(times_out.recv_timeout(SOME_TIME)));
        let_them_wait();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let snatched = number(rx.try_recv()).is_some();
        let received = times_out.join().unwrap().is_some();
        if snatched || received {
            drop(tx.send(Tracked::new(2)));
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// timeout ∥ send: the value is received, or still there after the timeout.
#[test]
fn timeout_and_send() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || {
            assert_eq!(displaced(tx.send(Tracked::new(1))), None);
            tx
        });
        let seen = rx.recv_timeout(SOME_TIME);
        let _tx = thread.join().unwrap();
        match seen {
            Ok(value) => assert_eq!(value.number(), 1),
            Err(error) => {
                assert_eq!(error, RecvTimeoutError::Timeout);
                assert_eq!(number(rx.try_recv()), Some(1));
            }
        }
    });
}

/// A taker that comes too late may remove the `WAITING` of one that has just gone to sleep (I3).
#[test]
fn late_taker_wakes_whom_it_covered() {
    model(2, || {
        let (mut tx, mut rx) = channel();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let waits = received(rx.clone());
        let mut taker = rx.clone();
        let late = thread::spawn(move || number(taker.try_recv()));
        let here = number(rx.try_recv());
        let there = late.join().unwrap();
        if here.or(there).is_some() {
            assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// A receiver is cloned and dropped while another waits: its cell and its node are found again, and
/// the wake reaches the one that waits.
#[test]
fn cloned_and_dropped_while_another_waits() {
    model(1, || {
        let (mut tx, rx) = channel();
        let waits = received(rx.clone());
        let thread = thread::spawn(move || {
            drop(rx.clone());
            let mut again = rx.clone();
            let timed = number(again.recv_timeout(SOME_TIME));
            (timed, number(again.try_recv()))
        });
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let (first, second) = thread.join().unwrap();
        if first.or(second).is_some() {
            assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        }
        assert!(waits.join().unwrap().is_some());
    });
}

/// Two receivers are cloned at once, in the place of one that was dropped: each gets a cell of its
/// own, and both can be woken.
#[test]
fn cells_left_and_found() {
    model(1, || {
        let (mut tx, rx) = channel();
        let mut left = rx.clone();
        let thread = {
            let rx = rx.clone();
            thread::spawn(move || number(rx.clone().recv()))
        };
        assert_eq!(number(left.recv_timeout(SOME_TIME)), None);
        drop(left);
        let waits = received(rx.clone());
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        drop(tx);
        let mut seen = [thread.join().unwrap(), waits.join().unwrap()];
        seen.sort_unstable();
        assert_eq!(seen, [None, Some(1)]);
    });
}

/// A thread finds a value as it announces that it waits, and was notified before that: it passes the wake on,
/// to a task whose waker panics. The value is dropped.
///
/// Fails if that is done as the call returns, when the compiler leaks what it returns.
#[test]
fn panic_of_a_wake_passed_on_leaks_nothing() {
    struct Panics;
    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            // Unlike `panic!`, this calls no panic hook.
            resume_unwind(Box::new(()));
        }
    }
    model(2, || {
        // The receiver that was made first has the first turn.
        let (mut tx, mut receives) = channel();
        let mut rx = receives.clone();
        let waker = Waker::from(Arc::new(Panics));
        let mut future = rx.recv_async();
        assert!(pin!(&mut future).poll(&mut Context::from_waker(&waker)).is_pending());
        let thread = thread::spawn(move || {
            drop(catch_unwind(AssertUnwindSafe(|| drop(tx.send(Tracked::new(1))))));
            tx
        });
        if let Ok(seen) = catch_unwind(AssertUnwindSafe(|| number(receives.recv()))) {
            assert_eq!(seen, Some(1));
        }
        // The future before the sender, whose end would wake it.
        let tx = thread.join().unwrap();
        drop(future);
        drop(tx);
    });
}
