//! Receivers that wait, as threads and as tasks: none sleeps while there is a value, and each value goes to one.

use crate::schedules::{explore, join, or_else, poll_and_drop, poll_and_forget, poll_once};
use overwrite_channel_shuttle::{Receiver, RecvError, channel, wait_any};
use shuttle::{
    future::block_on,
    sync::mpsc,
    thread::{scope, spawn, yield_now},
};
use std::task::{Context, Poll, Waker};

/// So that what was received and what was displaced are together what was sent.
const SENDERS: u32 = 3;
const EACH: u32 = 2;

/// A kind of receiver.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    /// Waits in this way, again and again, until the senders have gone.
    Stays(fn(&mut Receiver<u32>) -> Result<u32, RecvError>),
    /// Polls once in this way.
    Leaves(fn(&mut Receiver<u32>) -> Poll<Result<u32, RecvError>>),
}

impl Kind {
    /// Receives, and hands on what was received.
    pub(crate) fn receive(self, mut rx: Receiver<u32>, mut got: impl FnMut(u32)) {
        match self {
            Self::Stays(wait) => {
                while let Ok(value) = wait(&mut rx) {
                    got(value);
                }
            }
            Self::Leaves(poll) => {
                if let Poll::Ready(Ok(value)) = poll(&mut rx) {
                    got(value);
                }
            }
        }
    }
}

pub(crate) const THREAD: Kind = Kind::Stays(Receiver::recv);
pub(crate) const TASK: Kind = Kind::Stays(|rx| block_on(rx.recv_async()));

/// Begins each wait once more than needed.
pub(crate) const DROPS_A_FUTURE: Kind =
    Kind::Stays(|rx| or_else(poll_and_drop(rx.recv_async()), || block_on(rx.recv_async())));

/// Forgets a future, which the next one makes up for.
pub(crate) const FORGETS_A_FUTURE: Kind =
    Kind::Stays(|rx| or_else(poll_and_forget(rx.recv_async()), || block_on(rx.recv_async())));

/// Begins to wait on one thread, and goes on on another.
pub(crate) const MOVES: Kind = Kind::Stays(|rx| {
    let mut future = rx.recv_async();
    or_else(poll_once(&mut future), || {
        scope(|threads| threads.spawn(|| block_on(future)).join().expect("no call panics"))
    })
});

/// Is another clone for each value; the one before goes when that one has come.
pub(crate) const COMES_AND_GOES: Kind = Kind::Stays(|rx| {
    let come = [rx.clone(), rx.clone()];
    [*rx, _] = come;
    rx.recv()
});

/// Waits together with another channel, whose end it waits for as well.
pub(crate) const WITH_ANOTHER: Kind = Kind::Stays(|rx| {
    let (stop, mut stopped) = channel::<()>();
    let other = spawn(move || drop(stop));
    let value = if wait_any(&mut [rx, &mut stopped]) == 0 { rx.try_recv().ok() } else { None };
    other.join().expect("it only drops");
    value.map_or_else(|| rx.recv(), Ok)
});

/// Drops its only future, woken or not.
pub(crate) const LEAVES: Kind = Kind::Leaves(|rx| poll_and_drop(rx.recv_async()));

/// Leaves a waker behind whose task never polls again.
pub(crate) const LEAVES_A_WAKER: Kind = Kind::Leaves(|rx| {
    let polled = rx.poll_recv(&mut Context::from_waker(Waker::noop()));
    yield_now();
    polled
});

/// Three senders, and a thread for each receiver: each value is received or displaced, and once.
fn deliver(kinds: [Kind; 3]) {
    let (tx, rx) = channel();
    let receivers = kinds.map(|kind| {
        let rx = rx.clone();
        spawn(move || {
            let mut values = Vec::new();
            kind.receive(rx, |value| values.push(value));
            values
        })
    });
    // Returns what was displaced.
    let senders = (0..SENDERS).map(|sender| {
        let mut tx = tx.clone();
        spawn(move || {
            let values = (0..EACH).map(|number| sender * EACH + number);
            values.filter_map(|value| tx.send(value).expect("there are receivers")).collect()
        })
    });
    let threads: Vec<_> = receivers.into_iter().chain(senders).collect();
    drop(tx);
    let mut values = join(threads).concat();
    // Until here: no value is given back because every receiver has gone.
    drop(rx);
    values.sort_unstable();
    assert!(values.into_iter().eq(0..SENDERS * EACH), "a value was lost or doubled");
}

#[test]
fn each_value_goes_to_one_of_three() {
    let cases = [
        [THREAD; 3],
        [TASK; 3],
        [DROPS_A_FUTURE; 3],
        [THREAD, TASK, LEAVES],
        [THREAD, LEAVES_A_WAKER, DROPS_A_FUTURE],
        [WITH_ANOTHER, TASK, THREAD],
    ];
    for (case, kinds) in cases.into_iter().enumerate() {
        println!("case {case}");
        explore(move || deliver(kinds));
    }
}

/// Each receiver receives once and stays; each send waits until its value was received. So each send must
/// wake a receiver that is asleep, and no other call will.
#[test]
fn each_send_wakes_one() {
    explore(|| {
        let (mut tx, rx) = channel();
        let (received, has_received) = mpsc::channel();
        let receivers = [0, 1, 2].map(|receiver| {
            let (mut rx, received) = (rx.clone(), received.clone());
            spawn(move || {
                let value = if receiver == 0 { block_on(rx.recv_async()) } else { rx.recv() };
                received.send(value).expect("the sender waits for it");
                // Its drop would wake others.
                rx
            })
        });
        for value in 0..3 {
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(has_received.recv(), Ok(Ok(value)));
        }
        join(receivers);
    });
}
