//! Models of the exchange: values and nodes go from hand to hand, and none is lost or doubled.

use crate::payload::{Tracked, displaced, model, number};
use loom::thread;
use overwrite_channel_loom::{TryRecvError, channel};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// send ∥ send: one of the two values stays, the other is handed back or was never there to displace.
#[test]
fn two_sends() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let mut other = tx.clone();
        let thread = thread::spawn(move || displaced(other.send(Tracked::new(1))));
        let here = displaced(tx.send(Tracked::new(2)));
        let there = thread.join().unwrap();
        let left = number(rx.try_recv());
        match (here, there) {
            (Some(1), None) => assert_eq!(left, Some(2)),
            (None, Some(2)) => assert_eq!(left, Some(1)),
            seen => panic!("{seen:?}"),
        }
    });
}

/// send ∥ take: three values, so that each node is used by each side in turn.
#[test]
fn sends_and_takes() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || {
            (1..=3).filter_map(|n| displaced(tx.send(Tracked::new(n)))).collect::<Vec<_>>()
        });
        let mut seen: Vec<_> = (0..2).filter_map(|_| number(rx.try_recv())).collect();
        let stale = thread.join().unwrap();
        seen.extend(number(rx.try_recv()));
        assert_eq!(seen.last(), Some(&3), "the newest is there at the end");
        assert!(seen.is_sorted(), "one sender's values come in order");
        let mut all = [seen, stale].concat();
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3], "each exactly once");
    });
}

/// Overwriting leaves no moment in which the channel is empty.
#[test]
fn overwrite_is_never_seen_empty() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let thread = thread::spawn(move || displaced(tx.send(Tracked::new(2))));
        let seen = number(rx.try_recv());
        match (seen, thread.join().unwrap()) {
            (Some(1), None) | (Some(2), Some(1)) => {}
            other => panic!("{other:?}"),
        }
    });
}

/// Two takers: one has the value, the other finds nothing, and both nodes stay in use.
#[test]
fn two_takers() {
    model(2, || {
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let thread = thread::spawn(move || number(other.try_recv()));
        let sender = thread::spawn(move || displaced(tx.send(Tracked::new(2))));
        let here = number(rx.try_recv());
        let there = thread.join().unwrap();
        let stale = sender.join().unwrap();
        let left = number(rx.try_recv());
        let mut all: Vec<_> = [here, there, stale, left].into_iter().flatten().collect();
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}

/// The senders' end is final for every receiver: after `Disconnected`, nobody sees `Empty`, even if
/// another receiver's exchange is under way.
#[test]
fn disconnected_is_final() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let mut other = rx.clone();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let sender = thread::spawn(move || drop(tx));
        let taker = thread::spawn(move || number(other.try_recv()));
        let first = rx.try_recv();
        let second = rx.try_recv();
        if let Err(TryRecvError::Disconnected) = first {
            assert_eq!(second.unwrap_err(), TryRecvError::Disconnected);
        }
        sender.join().unwrap();
        taker.join().unwrap();
    });
}

/// A value sent before the sender goes is received before `Disconnected` is.
#[test]
fn last_value_survives_its_sender() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || drop(tx.send(Tracked::new(1))));
        let mut seen = None;
        for _ in 0..2 {
            match rx.try_recv() {
                Ok(value) => seen = Some(value.number()),
                Err(TryRecvError::Disconnected) => assert_eq!(seen, Some(1)),
                Err(TryRecvError::Empty) => {}
            }
        }
        thread.join().unwrap();
        assert_eq!(seen.or(number(rx.try_recv())), Some(1));
    });
}

/// `send_newest` ∥ `send_newest`: whoever arrives last, the newer value stays.
#[test]
fn two_sends_of_the_newest() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let mut other = tx.clone();
        let thread = thread::spawn(move || {
            displaced(other.send_newest_by_key(Tracked::new(2), Tracked::number))
        });
        let here = displaced(tx.send_newest_by_key(Tracked::new(1), Tracked::number));
        let there = thread.join().unwrap();
        assert_eq!(number(rx.try_recv()), Some(2));
        assert!(matches!((here, there), (Some(1), None) | (None, Some(1))), "{here:?} {there:?}");
    });
}

/// `send_newest` of an older value ∥ send of one that is newer than what it displaces and puts back: the newest
/// stays, and the others are handed back.
///
/// Fails if what putting back displaces is not looked at.
#[test]
fn newest_comes_while_a_newer_is_put_back() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let mut other = tx.clone();
        assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        let thread = thread::spawn(move || {
            displaced(other.send_newest_by_key(Tracked::new(3), Tracked::number))
        });
        let here = displaced(tx.send_newest_by_key(Tracked::new(1), Tracked::number));
        let there = thread.join().unwrap();
        assert_eq!(number(rx.try_recv()), Some(3));
        let mut back = [here, there];
        back.sort_unstable();
        assert_eq!(back, [Some(1), Some(2)]);
    });
}

/// `send_newest` ∥ take, with something newer in the slot: the newer is never lost, and everything is
/// received or handed back.
#[test]
fn send_of_the_newest_and_take() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        assert_eq!(displaced(tx.send(Tracked::new(2))), None);
        let thread = thread::spawn(move || {
            displaced(tx.send_newest_by_key(Tracked::new(1), Tracked::number))
        });
        let mut all: Vec<_> = (0..2).filter_map(|_| number(rx.try_recv())).collect();
        let kept_out = thread.join().unwrap();
        all.extend(number(rx.try_recv()));
        assert!(all.contains(&2), "{all:?}");
        all.extend(kept_out);
        all.sort_unstable();
        assert_eq!(all, [1, 2]);
    });
}

/// A key that panics while it looks at the displaced value, ∥ take: that value is dropped, and the value sent is
/// received or displaced.
#[test]
fn key_panics_and_take() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let thread = thread::spawn(move || {
            let mut looks = 0;
            let outcome = catch_unwind(AssertUnwindSafe(|| {
                tx.send_newest_by_key(Tracked::new(2), |_| {
                    looks += 1;
                    // Unlike `panic!`, this calls no panic hook.
                    if looks == 2 { resume_unwind(Box::new(())) } else { 0 }
                })
            }));
            (outcome.is_err(), displaced(tx.send(Tracked::new(3))))
        });
        let first = number(rx.try_recv());
        let (panicked, stale) = thread.join().unwrap();
        let last = number(rx.try_recv());
        let seen = (first, panicked, stale, last);
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
    model(3, || {
        let (mut tx, rx) = channel();
        let other = tx.clone();
        let sends = thread::spawn(move || drop(tx.send(Tracked::new(1))));
        let another = thread::spawn(move || drop(other));
        drop(rx);
        sends.join().unwrap();
        another.join().unwrap();
    });
}

/// The same where the receiver has taken a value, so that the nodes have changed hands.
#[test]
fn both_sides_dropped_after_a_hand_over() {
    model(3, || {
        let (mut tx, mut rx) = channel();
        let thread = thread::spawn(move || {
            drop(tx.send(Tracked::new(1)));
            drop(tx.send(Tracked::new(2)));
        });
        drop(rx.try_recv());
        drop(rx);
        thread.join().unwrap();
    });
}

/// send ∥ the last receiver dropped: the value comes back, or is dropped with the channel.
#[test]
fn send_and_last_receiver_dropped() {
    model(3, || {
        let (mut tx, rx) = channel();
        let thread = thread::spawn(move || drop(rx));
        let sent = tx.send(Tracked::new(1));
        thread.join().unwrap();
        assert!(tx.is_closed());
        if let Err(error) = sent {
            assert_eq!(error.into_inner().number(), 1);
        }
        assert_eq!(tx.send(Tracked::new(2)).unwrap_err().into_inner().number(), 2);
    });
}

/// A node left by one handle is the next clone's only after its last use: this one was just read.
#[test]
fn nodes_left_and_found() {
    model(3, || {
        let (mut tx, rx) = channel();
        let mut leaves = rx.clone();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let thread = thread::spawn(move || {
            let seen = number(leaves.try_recv());
            drop(leaves);
            seen
        });
        let another = displaced(tx.clone().send(Tracked::new(2)));
        let stale = displaced(tx.send(Tracked::new(3)));
        let mut all = vec![thread.join().unwrap(), another, stale, number({ rx }.try_recv())];
        all.sort_unstable();
        assert_eq!(all, [None, Some(1), Some(2), Some(3)]);
    });
}

/// clone ∥ clone, with one node left by a dropped handle: one of the two has it.
#[test]
fn node_left_is_found_by_one() {
    model(3, || {
        let (tx, leaves) = channel();
        let (other, mut rx) = (tx.clone(), leaves.clone());
        drop(leaves);
        let thread = thread::spawn(move || displaced(other.clone().send(Tracked::new(1))));
        let here = displaced(tx.clone().send(Tracked::new(2)));
        let mut all = [thread.join().unwrap(), here, number(rx.try_recv())];
        all.sort_unstable();
        assert_eq!(all, [None, Some(1), Some(2)]);
    });
}
