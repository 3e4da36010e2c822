//! Models of `watch`: no receiver sleeps while there is a newer value than it has seen, each change is
//! reported at most once, and no value goes back to an older one. `arc_swap` is not in them, but a stand-in
//! with its contract.

use crate::scene::{
    SOME_TIME, Thread, Tracked, ends_happen_before, explore, let_them_wait, poll_once, spawn,
    wait_after_a_poll,
};
use loom::future::block_on;
use overwrite_channel_loom::{
    RecvTimeoutError,
    watch::{Receiver, Sender, channel},
};

/// Explores what `body` does with a channel of the number 0.
fn model(
    preemptions: usize,
    body: impl Fn(Sender<Tracked>, Receiver<Tracked>) + Sync + Send + 'static,
) {
    explore(preemptions, move || {
        let (tx, rx) = channel(Tracked::new(0));
        body(tx, rx);
    });
}

fn seen(rx: &mut Receiver<Tracked>) -> u32 {
    rx.borrow_and_update().seen()
}

fn send(tx: &Sender<Tracked>, number: u32) {
    drop(tx.send_replace(Tracked::new(number)));
}

/// Sends in a thread that then drops the sender.
fn sending(tx: Sender<Tracked>, number: u32) -> Thread<()> {
    spawn(move || send(&tx, number))
}

/// Every change that is reported until the end, as it is seen then; `changes` were made.
fn watched(mut rx: Receiver<Tracked>, changes: u64) -> Thread<Vec<u32>> {
    spawn(move || {
        let mut all = Vec::new();
        let mut reported = 0;
        while block_on(rx.changed()).is_ok() {
            let value = rx.borrow_and_update();
            // Another one may have come since `changed`.
            reported += 1 + u64::from(value.has_changed());
            all.push(value.seen());
        }
        assert_eq!(Some(&rx.borrow().seen()), all.last());
        assert_eq!(reported + rx.skipped(), changes);
        all
    })
}

/// changed ∥ send: the change is reported, while the sender stays.
#[test]
fn change_is_reported() {
    model(3, |tx, mut rx| {
        let thread = spawn(move || {
            assert!(block_on(rx.changed()).is_ok());
            seen(&mut rx)
        });
        send(&tx, 1);
        assert_eq!(thread.join(), 1);
    });
}

/// changed ∥ send, then the last sender dropped: the change is reported, and then the end.
#[test]
fn changed_and_send() {
    model(3, |tx, rx| {
        let watches = watched(rx, 1);
        send(&tx, 1);
        drop(tx);
        assert_eq!(watches.join(), [1]);
    });
}

/// The same with a thread that parks.
#[test]
fn blocking_changed_and_send() {
    model(3, |tx, mut rx| {
        let _sends = sending(tx, 1);
        assert_eq!(rx.blocking_changed(), Ok(()));
        assert_eq!(seen(&mut rx), 1);
        assert!(rx.blocking_changed().is_err());
    });
}

/// A thread with a deadline ∥ send: either it passes, or the change is seen.
#[test]
fn deadline_and_send() {
    model(3, |tx, mut rx| {
        let sends = spawn(move || {
            send(&tx, 1);
            tx
        });
        match rx.blocking_changed_timeout(SOME_TIME) {
            Ok(()) => assert_eq!(rx.borrow().seen(), 1),
            Err(error) => assert_eq!(error, RecvTimeoutError::Timeout),
        }
        drop(sends.join());
        assert_eq!(seen(&mut rx), 1);
    });
}

/// send ∥ send ∥ a receiver that waits: what it sees never goes back, and its last is the channel's last, even if
/// the sender of the older one announces it last. No change is lost.
#[test]
fn two_senders_and_an_observer() {
    model(2, |tx, rx| {
        let mut late = rx.clone();
        let watches = watched(rx, 2);
        let sends = sending(tx.clone(), 1);
        send(&tx, 2);
        drop(tx);
        sends.join();
        // Both have announced: the newest is what the word says.
        late.mark_unchanged();
        assert!(!late.borrow().has_changed());
        let all = watches.join();
        assert!(matches!(all[..], [1 | 2] | [1, 2] | [2, 1]), "{all:?}");
    });
}

/// A change that was looked at before its sender announced it is not reported again.
#[test]
fn seen_before_it_is_announced() {
    model(3, |tx, mut rx| {
        let _sends = sending(tx, 1);
        let_them_wait();
        let looked = seen(&mut rx);
        let reported = block_on(rx.changed()).is_ok();
        assert_eq!(looked == 0, reported);
        assert_eq!(rx.borrow().seen(), 1);
        assert_eq!(rx.skipped(), 0);
    });
}

/// A look ∥ send: once a look has found the value, `has_changed` returns `true` to a receiver that has not seen it, although
/// the sender may not have announced it yet.
#[test]
fn has_changed_after_a_look() {
    type Look = fn(&Sender<Tracked>, &mut Receiver<Tracked>) -> u32;
    let looks: [Look; 5] = [
        |_, rx| rx.borrow().seen(),
        |_, rx| seen(rx),
        |_, rx| block_on(rx.wait_for(|_| true)).unwrap().seen(),
        |tx, _| tx.borrow().seen(),
        |tx, _| {
            let mut found = 0;
            tx.update(|value| {
                found = value.seen();
                None
            });
            found
        },
    ];
    for look in looks {
        model(3, move |tx, mut rx| {
            let other = rx.clone();
            let _sends = sending(tx.clone(), 1);
            // loom moves the look before the store, but would not move it behind.
            let_them_wait();
            if look(&tx, &mut rx) == 1 {
                assert_eq!(other.has_changed(), Ok(true));
            }
        });
    }
}

/// changed ∥ send ∥ a look, which may announce the value first: the sender notifies the receiver all the same.
#[test]
fn change_is_reported_beside_a_look() {
    model(3, |tx, mut rx| {
        let looks = rx.clone();
        let waits = spawn(move || {
            assert!(block_on(rx.changed()).is_ok());
            seen(&mut rx)
        });
        // The sender stays: its end would notify the receiver.
        let _sends = spawn(move || {
            send(&tx, 1);
            tx
        });
        let_them_wait();
        drop(looks.borrow());
        assert_eq!(waits.join(), 1);
    });
}

/// `send_modify` ∥ `send_modify`: none is lost.
#[test]
fn two_modify() {
    fn increment(tx: &Sender<Tracked>) {
        tx.send_modify(|value| *value = Tracked::new(value.seen() + 1));
    }
    model(3, |tx, rx| {
        let other = tx.clone();
        let thread = spawn(move || increment(&other));
        increment(&tx);
        thread.join();
        assert_eq!(rx.borrow().seen(), 2);
    });
}

/// changed ∥ two senders dropped, of which one sent: whichever goes last, the value is reported first.
#[test]
fn changed_and_last_sender_dropped() {
    model(2, |tx, mut rx| {
        let _threads = [sending(tx.clone(), 1), spawn(move || drop(tx))];
        assert!(block_on(rx.changed()).is_ok());
        assert_eq!(seen(&mut rx), 1);
        assert!(block_on(rx.changed()).is_err());
    });
}

/// changed ∥ the last senders dropped: what the senders did has happened before the end is reported.
#[test]
fn end_is_reported_after_what_senders_did() {
    model(2, |tx, mut rx| {
        ends_happen_before([tx.clone(), tx], || assert!(block_on(rx.changed()).is_err()), || ());
    });
}

/// subscribe ∥ the last receiver dropped, while `closed` waits: it ends only if no receiver is left, and a
/// receiver that subscribed gets what is sent then.
#[test]
fn subscribe_and_close() {
    model(2, |tx, rx| {
        let goes = spawn(move || drop(rx));
        let other = tx.clone();
        let subscribes = spawn(move || {
            let mut rx = other.subscribe();
            drop(other.send(Tracked::new(1)));
            assert_eq!(rx.has_changed(), Ok(true));
            assert_eq!(seen(&mut rx), 1);
        });
        block_on(tx.closed());
        subscribes.join();
        goes.join();
        assert!(tx.is_closed());
    });
}

/// subscribe ∥ the sender's end: a receiver that subscribes has the last value, seen, and then the end.
#[test]
fn subscribe_and_last_sender_dropped() {
    model(3, |tx, _rx| {
        let other = tx.clone();
        let sends = sending(tx, 1);
        let mut late = other.subscribe();
        drop(other);
        let first = seen(&mut late);
        let reported = block_on(late.changed()).is_ok();
        assert!(first == 1 || reported);
        assert_eq!(seen(&mut late), 1);
        sends.join();
    });
}

/// `wait_for` ∥ two sends: it looks at each change, or counts it as skipped.
#[test]
fn wait_for_looks_or_skips() {
    model(3, |tx, mut rx| {
        let _sends = spawn(move || {
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
    });
}

/// A future is dropped ∥ send, while a second receiver waits: that one is woken.
#[test]
fn dropped_future_and_send() {
    model(2, |tx, rx| {
        let mut cancelled = rx.clone();
        let waits = watched(rx, 1);
        let sends = sending(tx, 1);
        let polled = poll_once(&mut cancelled.changed());
        if polled.is_pending() {
            assert!(block_on(cancelled.changed()).is_ok());
        }
        assert_eq!(seen(&mut cancelled), 1);
        sends.join();
        assert_eq!(waits.join(), [1]);
    });
}

/// A receiver goes while it is being notified, and another claims its node.
#[test]
fn dropped_receiver_and_wait_node_claimed() {
    model(2, |tx, rx| {
        let mut goes = rx.clone();
        let sends = sending(tx.clone(), 1);
        let _ = poll_once(&mut goes.changed());
        drop(goes);
        let finds = watched(rx.clone(), 2);
        let_them_wait();
        send(&tx, 2);
        sends.join();
        drop(tx);
        assert!(!finds.join().is_empty());
    });
}

/// A waker is changed ∥ send: the last one is woken.
#[test]
fn polled_again_with_another_waker() {
    model(3, |tx, mut rx| {
        let _sends = sending(tx, 1);
        assert!(wait_after_a_poll(rx.changed()).is_ok());
        assert_eq!(seen(&mut rx), 1);
    });
}

/// `closed` ∥ the last receivers dropped: what the receivers did has happened before.
#[test]
fn closed_and_last_receiver_dropped() {
    model(3, |tx, rx| {
        ends_happen_before([rx.clone(), rx], || block_on(tx.closed()), || assert!(tx.is_closed()));
    });
}
