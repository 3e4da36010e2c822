//! Models of `watch`: no receiver sleeps while there is a newer value than it has seen, each change is
//! reported at most once, and no value goes back to an older one. `arc_swap` is not in them, but a stand-in
//! with its contract.

use crate::payload::{Tracked, model};
use crate::waiting::let_them_wait;
use loom::{cell::UnsafeCell, future::block_on, sync::Arc, thread};
use overwrite_channel_loom::{
    RecvTimeoutError,
    watch::{Receiver, Sender, channel},
};
use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

/// In a model a deadline passes when the receiver has waited for it, however far it is.
const SOME_TIME: Duration = Duration::from_secs(1000);

fn seen(rx: &mut Receiver<Tracked>) -> u32 {
    rx.borrow_and_update().seen()
}

fn send(tx: &Sender<Tracked>, number: u32) {
    drop(tx.send_replace(Tracked::new(number)));
}

/// Polls once, with a waker that does nothing.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Every change that is reported until the end, as it is seen then; `changes` were made.
fn watched(mut rx: Receiver<Tracked>, changes: u64) -> thread::JoinHandle<Vec<u32>> {
    thread::spawn(move || {
        let mut all = Vec::new();
        let mut told = 0;
        while block_on(rx.changed()).is_ok() {
            let value = rx.borrow_and_update();
            // Another one may have come since `changed`.
            told += 1 + u64::from(value.has_changed());
            all.push(value.seen());
        }
        assert_eq!(Some(&rx.borrow().seen()), all.last());
        assert_eq!(told + rx.skipped(), changes);
        all
    })
}

/// changed ∥ send: the change is reported, while the sender stays.
///
/// Fails if the word is not acquired before the value is looked at, or not released after it was stored, and
/// if the sender does not see the announcement and the node that was armed before.
#[test]
fn change_is_reported() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let thread = thread::spawn(move || {
            assert!(block_on(rx.changed()).is_ok());
            seen(&mut rx)
        });
        send(&tx, 1);
        assert_eq!(thread.join().unwrap(), 1);
    });
}

/// changed ∥ send, then the last sender dropped: the change is reported, and then the end.
///
/// Fails if closing wakes nobody.
#[test]
fn changed_and_send() {
    model(3, || {
        let (tx, rx) = channel(Tracked::new(0));
        let watches = watched(rx, 1);
        send(&tx, 1);
        drop(tx);
        assert_eq!(watches.join().unwrap(), [1]);
    });
}

/// The same with a thread that parks.
#[test]
fn blocking_changed_and_send() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let sends = thread::spawn(move || send(&tx, 1));
        assert_eq!(rx.blocking_changed(), Ok(()));
        assert_eq!(seen(&mut rx), 1);
        assert!(rx.blocking_changed().is_err());
        sends.join().unwrap();
    });
}

/// A thread with a deadline ∥ send: either it passes, or the change is seen.
#[test]
fn deadline_and_send() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let sends = thread::spawn(move || {
            send(&tx, 1);
            tx
        });
        match rx.blocking_changed_timeout(SOME_TIME) {
            Ok(()) => assert_eq!(rx.borrow().seen(), 1),
            Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
        }
        drop(sends.join().unwrap());
        assert_eq!(seen(&mut rx), 1);
    });
}

/// send ∥ send ∥ one who waits: what it sees never goes back, and its last is the channel's last, even if
/// the sender of the older one tells of it last. No change is lost.
///
/// Fails if versions are counted where they are announced, if an older version replaces a newer one in the
/// word, and if values are stored by an exchange that does not compare.
#[test]
fn two_senders_and_an_observer() {
    model(2, || {
        let (tx, rx) = channel(Tracked::new(0));
        let mut late = rx.clone();
        let watches = watched(rx, 2);
        let other = tx.clone();
        let sends = thread::spawn(move || send(&other, 1));
        send(&tx, 2);
        drop(tx);
        sends.join().unwrap();
        // Both have told: the newest is what the word says.
        late.mark_unchanged();
        assert!(!late.borrow().has_changed());
        let all = watches.join().unwrap();
        assert!(matches!(all[..], [1 | 2] | [1, 2] | [2, 1]), "{all:?}");
    });
}

/// A change that was looked at before its sender told of it is not reported again.
///
/// Fails if what was seen is read from the word rather than with the value.
#[test]
fn seen_before_it_is_announced() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let sends = thread::spawn(move || send(&tx, 1));
        let looked = seen(&mut rx);
        let reported = block_on(rx.changed()).is_ok();
        assert_eq!(looked == 0, reported);
        assert_eq!(rx.borrow().seen(), 1);
        assert_eq!(rx.skipped(), 0);
        sends.join().unwrap();
    });
}

/// `send_modify` ∥ `send_modify`: none is lost.
#[test]
fn two_modify() {
    #[derive(Debug)]
    struct Count(Tracked);

    impl Clone for Count {
        fn clone(&self) -> Self {
            Self(Tracked::new(self.0.seen()))
        }
    }

    let increment =
        |tx: &Sender<Count>| tx.send_modify(|count| count.0 = Tracked::new(count.0.seen() + 1));
    model(3, move || {
        let (tx, rx) = channel(Count(Tracked::new(0)));
        let other = tx.clone();
        let thread = thread::spawn(move || increment(&other));
        increment(&tx);
        thread.join().unwrap();
        assert_eq!(rx.borrow().0.seen(), 2);
    });
}

/// changed ∥ two senders dropped, of which one sent: whichever goes last, the value is reported first.
///
/// Fails if closing does not wake, and if it is announced before the last sender is gone.
#[test]
fn changed_and_last_sender_dropped() {
    model(2, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let other = tx.clone();
        let sends = thread::spawn(move || send(&other, 1));
        let goes = thread::spawn(move || drop(tx));
        assert!(block_on(rx.changed()).is_ok());
        assert_eq!(seen(&mut rx), 1);
        assert!(block_on(rx.changed()).is_err());
        sends.join().unwrap();
        goes.join().unwrap();
    });
}

/// changed ∥ the last senders dropped. What the senders did has happened before the end is reported.
#[test]
fn end_is_reported_after_what_senders_did() {
    model(2, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let done = Arc::new(UnsafeCell::new(0));
        let threads = [tx.clone(), tx].map(|tx| {
            let done = done.clone();
            thread::spawn(move || {
                // Each of the two reads, and the receiver writes when both are gone.
                done.with(|_| ());
                drop(tx);
            })
        });
        assert!(block_on(rx.changed()).is_err());
        done.with_mut(|_| ());
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// subscribe ∥ the last receiver dropped, while `closed` waits: it ends only if nobody is left, and a
/// receiver that subscribed gets what is sent then.
#[test]
fn subscribe_and_close() {
    model(2, || {
        let (tx, rx) = channel(Tracked::new(0));
        let goes = thread::spawn(move || drop(rx));
        let other = tx.clone();
        let subscribes = thread::spawn(move || {
            let mut rx = other.subscribe();
            drop(other.send(Tracked::new(1)));
            assert_eq!(rx.has_changed(), Ok(true));
            assert_eq!(seen(&mut rx), 1);
        });
        block_on(tx.closed());
        subscribes.join().unwrap();
        goes.join().unwrap();
        assert!(tx.is_closed());
    });
}

/// subscribe ∥ the sender's end: whoever subscribes has the last value, seen, and then the end.
#[test]
fn subscribe_and_last_sender_dropped() {
    model(3, || {
        let (tx, rx) = channel(Tracked::new(0));
        let other = tx.clone();
        let sends = thread::spawn(move || send(&tx, 1));
        let mut late = other.subscribe();
        drop(other);
        let first = seen(&mut late);
        let reported = block_on(late.changed()).is_ok();
        assert!(first == 1 || reported);
        assert_eq!(seen(&mut late), 1);
        sends.join().unwrap();
        drop(rx);
    });
}

/// `wait_for` ∥ two sends: it looks at each change, or counts it as skipped.
///
/// Fails if a change is marked as seen before the newest value is looked at.
#[test]
fn wait_for_looks_or_skips() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let sends = thread::spawn(move || {
            send(&tx, 1);
            send(&tx, 2);
            tx
        });
        let mut looks = Vec::new();
        let wanted = block_on(rx.wait_for(|value| {
            looks.push(value.seen());
            value.seen() == 2
        }));
        assert_eq!(wanted.unwrap().seen(), 2);
        looks.retain(|&number| number != 0);
        assert_eq!(looks.len() as u64 + rx.skipped(), 2);
        drop(sends.join().unwrap());
    });
}

/// A future is dropped ∥ send, while a second receiver waits: that one is woken.
#[test]
fn dropped_future_and_send() {
    model(2, || {
        let (tx, rx) = channel(Tracked::new(0));
        let mut cancelled = rx.clone();
        let waits = watched(rx, 1);
        let sends = thread::spawn(move || send(&tx, 1));
        let mut future = cancelled.changed();
        let polled = poll_once(&mut future);
        drop(future);
        if polled.is_pending() {
            assert!(block_on(cancelled.changed()).is_ok());
        }
        assert_eq!(seen(&mut cancelled), 1);
        sends.join().unwrap();
        assert_eq!(waits.join().unwrap(), [1]);
    });
}

/// A receiver goes while it is being notified, and another claims its node.
#[test]
fn dropped_receiver_and_cell_found() {
    model(2, || {
        let (tx, rx) = channel(Tracked::new(0));
        let mut goes = rx.clone();
        let other = tx.clone();
        let sends = thread::spawn(move || send(&other, 1));
        let mut future = goes.changed();
        let _ = poll_once(&mut future);
        drop(future);
        drop(goes);
        let finds = watched(rx.clone(), 2);
        let_them_wait();
        send(&tx, 2);
        sends.join().unwrap();
        drop(tx);
        assert!(!finds.join().unwrap().is_empty());
    });
}

/// A waker is changed ∥ send: the last one is woken.
///
/// Fails if a second poll keeps the first one's waker, or arms a node that a notifier is at work in.
#[test]
fn polled_again_with_another_waker() {
    model(3, || {
        let (tx, mut rx) = channel(Tracked::new(0));
        let sends = thread::spawn(move || send(&tx, 1));
        let mut future = rx.changed();
        if poll_once(&mut future).is_pending() {
            assert!(block_on(&mut future).is_ok());
        }
        drop(future);
        assert_eq!(seen(&mut rx), 1);
        sends.join().unwrap();
    });
}

/// `closed` ∥ the last receivers dropped. What the receivers did has happened before.
#[test]
fn closed_and_last_receiver_dropped() {
    model(3, || {
        let (tx, rx) = channel(Tracked::new(0));
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
