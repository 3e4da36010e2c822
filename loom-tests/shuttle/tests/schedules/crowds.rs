//! Crowds of receivers of every kind, which come, wait, move to other threads and go. Their senders stay, and wait for
//! what they have sent: after a lost wake all threads sleep, which shuttle reports.

use crate::{
    schedules::explore,
    waiting::{
        Receive, as_task, as_task_that_gives_up, as_thread, leaves_at_once, polls_once,
        with_another,
    },
};
use overwrite_channel_shuttle::{Receiver, Sender, channel, watch};
use shuttle::{
    future::block_on,
    rand::{Rng, thread_rng},
    sync::mpsc,
    thread,
};
use std::{
    mem,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

const EACH: u32 = 2;

/// The sizes of a crowd.
const SIZES: std::ops::RangeInclusive<usize> = 5..=12;

/// At random, differently on each schedule.
fn pick<T: Copy>(from: &[T]) -> T {
    from[thread_rng().gen_range(0..from.len())]
}

/// A first future is polled and forgotten; the next one makes up for it.
fn forgets(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    loop {
        let mut future = rx.recv_async();
        let poll = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        mem::forget(future);
        let received = match poll {
            Poll::Ready(received) => received,
            Poll::Pending => block_on(rx.recv_async()),
        };
        match received {
            Ok(value) => got(value),
            Err(_) => return,
        }
    }
}

/// Each value is received by another clone, and the one before goes when that one has come.
fn comes_and_goes(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    while let Ok(value) = rx.recv() {
        let come = [rx.clone(), rx.clone()];
        got(value);
        [rx, _] = come;
    }
}

/// A future that has waited on one thread goes on on another.
fn moves(rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    let mut rx = Some(rx);
    while let Some(mut here) = rx.take() {
        let mut future = Box::pin(async move {
            let received = here.recv_async().await;
            (here, received)
        });
        let mut context = Context::from_waker(Waker::noop());
        let (back, received) = match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => output,
            Poll::Pending => thread::spawn(|| block_on(future)).join().expect("no call panics"),
        };
        if let Ok(value) = received {
            got(value);
            rx = Some(back);
        }
    }
}

const STAY: [Receive; 7] =
    [as_thread, as_task, as_task_that_gives_up, with_another, forgets, comes_and_goes, moves];
const LEAVE: [Receive; 2] = [leaves_at_once, polls_once];

/// Sends, and waits until each value was received or displaced before it sends the next one.
fn send_all(
    mut tx: Sender<u32>,
    sender: u32,
    settle: &[mpsc::Sender<u32>],
    settled: &mpsc::Receiver<u32>,
) {
    for value in sender * EACH..(sender + 1) * EACH {
        if let Some(displaced) = tx.send(value).expect("there are receivers") {
            settle[(displaced / EACH) as usize].send(displaced).expect("its sender waits");
        }
        assert_eq!(settled.recv(), Ok(value), "received or displaced, and once");
    }
}

/// A crowd of which some leave, and senders that stay until every value has gone somewhere.
fn crowd(senders: u32) {
    let (tx, rx) = channel();
    let (settle, settled): (Vec<_>, Vec<_>) = (0..senders).map(|_| mpsc::channel()).unzip();
    let receivers: Vec<_> = (0..thread_rng().gen_range(SIZES))
        .map(|at| {
            let leaves = at > 1 && thread_rng().gen_range(0..3) == 0;
            let receive = if leaves { pick(&LEAVE) } else { pick(&STAY) };
            let (rx, settle) = (rx.clone(), settle.clone());
            thread::spawn(move || {
                receive(rx, &mut |value| {
                    settle[(value / EACH) as usize].send(value).expect("its sender waits");
                });
            })
        })
        .collect();
    let senders: Vec<_> = (0..)
        .zip(settled)
        .map(|(sender, settled)| {
            let (tx, settle) = (tx.clone(), settle.clone());
            thread::spawn(move || {
                send_all(tx, sender, &settle, &settled);
                settled
            })
        })
        .collect();
    let settled: Vec<_> =
        senders.into_iter().map(|thread| thread.join().expect("no call panics")).collect();
    drop(tx);
    for receiver in receivers {
        receiver.join().expect("no call panics");
    }
    assert!(settled.iter().all(|settled| settled.try_recv().is_err()), "a value was doubled");
    drop(rx);
}

#[test]
fn of_two_senders() {
    explore(|| crowd(2));
}

#[test]
fn of_three_senders() {
    explore(|| crowd(3));
}

/// Futures that are notified and not polled again delay the others for no more sends than there are of them. No other
/// wake helps: the senders stay.
#[test]
fn of_futures_that_stall() {
    explore(|| {
        let (mut tx, rx) = channel();
        let stay = thread_rng().gen_range(1..=4);
        let mut rxs = vec![rx; stay + thread_rng().gen_range(1..=4)];
        let (received, has_received) = mpsc::channel();
        let receivers: Vec<_> = (0..stay)
            .map(|_| {
                let rx = rxs.swap_remove(thread_rng().gen_range(0..rxs.len()));
                let (received, receive) =
                    (received.clone(), pick(&[as_thread as Receive, as_task]));
                thread::spawn(move || {
                    receive(rx, &mut |value| {
                        // The first one is waited for.
                        let _ = received.send(value);
                    });
                })
            })
            .collect();
        let sends = 0..=u32::try_from(rxs.len()).expect("a few");
        let mut futures: Vec<_> = rxs.iter_mut().map(Receiver::recv_async).collect();
        for future in &mut futures {
            let poll = Pin::new(future).poll(&mut Context::from_waker(Waker::noop()));
            assert!(poll.is_pending());
        }
        let senders = [tx.clone(), tx.clone()].map(|mut tx| {
            let sends = sends.clone();
            thread::spawn(move || {
                for value in sends {
                    tx.send(value).expect("there are receivers");
                }
            })
        });
        for sender in senders {
            sender.join().expect("no call panics");
        }
        // Sends that overlap may each count on the other. These come one after another.
        for value in sends {
            tx.send(value).expect("there are receivers");
        }
        has_received.recv().expect("the receivers stay");
        drop((tx, futures));
        for receiver in receivers {
            receiver.join().expect("no call panics");
        }
    });
}

/// Waits for a change, in some way.
type Change = fn(&mut watch::Receiver<u32>);

const CHANGES: [Change; 4] = [
    |rx| rx.blocking_changed().expect("a sender stays"),
    |rx| block_on(rx.changed()).expect("a sender stays"),
    |rx| {
        let poll = pin!(rx.changed()).poll(&mut Context::from_waker(Waker::noop()));
        if poll.is_pending() {
            *rx = rx.clone();
            block_on(rx.changed()).expect("a sender stays");
        }
    },
    |rx| {
        let mut future = rx.changed();
        let poll = Pin::new(&mut future).poll(&mut Context::from_waker(Waker::noop()));
        mem::forget(future);
        if poll.is_pending() {
            rx.blocking_changed().expect("a sender stays");
        }
    },
];

/// Each receiver that stays sees the last change, though the senders' end does not wake it.
#[test]
fn of_watch() {
    explore(|| {
        const LAST: u32 = 2 * EACH;
        let (tx, rx) = watch::channel(0);
        let receivers: Vec<_> = (0..thread_rng().gen_range(SIZES))
            .map(|at| {
                let (mut rx, leaves) = (rx.clone(), at > 1 && thread_rng().gen_range(0..3) == 0);
                thread::spawn(move || {
                    let mut seen = 0;
                    while seen < LAST {
                        if leaves {
                            let _ =
                                pin!(rx.changed()).poll(&mut Context::from_waker(Waker::noop()));
                            return;
                        }
                        pick(&CHANGES)(&mut rx);
                        let now = *rx.borrow_and_update();
                        assert!(now > seen, "{now} after {seen}");
                        seen = now;
                    }
                })
            })
            .collect();
        let senders: Vec<_> = (0..2)
            .map(|_| {
                let tx = tx.clone();
                thread::spawn(move || (0..EACH).for_each(|_| tx.send_modify(|count| *count += 1)))
            })
            .collect();
        for thread in receivers.into_iter().chain(senders) {
            thread.join().expect("no call panics");
        }
        drop((tx, rx));
    });
}

/// Futures that are dropped, forgotten or taken to another thread, and others that must be woken.
#[test]
fn of_those_that_wait_for_the_receivers_end() {
    explore(|| {
        let (tx, rx) = channel::<u32>();
        let waits: Vec<_> = (0..thread_rng().gen_range(SIZES))
            .map(|_| {
                let (tx, how) = (tx.clone(), thread_rng().gen_range(0..3));
                thread::spawn(move || {
                    let mut closed = tx.closed();
                    let poll = Pin::new(&mut closed).poll(&mut Context::from_waker(Waker::noop()));
                    match how {
                        _ if poll.is_ready() => {}
                        0 => block_on(closed),
                        1 => {
                            drop(closed);
                            block_on(tx.closed());
                        }
                        _ => {
                            mem::forget(closed);
                            block_on(tx.closed());
                        }
                    }
                    assert!(tx.is_closed());
                })
            })
            .collect();
        let leaves = [rx.clone(), rx].map(|rx| thread::spawn(move || drop(rx)));
        for thread in waits.into_iter().chain(leaves) {
            thread.join().expect("no call panics");
        }
    });
}
