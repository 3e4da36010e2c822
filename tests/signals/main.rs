//! A send in a signal handler, whatever the signal interrupts: a send, a receive, a wait, a poll, a handle that is made or dropped,
//! or the send of another handler.
//!
//! Two timers interrupt the thread under test. A handler sends, and then sets its timer to a random nanosecond of the next few
//! microseconds. So signals come at any instruction, as fast as the thread handles them, also on a busy machine. One handler
//! interrupts the other.
//!
//! On Linux only, where a timer can signal one thread. Not under Miri, which has no signals. A handler belongs to the whole
//! process, so this binary has one test.
#![cfg(all(feature = "std", target_os = "linux", not(miri)))]

mod account;
mod handlers;

use account::{Party, Value, check};
use overwrite_channel::{Receiver, Sender, StaticChannel, wait_any, wait_any_timeout};
use std::{
    hint::spin_loop,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    task::Poll,
    thread,
    time::Duration,
};
use support::{
    allocator::{Counting, Counts, measure},
    dice::Dice,
    waker::Task,
    watchdog::{until, watched},
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const NOTHING: Counts = Counts { allocations: 0, live_bytes: 0 };

/// Number of signals that are handled in each case.
const SIGNALS: usize = 7_000;
const SOON: Duration = Duration::from_micros(5);

/// It has room for a sender, a receiver and the senders of two handlers; and for two more handles, or for two more sends through a
/// sender that is in use.
static CHANNEL: StaticChannel<Value, 6> = StaticChannel::new();

static THREAD: Party = Party::new(2);
static OTHER_THREAD: Party = Party::new(3);
/// The thread under test was interrupted often enough.
static DONE: AtomicBool = AtomicBool::new(false);

/// Acts again and again while signals interrupt this thread. Neither the thread nor a handler allocates meanwhile.
#[track_caller]
fn interrupted(mut act: impl FnMut()) {
    let ((), counts) = measure(|| {
        handlers::start();
        while handlers::handled() < SIGNALS {
            act();
            handlers::got_on();
        }
        handlers::stop();
    });
    assert_eq!(counts, NOTHING);
    DONE.store(true, Relaxed);
}

/// Acts in the same way, beside a thread that does `other` again and again. `last` ends what that thread waits for.
fn interrupted_beside(mut other: impl FnMut() + Send, act: impl FnMut(), last: impl FnOnce()) {
    thread::scope(|scope| {
        let other = || {
            while !DONE.load(Relaxed) {
                other();
            }
        };
        let other = scope.spawn(|| measure(other));
        interrupted(act);
        last();
        let ((), counts) = other.join().unwrap();
        assert_eq!(counts, NOTHING);
    });
}

type Case = fn(&mut Sender<Value>, &mut Receiver<Value>);

/// What is interrupted. A wait without a timeout ends, because one more signal is to come.
const CASES: &[(&str, Case)] = &[
    ("a send", |tx, _| interrupted(|| THREAD.send(|value| tx.send(value)))),
    ("a send through the sender of a handler", |_, _| {
        interrupted(|| THREAD.send(|value| handlers::sender().send(value)));
    }),
    ("a send through that sender, beside a thread that sends through it", |_, _| {
        interrupted_beside(
            || OTHER_THREAD.send(|value| handlers::sender().send(value)),
            || THREAD.send(|value| handlers::sender().send(value)),
            || {},
        );
    }),
    ("a merge, and a withdrawal", |tx, _| {
        interrupted(|| {
            let merge = |unread, value| {
                THREAD.take([unread]);
                value
            };
            THREAD.send(|value| tx.send_merged(value, merge).map(|_| None));
            THREAD.take(tx.withdraw());
        });
    }),
    ("a receive", |_, rx| interrupted(|| THREAD.take(rx.try_recv()))),
    ("a wait that spins", |_, rx| interrupted(|| THREAD.take(rx.recv()))),
    ("a wait that parks", |_, rx| {
        rx.set_spin_limit(0);
        interrupted(|| THREAD.take(rx.recv()));
    }),
    ("a wait that times out", |_, rx| interrupted(|| THREAD.take(rx.recv_timeout(SOON)))),
    ("a wait for one of two receivers", |_, rx| {
        static SILENT: StaticChannel<(), 2> = StaticChannel::new();
        let (_tx, mut silent) = SILENT.split().unwrap();
        interrupted(|| {
            assert_eq!(wait_any(&mut [&mut silent, rx]), 1);
            THREAD.take(rx.try_recv());
            let _ready = wait_any_timeout(&mut [&mut silent, rx], SOON);
        });
    }),
    ("a poll of a future", |_, rx| {
        let task = Task::new();
        interrupted(|| {
            let mut future = rx.recv_async();
            THREAD.take(loop {
                match task.poll(&mut future) {
                    Poll::Ready(value) => break value,
                    Poll::Pending => until(|| task.seen().woken > 0),
                }
            });
        });
    }),
    ("a future that is dropped, and a poll that leaves its waker", |tx, rx| {
        let task = Task::new();
        interrupted(|| {
            if let Poll::Ready(value) = task.poll(&mut rx.recv_async()) {
                THREAD.take(value);
            }
            if let Poll::Ready(value) = rx.poll_recv(&mut task.context()) {
                THREAD.take(value);
            }
        });
        // Takes the last waker out. Otherwise a handler of the next case would free it.
        THREAD.send(|value| tx.send(value));
    }),
    ("handles that are made and dropped", |tx, rx| {
        interrupted(|| {
            let (mut tx, mut rx) = (tx.clone(), rx.clone());
            THREAD.send(|value| tx.send(value));
            THREAD.take(rx.try_recv());
        });
    }),
    ("a send to a thread that parks", |tx, rx| {
        let mut last = tx.clone();
        let mut dice = Dice::new(1);
        interrupted_beside(
            || OTHER_THREAD.take(rx.recv()),
            || {
                THREAD.send(|value| tx.send(value));
                (0..dice.below(100)).for_each(|_| spin_loop());
            },
            || THREAD.send(|value| last.send(value)),
        );
    }),
    ("a wait beside a thread that sends", |tx, rx| {
        interrupted_beside(
            || {
                OTHER_THREAD.send(|value| tx.send(value));
                until(|| tx.is_empty() || DONE.load(Relaxed));
            },
            || THREAD.take(rx.recv()),
            || {},
        );
    }),
    ("a wait beside a thread that parks", |tx, rx| {
        let mut other = rx.clone();
        interrupted_beside(
            || OTHER_THREAD.take(other.recv()),
            || THREAD.take(rx.recv_timeout(SOON)),
            || THREAD.send(|value| tx.send(value)),
        );
    }),
];

#[test]
fn a_handler_sends_whatever_its_signal_interrupts() {
    watched(|watchdog| {
        let (mut tx, mut rx) = CHANNEL.split().unwrap();
        handlers::install([tx.clone(), tx.clone()].map(Sender::into_shared));
        for (name, case) in CASES {
            let _running = watchdog.running(*name);
            DONE.store(false, Relaxed);
            case(&mut tx, &mut rx);
            THREAD.take(rx.try_recv());
            check(name);
        }
        assert!(handlers::nested() > 0, "no signal has interrupted a handler's send");
    });
}
