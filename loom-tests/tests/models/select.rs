//! Models of a thread that waits for several channels at once.

use crate::payload::{Tracked, displaced, model, number};
use crate::waiting::{let_them_wait, received};
use loom::thread;
use overwrite_channel_loom::{Sender, TryRecvError, channel, wait_any, wait_any_timeout};
use std::{
    // Not loom's: a `Waker` is made of it.
    sync::Arc,
    task::{Context, Wake, Waker},
    time::Duration,
};

const SOME_TIME: Duration = Duration::from_secs(1000);

fn sending(mut tx: Sender<Tracked>, n: u32) -> thread::JoinHandle<Sender<Tracked>> {
    thread::spawn(move || {
        assert_eq!(displaced(tx.send(Tracked::new(n))), None);
        tx
    })
}

/// Two channels ∥ a send to each: both values are found, whichever comes first.
#[test]
fn two_channels() {
    model(2, || {
        let (tx, mut rx) = channel();
        let (other_tx, mut other) = channel();
        let threads = [sending(tx, 1), sending(other_tx, 2)];
        let mut seen = [None; 2];
        while seen.contains(&None) {
            match wait_any(&mut [&mut rx, &mut other]) {
                0 => seen[0] = number(rx.try_recv()),
                _ => seen[1] = number(other.try_recv()),
            }
        }
        assert_eq!(seen, [Some(1), Some(2)]);
        for thread in threads {
            thread.join().unwrap();
        }
    });
}

/// Waits for two channels ∥ the last sender of one dropped.
#[test]
fn one_channel_closed() {
    model(3, || {
        let (_tx, mut rx) = channel::<Tracked>();
        let (tx, mut closing) = channel::<Tracked>();
        let thread = thread::spawn(move || drop(tx));
        assert_eq!(wait_any(&mut [&mut rx, &mut closing]), 1);
        thread.join().unwrap();
    });
}

/// Another receiver of the same channel waits in a call: one value comes, and it is woken, too.
///
/// Fails if a thread that waits for several channels counts as the one that a send wakes.
#[test]
fn takes_no_wake_away() {
    model(1, || {
        // A walk comes to the first receiver first.
        let (tx, mut waits_for_two) = channel();
        let (_tx, mut other) = channel::<Tracked>();
        let waits = received(waits_for_two.clone());
        let sender = sending(tx, 1);
        // It is woken, finds something or not, and takes nothing.
        let _ = wait_any_timeout(&mut [&mut waits_for_two, &mut other], SOME_TIME);
        assert_eq!(waits.join().unwrap(), Some(1));
        sender.join().unwrap();
    });
}

/// A timeout ∥ send: the value is there.
#[test]
fn timeout_and_send() {
    model(3, || {
        let (tx, mut rx) = channel();
        let thread = sending(tx, 1);
        let ready = wait_any_timeout(&mut [&mut rx], SOME_TIME);
        assert!(matches!(ready, None | Some(0)));
        thread.join().unwrap();
        assert_eq!(number(rx.try_recv()), Some(1));
    });
}

/// The node that an announcement brings out goes to another sender, which writes into it, after another
/// receiver has read it.
///
/// Fails if the announcement does not acquire (`Slot::announce_if_empty`).
#[test]
fn node_of_an_announcement() {
    model(1, || {
        let (mut tx, mut rx) = channel();
        assert_eq!(displaced(tx.send(Tracked::new(1))), None);
        let mut reads = rx.clone();
        let thread = thread::spawn(move || {
            // The second gives the node up that the first has read.
            assert!(reads.try_recv().is_ok());
            drop(reads.recv_timeout(SOME_TIME));
        });
        let (other_tx, mut other) = channel();
        let waker = Waker::from(Arc::new(SendsWhenDropped(other_tx)));
        assert!(other.poll_recv(&mut Context::from_waker(&waker)).is_pending());
        drop(waker);
        let_them_wait();
        // It announces on the first, finds a value in the second, and does not sleep: sleeping, it would
        // see what the thread does after it has given the node up.
        let _ = wait_any(&mut [&mut rx, &mut other]);
        drop(rx);
        drop(tx.clone().send(Tracked::new(2)));
        thread.join().unwrap();
    });
}

/// A waker that sends when its last clone is dropped.
struct SendsWhenDropped(Sender<()>);

impl Wake for SendsWhenDropped {
    fn wake(self: Arc<Self>) {}
}

impl Drop for SendsWhenDropped {
    fn drop(&mut self) {
        // Whether anybody receives it is not the question.
        let _ = self.0.send(());
    }
}

/// Another receiver competes for the value, and the last sender goes: the value is somebody's.
#[test]
fn beside_one_that_competes() {
    model(1, || {
        let (mut tx, mut rx) = channel();
        let competes = received(rx.clone());
        let thread = thread::spawn(move || drop(tx.send(Tracked::new(1))));
        let mut seen = Vec::new();
        loop {
            assert_eq!(wait_any(&mut [&mut rx]), 0);
            match rx.try_recv() {
                Ok(value) => seen.push(value.number()),
                Err(TryRecvError::Empty) => {}
                Err(TryRecvError::Disconnected) => break,
            }
        }
        thread.join().unwrap();
        seen.extend(competes.join().unwrap());
        assert_eq!(seen, [1]);
    });
}
