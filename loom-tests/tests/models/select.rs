//! Models of a thread that waits for several channels at once.

use crate::scene::{
    SOME_TIME, Tracked, block, block_for_some_time, let_them_wait, model, put, putting, receiving,
    spawn, take,
};
use overwrite_channel_loom::{TryRecvError, channel, wait_any, wait_any_timeout};
use support::waker::{Event, Task};

/// Two channels ∥ a send to each: both values are found, whichever comes first.
#[test]
fn two_channels() {
    model(2, |tx, mut rx| {
        let (other_tx, mut other) = channel();
        let _threads = [putting(tx, 1), putting(other_tx, 2)];
        let mut seen = [None; 2];
        while seen.contains(&None) {
            match wait_any(&mut [&mut rx, &mut other]) {
                0 => seen[0] = take(&mut rx),
                _ => seen[1] = take(&mut other),
            }
        }
        assert_eq!(seen, [Some(1), Some(2)]);
    });
}

/// Waits for two channels ∥ the last sender of one dropped.
#[test]
fn one_channel_closed() {
    model(3, |_tx, mut rx| {
        let (tx, mut closing) = channel::<Tracked>();
        let _thread = spawn(move || drop(tx));
        assert_eq!(wait_any(&mut [&mut rx, &mut closing]), 1);
    });
}

/// Another receiver of the same channel waits in a call: one value comes, and it is woken, too.
#[test]
fn takes_no_wake_away() {
    model(1, |tx, mut waits_for_two| {
        // A walk comes to the first receiver first.
        let (_tx, mut other) = channel::<Tracked>();
        let waits = receiving(waits_for_two.clone(), block);
        let _sender = putting(tx, 1);
        // It is woken, finds something or not, and takes nothing.
        let _ = wait_any_timeout(&mut [&mut waits_for_two, &mut other], SOME_TIME);
        assert_eq!(waits.join(), Some(1));
    });
}

/// A timeout ∥ send: the value is there.
#[test]
fn timeout_and_send() {
    model(3, |tx, mut rx| {
        let thread = putting(tx, 1);
        let ready = wait_any_timeout(&mut [&mut rx], SOME_TIME);
        assert!(matches!(ready, None | Some(0)));
        thread.join();
        assert_eq!(take(&mut rx), Some(1));
    });
}

/// The node that an announcement brings out goes to another sender, which writes into it, after another
/// receiver has read it.
#[test]
fn node_of_an_announcement() {
    model(1, |mut tx, mut rx| {
        put(&mut tx, 1);
        let mut reads = rx.clone();
        let _thread = spawn(move || {
            // The second gives the node up that the first has read.
            assert!(take(&mut reads).is_some());
            block_for_some_time(&mut reads);
        });
        let (mut other_tx, mut other) = channel();
        // The first drop is that of the clone that the channel has. Whether a receiver is left is not the question.
        let task = Task::acting_in(Event::Drop, move || _ = other_tx.send(()));
        assert!(other.poll_recv(&mut task.context()).is_pending());
        let_them_wait();
        // It announces on the first, finds a value in the second, and does not sleep: sleeping, it would
        // see what the thread does after it has given the node up.
        let _ = wait_any(&mut [&mut rx, &mut other]);
        drop(rx);
        drop(tx.clone().send(Tracked::new(2)));
    });
}

/// Another receiver competes for the value, and the last sender goes: one of the two receives the value.
#[test]
fn beside_one_that_competes() {
    model(1, |mut tx, mut rx| {
        let competes = receiving(rx.clone(), block);
        let thread = spawn(move || drop(tx.send(Tracked::new(1))));
        let mut seen = Vec::new();
        loop {
            assert_eq!(wait_any(&mut [&mut rx]), 0);
            match rx.try_recv() {
                Ok(value) => seen.push(value.number()),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
        }
        thread.join();
        seen.extend(competes.join());
        assert_eq!(seen, [1]);
    });
}

/// A thread waits for a `watch` and a channel ∥ both get a value.
#[test]
fn waits_for_a_watch_and_a_channel() {
    model(2, |tx, mut rx| {
        let (setting, mut changed) = overwrite_channel_loom::watch::channel(0);
        // Both return their handles: a channel without senders is always ready.
        let _sends = putting(tx, 1);
        let _changes = spawn(move || {
            setting.send(2).unwrap();
            setting
        });
        let mut seen = [None; 2];
        while seen.contains(&None) {
            match wait_any(&mut [&mut changed, &mut rx]) {
                0 => seen[0] = Some(*changed.borrow_and_update()),
                _ => seen[1] = take(&mut rx),
            }
        }
        assert_eq!(seen, [Some(2), Some(1)]);
    });
}
