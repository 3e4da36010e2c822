//! Models of the exchange: values and nodes go from hand to hand, and none is lost or doubled.

use crate::scene::{
    Tracked, assert_each_once, displaced, let_them_wait, model, poll_once, put, send, send_newest,
    spawn, take, wait_as_task,
};
use loom::sync::mpsc;
use overwrite_channel_loom::{Sender, TryRecvError};
use std::task::Poll;
use support::{
    panics::{caught, strike},
    waker::{Event, Task},
};

/// send ∥ send: one of the two values stays, and the other was displaced or never there to displace.
#[test]
fn two_sends() {
    model(3, |mut tx, mut rx| {
        let mut other = tx.clone();
        let thread = spawn(move || send(&mut other, 1));
        let here = send(&mut tx, 2);
        let seen = (here, thread.join(), take(&mut rx));
        assert!(matches!(seen, (Some(1), None, Some(2)) | (None, Some(2), Some(1))), "{seen:?}");
    });
}

/// send ∥ take: three values, so that each node is used by each side in turn.
#[test]
fn sends_and_takes() {
    model(3, |mut tx, mut rx| {
        let thread = spawn(move || [1, 2, 3].map(|number| send(&mut tx, number)));
        let early = [take(&mut rx), take(&mut rx)];
        let stale = thread.join();
        let seen: Vec<_> = early.into_iter().chain([take(&mut rx)]).flatten().collect();
        assert_eq!(seen.last(), Some(&3), "the newest is there at the end");
        assert!(seen.is_sorted(), "one sender's values come in order");
        assert_each_once(seen.into_iter().map(Some).chain(stale), &[1, 2, 3]);
    });
}

/// Overwriting leaves no moment in which the channel is empty.
#[test]
fn overwrite_is_never_seen_empty() {
    model(3, |mut tx, mut rx| {
        put(&mut tx, 1);
        let thread = spawn(move || send(&mut tx, 2));
        let seen = (take(&mut rx), thread.join());
        assert!(matches!(seen, (Some(1), None) | (Some(2), Some(1))), "{seen:?}");
    });
}

/// take ∥ take ∥ send: each value is taken once, and all nodes stay in use.
#[test]
fn two_takers() {
    model(2, |mut tx, mut rx| {
        let mut other = rx.clone();
        put(&mut tx, 1);
        let thread = spawn(move || take(&mut other));
        let sender = spawn(move || send(&mut tx, 2));
        let here = take(&mut rx);
        let (there, stale) = (thread.join(), sender.join());
        assert_each_once([here, there, stale, take(&mut rx)], &[1, 2]);
    });
}

/// The senders' end is final for every receiver: after `Disconnected`, none sees `Empty`, even if
/// another receiver's exchange is under way.
#[test]
fn disconnected_is_final() {
    model(3, |mut tx, mut rx| {
        let mut other = rx.clone();
        put(&mut tx, 1);
        let _sender = spawn(move || drop(tx));
        let _taker = spawn(move || take(&mut other));
        let first = rx.try_recv();
        let second = rx.try_recv();
        if let Err(TryRecvError::Disconnected) = first {
            assert_eq!(second.unwrap_err(), TryRecvError::Disconnected);
        }
    });
}

/// A value sent before the sender goes is received before `Disconnected` is.
#[test]
fn last_value_survives_its_sender() {
    model(3, |mut tx, mut rx| {
        let thread = spawn(move || send(&mut tx, 1));
        let mut seen = None;
        for _ in 0..2 {
            match rx.try_recv() {
                Ok(value) => seen = Some(value.number()),
                Err(TryRecvError::Disconnected) => assert_eq!(seen, Some(1)),
                Err(TryRecvError::Empty) => {}
            }
        }
        thread.join();
        assert_eq!(seen.or(take(&mut rx)), Some(1));
    });
}

/// `send_newest` ∥ `send_newest`: the newer value stays, whichever arrives last.
#[test]
fn two_sends_of_the_newest() {
    model(3, |mut tx, mut rx| {
        let mut other = tx.clone();
        let thread = spawn(move || send_newest(&mut other, 2));
        let here = send_newest(&mut tx, 1);
        let seen = (here, thread.join(), take(&mut rx));
        assert!(matches!(seen, (Some(1), None, Some(2)) | (None, Some(1), Some(2))), "{seen:?}");
    });
}

/// `send_newest` of an older value ∥ send of one that is newer than what it displaces and puts back: the newest
/// stays, and the others are handed back.
#[test]
fn newest_comes_while_a_newer_is_put_back() {
    model(3, |mut tx, mut rx| {
        let mut other = tx.clone();
        put(&mut tx, 2);
        let thread = spawn(move || send_newest(&mut other, 3));
        let here = send_newest(&mut tx, 1);
        let there = thread.join();
        assert_eq!(take(&mut rx), Some(3));
        assert_each_once([here, there], &[1, 2]);
    });
}

/// `send_newest` ∥ take, with a newer value in the slot: that one is received, and the older one is received or handed
/// back.
#[test]
fn send_of_the_newest_and_take() {
    model(3, |mut tx, mut rx| {
        put(&mut tx, 2);
        let thread = spawn(move || send_newest(&mut tx, 1));
        let early = [take(&mut rx), take(&mut rx)];
        let kept_out = thread.join();
        assert_ne!(kept_out, Some(2));
        assert_each_once([early[0], early[1], kept_out, take(&mut rx)], &[1, 2]);
    });
}

/// A key that panics while it looks at the displaced value ∥ take: that value is dropped, and the value sent is
/// received or displaced.
#[test]
fn key_panics_and_take() {
    model(3, |mut tx, mut rx| {
        put(&mut tx, 1);
        let thread = spawn(move || {
            let mut looks = 0;
            let key = |_: &Tracked| {
                looks += 1;
                if looks == 2 {
                    strike();
                }
            };
            let outcome = caught(|| tx.send_newest_by_key(Tracked::new(2), key));
            (outcome.is_none(), displaced(tx.send(Tracked::new(3))))
        });
        let first = take(&mut rx);
        let (panicked, stale) = thread.join();
        let seen = (first, panicked, stale, take(&mut rx));
        let allowed = [
            // Received before the call: nothing was displaced, and nothing panicked.
            (Some(1), false, Some(2), Some(3)),
            // Displaced, and dropped. The value sent is received at once, or displaced in the end.
            (Some(2), true, None, Some(3)),
            (Some(3), true, Some(2), None),
        ];
        assert!(allowed.contains(&seen), "{seen:?}");
    });
}

/// Both sides dropped at once, with a value in the slot: it is dropped once, and so is the channel.
#[test]
fn both_sides_dropped() {
    model(3, |mut tx, rx| {
        let other = tx.clone();
        let _sends = spawn(move || drop(tx.send(Tracked::new(1))));
        let _another = spawn(move || drop(other));
        drop(rx);
    });
}

/// The same where the receiver has taken a value, so that the nodes have changed hands.
#[test]
fn both_sides_dropped_after_a_hand_over() {
    model(3, |mut tx, mut rx| {
        let _thread = spawn(move || {
            drop(tx.send(Tracked::new(1)));
            drop(tx.send(Tracked::new(2)));
        });
        take(&mut rx);
        drop(rx);
    });
}

/// send ∥ the last receiver dropped: the value comes back, or is dropped with the channel.
#[test]
fn send_and_last_receiver_dropped() {
    model(3, |mut tx, rx| {
        let thread = spawn(move || drop(rx));
        let sent = tx.send(Tracked::new(1));
        thread.join();
        assert!(tx.is_closed());
        assert!(sent.err().is_none_or(|error| error.into_inner().number() == 1));
        assert_eq!(tx.send(Tracked::new(2)).unwrap_err().into_inner().number(), 2);
    });
}

/// A node left by one handle is the next clone's only after its last use: this one was just read.
#[test]
fn nodes_left_and_found() {
    model(3, |mut tx, mut rx| {
        let mut leaves = rx.clone();
        put(&mut tx, 1);
        let thread = spawn(move || take(&mut leaves));
        let another = send(&mut tx.clone(), 2);
        let stale = send(&mut tx, 3);
        let there = thread.join();
        assert_each_once([there, another, stale, take(&mut rx)], &[1, 2, 3]);
    });
}

/// clone ∥ clone, with one node left by a dropped handle: one of the two has it.
#[test]
fn node_left_is_found_by_one() {
    model(3, |tx, leaves| {
        let (other, mut rx) = (tx.clone(), leaves.clone());
        drop(leaves);
        let thread = spawn(move || send(&mut other.clone(), 1));
        let here = send(&mut tx.clone(), 2);
        assert_each_once([thread.join(), here, take(&mut rx)], &[1, 2]);
    });
}

/// Sends the sum of the unread number and this one. Returns whether there was one.
fn add(tx: &mut Sender<Tracked>, number: u32) -> bool {
    let sum = |unread: Tracked, value: Tracked| Tracked::new(unread.number() + value.number());
    tx.send_merged(Tracked::new(number), sum).expect("a receiver is left")
}

/// `send_merged` ∥ `send_merged` ∥ take: what is received is the sum of what was sent.
#[test]
fn merges_and_takes() {
    model(2, |mut tx, mut rx| {
        let mut other = tx.clone();
        let thread = spawn(move || add(&mut other, 1));
        let taker = {
            let mut rx = rx.clone();
            spawn(move || take(&mut rx))
        };
        let merged = [add(&mut tx, 2), add(&mut tx, 4)];
        let merged = merged.into_iter().chain([thread.join()]).filter(|merged| *merged).count();
        let received = [taker.join(), take(&mut rx)];
        assert_eq!(received.iter().flatten().sum::<u32>(), 7, "{received:?}");
        assert!(received.iter().flatten().count() <= 3 - merged, "a call may merge more than once");
    });
}

/// `send_merged` ∥ send: the other value is merged, received, or in the slot at the end.
#[test]
fn merge_and_send() {
    model(3, |mut tx, mut rx| {
        let mut other = tx.clone();
        put(&mut tx, 1);
        let thread = spawn(move || send(&mut other, 2));
        add(&mut tx, 4);
        let seen = [thread.join(), take(&mut rx)];
        assert_eq!(seen.iter().flatten().sum::<u32>(), 7, "{seen:?}");
    });
}

/// `send_merged` ∥ a thread that waits: it is notified of each value, not only of the end.
#[test]
fn merges_and_a_wait() {
    model(2, |mut tx, mut rx| {
        let _thread = spawn(move || {
            add(&mut tx, 1);
            add(&mut tx, 2);
            tx
        });
        let mut sum = 0;
        while sum < 3 {
            sum += rx.recv().unwrap().number();
        }
    });
}

/// `send_merged` ∥ a task that takes the unread value, waits for the next one, and whose waker panics: the value is sent.
#[test]
fn waker_panics_in_a_merge() {
    model(3, |mut tx, mut rx| {
        put(&mut tx, 1);
        let thread = spawn(move || (caught(|| add(&mut tx, 2)), tx));
        let first = take(&mut rx);
        let task = Task::panicking_in(Event::Wake);
        let mut future = rx.recv_async();
        let second = match task.poll(&mut future) {
            Poll::Ready(received) => received.ok().map(|value| value.number()),
            Poll::Pending => None,
        };
        drop(future);
        let _tx = thread.join();
        let seen = [first, second, take(&mut rx)];
        assert_eq!(seen.iter().flatten().sum::<u32>(), 3, "{seen:?}");
    });
}

/// `send_merged`, whose closure sends and waits for a wake ∥ a task that takes the unread value, waits for the next one, and sends:
/// the task is woken, although the call has removed `WAITING` as it looked for an unread value.
#[test]
fn a_send_notifies_while_a_merge_goes_on() {
    model(3, |mut tx, mut rx| {
        let (woken, is_woken) = mpsc::channel();
        put(&mut tx, 1);
        let (mut other, mut inner) = (tx.clone(), tx.clone());
        let _waits = spawn(move || {
            let wakes = woken.clone();
            let task = Task::acting_in(Event::Wake, move || wakes.send(()).unwrap());
            take(&mut rx);
            if rx.poll_recv(&mut task.context()).is_ready() {
                woken.send(()).unwrap();
            }
            drop(other.send(Tracked::new(2)));
            (rx, other)
        });
        let sum = |unread: Tracked, value: Tracked| {
            if unread.number() == 2 {
                drop(inner.send(Tracked::new(3)));
                is_woken.recv().unwrap();
            }
            value
        };
        drop(tx.send_merged(Tracked::new(4), sum));
    });
}

/// A future that was notified of the unread value is not polled again. A send notifies the other receiver while the closure of
/// `send_merged` goes on.
#[test]
fn a_send_passes_a_stalled_future_while_a_merge_goes_on() {
    model(2, |mut tx, mut stalled| {
        let (received, is_received) = mpsc::channel();
        let (mut rx, mut other) = (stalled.clone(), tx.clone());
        let mut future = stalled.recv_async();
        assert!(poll_once(&mut future).is_pending());
        let _waits = spawn(move || {
            rx.recv().unwrap();
            received.send(()).unwrap();
            rx
        });
        let_them_wait();
        put(&mut tx, 1);
        let sum = |_, value| {
            drop(other.send(Tracked::new(2)));
            is_received.recv().unwrap();
            value
        };
        drop(tx.send_merged(Tracked::new(4), sum));
    });
}

/// `withdraw` ∥ take: one of them has the value.
#[test]
fn withdraw_and_take() {
    model(3, |mut tx, mut rx| {
        put(&mut tx, 1);
        let thread = spawn(move || take(&mut rx));
        let withdrawn = tx.withdraw().map(|value| value.number());
        assert_each_once([withdrawn, thread.join()], &[1]);
    });
}

/// `withdraw` ∥ a thread that waits: the next value wakes it.
#[test]
fn withdraw_and_wait() {
    model(3, |mut tx, mut rx| {
        let thread = spawn(move || rx.recv().map(|value| value.number()));
        put(&mut tx, 1);
        let withdrawn = tx.withdraw().is_some();
        // If the first value was received, the receiver may be gone.
        drop(tx.send(Tracked::new(2)));
        assert_eq!(thread.join(), Ok(if withdrawn { 2 } else { 1 }));
    });
}

/// A future that was notified of the unread value is not polled again. A sender that takes the value back notifies the other
/// receiver, which finds the next value.
#[test]
fn taking_back_passes_a_stalled_future() {
    for merges in [true, false] {
        model(2, move |mut tx, mut stalled| {
            let mut other = stalled.clone();
            let mut future = stalled.recv_async();
            assert!(poll_once(&mut future).is_pending());
            let waits = spawn(move || wait_as_task(&mut other));
            let_them_wait();
            put(&mut tx, 1);
            if merges {
                add(&mut tx, 2);
            } else {
                tx.withdraw();
                send(&mut tx, 2);
            }
            assert!(waits.join().is_some());
        });
    }
}
