//! Receivers that wait, as threads and as tasks: nobody sleeps while there is a value, and each value goes
//! to one.

use crate::schedules::explore;
use overwrite_channel_shuttle::{Receiver, Sender, channel, wait_any};
use shuttle::{future::block_on, sync::mpsc, thread};
use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

/// So that what was received and what was displaced are together what was sent.
const SENDERS: u32 = 3;
const EACH: u32 = 2;

/// Every value of one sender; what they displaced.
fn send_all(mut tx: Sender<u32>, sender: u32) -> Vec<u32> {
    let values = (0..EACH).map(|number| sender * EACH + number);
    values.filter_map(|value| tx.send(value).expect("there are receivers")).collect()
}

/// A receiver of some kind, which hands on what it receives.
pub(crate) type Receive = fn(Receiver<u32>, &mut dyn FnMut(u32));

/// Three senders, and a thread for each receiver.
fn deliver(receive: [Receive; 3]) {
    let (tx, rx) = channel();
    let receivers = receive.map(|receive| {
        let rx = rx.clone();
        thread::spawn(move || {
            let mut values = Vec::new();
            receive(rx, &mut |value| values.push(value));
            values
        })
    });
    // The senders' values are not to be given back because every receiver has gone.
    let senders: Vec<_> = (0..SENDERS)
        .map(|sender| {
            let tx = tx.clone();
            thread::spawn(move || send_all(tx, sender))
        })
        .collect();
    drop(tx);
    let mut values: Vec<u32> = Vec::new();
    for thread in receivers.into_iter().chain(senders) {
        values.extend(thread.join().expect("no call panics"));
    }
    drop(rx);
    values.sort_unstable();
    assert!(values.into_iter().eq(0..SENDERS * EACH), "a value was lost or doubled");
}

pub(crate) fn as_thread(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    rx.iter().for_each(got);
}

pub(crate) fn as_task(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    block_on(async move {
        while let Ok(value) = rx.recv_async().await {
            got(value);
        }
    });
}

/// Each wait is begun once more than needed: a first future is polled and dropped, woken or not.
pub(crate) fn as_task_that_gives_up(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    block_on(async move {
        loop {
            let dropped = {
                let mut future = pin!(rx.recv_async());
                let poll = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                thread::yield_now();
                poll
            };
            let received = match dropped {
                Poll::Ready(received) => received,
                Poll::Pending => rx.recv_async().await,
            };
            match received {
                Ok(value) => got(value),
                Err(_) => return,
            }
        }
    });
}

/// Its first future is woken, perhaps, and dropped; then it has had enough.
pub(crate) fn leaves_at_once(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    let polled = {
        let mut future = pin!(rx.recv_async());
        let poll = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
        thread::yield_now();
        poll
    };
    if let Poll::Ready(Ok(value)) = polled {
        got(value);
    }
}

/// It leaves a waker behind that nobody will answer.
pub(crate) fn polls_once(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    let polled = rx.poll_recv(&mut Context::from_waker(Waker::noop()));
    thread::yield_now();
    if let Poll::Ready(Ok(value)) = polled {
        got(value);
    }
}

/// Together with another channel, whose end it waits for as well.
pub(crate) fn with_another(mut rx: Receiver<u32>, got: &mut dyn FnMut(u32)) {
    let (stop, mut stopped) = channel::<()>();
    let other = thread::spawn(move || drop(stop));
    if wait_any(&mut [&mut rx, &mut stopped]) == 0 {
        rx.try_recv().into_iter().for_each(&mut *got);
    }
    other.join().expect("it only drops");
    rx.iter().for_each(got);
}

#[test]
fn three_threads() {
    explore(|| deliver([as_thread; 3]));
}

#[test]
fn three_tasks() {
    explore(|| deliver([as_task; 3]));
}

#[test]
fn tasks_that_drop_futures() {
    explore(|| deliver([as_task_that_gives_up; 3]));
}

#[test]
fn a_thread_a_task_and_one_that_leaves() {
    explore(|| deliver([as_thread, as_task, leaves_at_once]));
}

#[test]
fn a_waker_left_behind_takes_no_wake_away() {
    explore(|| deliver([as_thread, polls_once, as_task_that_gives_up]));
}

#[test]
fn one_that_waits_for_two_channels() {
    explore(|| deliver([with_another, as_task, as_thread]));
}

/// Each receiver receives once and stays; each send waits until somebody has its value. So each send must
/// wake one that is asleep, and nobody else will.
#[test]
fn each_send_wakes_one() {
    explore(|| {
        let (mut tx, rx) = channel();
        let (received, has_received) = mpsc::channel();
        let receivers: Vec<_> = (0..3)
            .map(|receiver| {
                let mut rx = rx.clone();
                let received = received.clone();
                thread::spawn(move || {
                    let value = if receiver == 0 { block_on(rx.recv_async()) } else { rx.recv() };
                    received.send(value).expect("the sender waits for it");
                    // Its drop would wake others.
                    rx
                })
            })
            .collect();
        for value in 0..3 {
            assert_eq!(tx.send(value), Ok(None));
            assert_eq!(has_received.recv(), Ok(Ok(value)));
        }
        for receiver in receivers {
            receiver.join().expect("no call panics");
        }
    });
}

/// One receiver begins to wait, gives up, and stays; the other, asleep, must have the value all the same.
#[test]
fn a_dropped_future_passes_its_wake_on() {
    explore(|| {
        // The first receiver is notified first.
        let (mut tx, mut gives_up) = channel();
        let mut waits = gives_up.clone();
        let (received, has_received) = mpsc::channel();
        let other = received.clone();
        let first = thread::spawn(move || {
            let poll = {
                let mut future = pin!(gives_up.recv_async());
                let poll = future.as_mut().poll(&mut Context::from_waker(Waker::noop()));
                thread::yield_now();
                poll
            };
            if let Poll::Ready(value) = poll {
                received.send(value).expect("the sender waits for it");
            }
            gives_up
        });
        let second = thread::spawn(move || {
            let value = waits.recv();
            // It may come after all has been received: then the end is what it is told.
            let _ = other.send(value);
            waits
        });
        assert_eq!(tx.send(1), Ok(None));
        assert_eq!(has_received.recv(), Ok(Ok(1)));
        drop(tx);
        for receiver in [first, second] {
            receiver.join().expect("no call panics");
        }
    });
}

#[test]
fn whoever_waits_for_the_receivers_end_is_woken() {
    explore(|| {
        let (tx, rx) = channel::<u32>();
        let waits: Vec<_> = (0..2)
            .map(|_| {
                let tx = tx.clone();
                thread::spawn(move || {
                    block_on(tx.closed());
                    assert!(tx.is_closed());
                })
            })
            .collect();
        let leaves: Vec<_> = (0..3)
            .map(|_| {
                let rx = rx.clone();
                thread::spawn(move || drop(rx))
            })
            .collect();
        drop(rx);
        for thread in waits.into_iter().chain(leaves) {
            thread.join().expect("no call panics");
        }
    });
}
