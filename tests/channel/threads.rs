//! Several threads at once: every value has exactly one fate, and arrives in order, whatever the mix of operations.

use crate::receives::{Receive, look, timed, untimed};
use futures::{executor::block_on, future::select};
use overwrite_channel::{
    Receiver,
    RecvTimeoutError::{Disconnected, Timeout},
    SendError, Sender, SharedSender, channel,
};
use std::{iter::repeat_n, sync::Arc, task::Poll, thread, time::Duration};
use support::{
    ledger::{Fate, Ledger, Tracked},
    waker::Task,
    watchdog::{Watchdog, watched},
};

/// Its number is the greater the newer it is.
type Value = (u32, Tracked);

/// The handles of a thread that sends: a sender of its own, and a sender that it shares with other threads.
struct Senders {
    own: Sender<Value>,
    shared: Arc<SharedSender<Value>>,
}

impl Senders {
    fn of(tx: Sender<Value>, count: u32) -> Vec<Self> {
        let shared = Arc::new(tx.clone().into_shared());
        repeat_n(tx, count as usize).map(|own| Self { own, shared: shared.clone() }).collect()
    }
}

type Send = fn(&mut Senders, Value) -> Result<Option<Value>, SendError<Value>>;
const SEND: Send = |tx, value| tx.own.send(value);
const NEWEST: Send = |tx, value| tx.own.send_newest_by_key(value, |value| value.0);
const SHARED_SEND: Send = |tx, value| tx.shared.send(value);
const SHARED_NEWEST: Send = |tx, value| tx.shared.send_newest_by_key(value, |value| value.0);
/// Other threads may send through the handle while the key is looked at.
const SLOW_NEWEST: Send = |tx, value| {
    let key = |value: &Value| {
        thread::yield_now();
        value.0
    };
    tx.shared.send_newest_by_key(value, key)
};

/// What is true of the values if they are all sent like that.
#[derive(Clone, Copy, PartialEq)]
enum Promise {
    /// The values of each sender come out of the slot in the order in which they were sent.
    Order,
    /// The greatest number is never displaced.
    Greatest,
    None,
}

/// In which ways each thread sends, in turn; and whether all do so by ever new clones of their handles.
#[derive(Clone, Copy)]
struct Mix(&'static [Send], Promise, bool);

const MIXES: [Mix; 5] = [
    Mix(&[SEND], Promise::Order, false),
    Mix(&[SEND, SHARED_SEND], Promise::Order, true),
    Mix(&[NEWEST], Promise::Greatest, true),
    Mix(&[SHARED_NEWEST, SLOW_NEWEST], Promise::Greatest, false),
    Mix(&[SEND, NEWEST, SHARED_SEND, SHARED_NEWEST], Promise::None, true),
];

/// Sends values with these numbers, and returns the numbers of those displaced or handed back.
fn send_all(
    Mix(sends, _, churn): Mix,
    mut tx: Senders,
    ledger: &Ledger,
    numbers: impl Iterator<Item = u32>,
) -> Vec<u32> {
    let mut out = Vec::new();
    for (round, (number, send)) in numbers.zip(sends.iter().cycle()).enumerate() {
        if churn && round % 5 == 0 {
            // The clones have other nodes.
            let shared = Arc::new(SharedSender::clone(&tx.shared));
            tx = Senders { own: tx.own.clone(), shared };
        }
        let ((number, value), fate) = match send(&mut tx, (number, ledger.issue())) {
            Ok(None) => continue,
            Ok(Some(stale)) => (stale, Fate::Displaced),
            Err(SendError(value)) => (value, Fate::HandedBack),
        };
        out.push(number);
        value.meets(fate);
    }
    out
}

/// Receives as a task beside another wait of the same task, and as a task that loses its interest.
const AS_TASK: [(&str, Receive<Value>); 2] = [
    ("two futures", |rx, _| {
        let mut other = rx.clone();
        let first = select(rx.recv_async(), other.recv_async());
        Ok(block_on(first).factor_first().0?)
    }),
    ("a future that is polled twice", |rx, _| {
        let (task, mut future) = (Task::new(), rx.recv_async());
        let mut poll = || {
            thread::yield_now();
            task.poll(&mut future)
        };
        let first = poll();
        let last = if first.is_pending() { poll() } else { first };
        if let Poll::Ready(received) = last { Ok(received?) } else { Err(Timeout) }
    }),
];

/// Makes so many calls, or calls until the end, in every way and with timeouts too short for some. Returns the numbers
/// of the values that were received or not wanted.
fn receive_all(Mix(_, _, churn): Mix, mut rx: Receiver<Value>, calls: u64) -> Vec<u32> {
    let mut out = Vec::new();
    let ways = untimed().into_iter().chain(timed()).chain(AS_TASK);
    for (round, (_, receive)) in (0..calls).zip(ways.flat_map(|way| [way; 4]).cycle()) {
        let timeout = Duration::from_micros(round % 7);
        let received = match round % 4 {
            0 => look(&mut rx),
            1 => rx.recv_matching_timeout(timeout, |(number, _)| {
                let wanted = number % 2 == 0;
                out.extend((!wanted).then_some(*number));
                wanted
            }),
            _ => receive(&mut rx, timeout),
        };
        match received {
            Ok((number, value)) => {
                out.push(number);
                value.meets(Fate::Received);
            }
            Err(Timeout) => {}
            Err(Disconnected) => break,
        }
        if churn && round % 5 == 0 {
            rx = rx.clone();
            rx.set_spin_limit(u32::from(round % 2 == 0));
        }
    }
    out
}

/// In so many threads each, sends so many values, and receives them; without a thread that receives, when all are sent.
/// Returns how many values no receiver had, because the receivers leave after so many calls.
fn play(watchdog: &Watchdog, mix: Mix, [senders, receivers, each]: [u32; 3], calls: u64) -> usize {
    let Mix(_, promise, _) = mix;
    let ledger = Ledger::new((senders * each) as usize);
    let (tx, rx) = channel();
    let late = (receivers == 0).then(|| rx.clone());
    let [displaced, mut received] = thread::scope(|scope| {
        let ledger = &ledger;
        let send = |(at, tx)| {
            scope.spawn(move || {
                let _running = watchdog.running(format!("sender {at} of {senders}"));
                // Up and down, so that many are older than what they displace.
                let step = if promise == Promise::Order { 1 } else { 7 };
                let numbers = (0..each).map(|number| number * step % each * senders + at);
                send_all(mix, tx, ledger, numbers)
            })
        };
        let receive = |rx| {
            scope.spawn(move || {
                let _running = watchdog.running(format!("one of {receivers} receivers"));
                receive_all(mix, rx, calls)
            })
        };
        let senders: Vec<_> = (0..).zip(Senders::of(tx, senders)).map(send).collect();
        let receivers: Vec<_> = repeat_n(rx, receivers as usize).map(receive).collect();
        [senders, receivers].map(|threads| {
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    });
    received.extend(late.map(|rx| receive_all(mix, rx, calls)));

    let totals = ledger.totals();
    let mut all = [displaced.concat(), received.concat()].concat();
    all.sort_unstable();
    assert!(all.is_sorted_by(|one, next| one < next), "a value was doubled: {all:?}");
    let left = totals.issued - all.len();
    assert!(left <= 1, "only one has room in the channel: {totals:?}");
    let all_receive = calls == u64::MAX;
    match promise {
        Promise::Greatest if all_receive => {
            assert_eq!(received.concat().into_iter().max(), Some(senders * each - 1));
        }
        Promise::Order => {
            let numbers = displaced.iter().chain(&received);
            for (numbers, at) in numbers.flat_map(|it| (0..senders).map(move |at| (it, at))) {
                let of_one = numbers.iter().filter(|number| **number % senders == at);
                assert!(of_one.is_sorted(), "of sender {at}: {numbers:?}");
            }
            // The last value of all is the last value of its sender.
            let is_last =
                |numbers: &Vec<u32>| numbers.last().map(|last| last / senders) == Some(each - 1);
            assert!(!all_receive || received.iter().any(is_last), "the last: {received:?}");
        }
        _ => {}
    }
    totals.handed_back + left
}

#[test]
fn every_value_has_one_fate_in_order_and_the_last_or_the_greatest_is_received() {
    for mix in MIXES {
        watched(move |watchdog| {
            let play = |senders, receivers, each| {
                let left = play(watchdog, mix, [senders, receivers, each], u64::MAX);
                assert_eq!(left, 0, "handed back, or left in the channel");
            };
            for (senders, receivers) in [(1, 1), (1, 3)] {
                play(senders, receivers, 10_000);
            }
            for (senders, receivers) in [(3, 0), (4, 1), (2, 2), (3, 3), (4, 4), (6, 2), (2, 6)] {
                play(senders, receivers, 2_000);
            }
            for round in 0..200 {
                play(1 + round % 4, 3 - round % 4, 1 + round % 6 * 7);
            }
        });
    }
}

/// What comes too late is handed back, and what no receiver took is dropped with the channel.
#[test]
fn receivers_may_leave_while_threads_send() {
    watched(|watchdog| {
        let calls = (0..30).cycle().take(300);
        let cut_short = calls.zip(MIXES.into_iter().cycle());
        let cut_short = cut_short.map(|(calls, mix)| play(watchdog, mix, [2, 2, 100], calls));
        assert!(cut_short.sum::<usize>() > 0, "no receiver left before all was sent");
    });
}
