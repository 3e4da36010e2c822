//! One thread that waits for several channels at once.

use overwrite_channel::{
    Receiver, Sender, Waitable, channel, wait_any, wait_any_deadline, wait_any_timeout,
};
#[cfg(feature = "watch")]
use overwrite_channel::{StaticChannel, buffer, watch};
use std::{
    rc::Rc,
    time::{Duration, Instant},
};
#[cfg(feature = "watch")]
use support::sleeper::asleep;
use support::{
    panics::message,
    rounds::{LONG, after},
    waker::{Event, Task},
    watchdog::watched,
};

const ZERO: Duration = Duration::ZERO;

type Waitables<'a, 'b> = &'a mut [&'b mut dyn Waitable];
type Wait = fn(Waitables<'_, '_>, Duration) -> Option<usize>;

const WAITS: [Wait; 3] = [
    |receivers, _| Some(wait_any(receivers)),
    wait_any_timeout,
    |receivers, timeout| wait_any_deadline(receivers, after(timeout)),
];

/// Waits in every way; what is ready, at once if anything is, is the same.
fn ready(receivers: Waitables<'_, '_>) -> Option<usize> {
    let ready = wait_any_timeout(receivers, ZERO);
    let timeouts: &[Duration] = match ready {
        // A deadline that has passed does not hide what is there.
        Some(_) => &[ZERO, LONG, Duration::MAX],
        None => &[ZERO, Duration::from_millis(1)],
    };
    for timeout in timeouts {
        for wait in &WAITS[usize::from(ready.is_none())..] {
            let start = Instant::now();
            assert_eq!(wait(receivers, *timeout), ready);
            assert!(ready.is_some() || start.elapsed() >= *timeout, "too early");
        }
    }
    ready
}

fn offering<T>(value: Option<T>, ended: bool) -> (Option<Sender<T>>, Receiver<T>) {
    let (mut tx, rx) = channel();
    if let Some(value) = value {
        assert!(tx.send(value).unwrap().is_none());
    }
    ((!ended).then_some(tx), rx)
}

#[test]
fn the_first_that_is_ready_is_reported_and_nothing_is_taken() {
    watched(|watchdog| {
        let _running = watchdog.running("wait_any");
        // A bit for each value, and one for each end.
        for offers in 0..64 {
            let has_value = |at: usize| offers >> at & 1 == 1;
            let has_ended = |at: usize| offers >> (3 + at) & 1 == 1;
            let is_ready = |at: &usize| has_value(*at) || has_ended(*at);
            // Of different types; an `Rc` stays in its thread.
            let (_a_tx, mut a) = offering(has_value(0).then_some(1), has_ended(0));
            let (_b_tx, mut b) = offering(has_value(1).then_some("two"), has_ended(1));
            let (_c_tx, mut c) = offering(has_value(2).then(|| Rc::new(3)), has_ended(2));
            let mut clones = (a.clone(), b.clone(), c.clone());

            let first = (0..3).find(is_ready);
            assert_eq!(ready(&mut [&mut a, &mut b, &mut c]), first, "{offers:b}");
            // The order is that of the call.
            let first = (0..3).rev().position(|at| is_ready(&at));
            assert_eq!(ready(&mut [&mut c, &mut b, &mut a]), first, "{offers:b}");
            // Two receivers of one channel are ready together.
            let first = is_ready(&0).then_some(0);
            assert_eq!(ready(&mut [&mut clones.0, &mut a]), first, "{offers:b}");

            let clones = [
                clones.0.try_recv().is_ok(),
                clones.1.try_recv().is_ok(),
                clones.2.try_recv().is_ok(),
            ];
            assert_eq!(clones, [0, 1, 2].map(has_value), "{offers:b}");
            // The clones were faster: a receiver that finds nothing waits again.
            let first = (0..3).find(|at| has_ended(*at));
            assert_eq!(ready(&mut [&mut a, &mut b, &mut c]), first, "{offers:b}");
        }
    });
}

#[test]
fn of_no_receivers_it_panics() {
    for wait in WAITS {
        let said = message(|| wait(&mut [], ZERO));
        assert_eq!(said, "`wait_any` of no receivers");
    }
}

/// A thread sleeps until one of several flavours has a value, or the end of its senders, and says which one.
#[test]
#[cfg(feature = "watch")]
fn a_thread_sleeps_for_several_flavours() {
    static CHANNEL: StaticChannel<u8, 2> = StaticChannel::new();
    watched(|watchdog| {
        let _running = watchdog.running("wait_any");
        for (ends, spin_limit) in [0, 10, 0, 10].into_iter().enumerate() {
            let (mut static_tx, mut static_rx) = CHANNEL.split().unwrap();
            let (mut tx, mut rx) = channel();
            let (mut writer, mut reader) = buffer::channel("");
            let (sender, mut watching) = watch::channel(0.0);
            static_rx.set_spin_limit(spin_limit);
            rx.set_spin_limit(spin_limit);
            reader.set_spin_limit(spin_limit);
            watching.set_spin_limit(spin_limit);
            let mut sends: Vec<Box<dyn FnMut()>> = vec![
                Box::new(move || assert_eq!(static_tx.send(1), Ok(None))),
                Box::new(move || assert_eq!(tx.send('a'), Ok(None))),
                Box::new(move || assert_eq!(writer.publish(), Ok(false))),
                Box::new(move || sender.send(1.5).unwrap()),
            ];
            let mut wait = |then: &mut dyn FnMut()| {
                let waits = || wait_any(&mut [&mut static_rx, &mut rx, &mut reader, &mut watching]);
                let ready = asleep(waits, then);
                let taken = [
                    static_rx.try_recv().is_ok(),
                    rx.try_recv().is_ok(),
                    reader.update(),
                    watching.borrow_and_update().has_changed(),
                ];
                (ready, taken)
            };
            for at in (0..4).cycle().take(20) {
                assert_eq!(wait(&mut sends[at]), (at, std::array::from_fn(|it| it == at)));
            }
            let mut last = Some(sends.remove(ends));
            assert_eq!(wait(&mut || drop(last.take())), (ends, [false; 4]));
        }
    });
}

/// A wait drops the waker that a poll left behind when it has looked and is about to sleep. The value or the end comes then:
/// to the channel of that waker, to the channel before, which has a node armed, and to the channel after.
#[test]
fn what_comes_when_a_wait_is_about_to_sleep_is_neither_missed_nor_taken() {
    watched(|watchdog| {
        let _running = watchdog.running("wait_any");
        for case in 0..8 {
            let (about, at, is_value) = (case % 2, case / 2 % 2, case < 4);
            let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (0..2).map(|_| channel()).unzip();
            receivers[0].set_spin_limit(0);
            let mut tx = senders.remove(at);
            let _open = is_value.then(|| tx.clone());
            let task = Task::acting_in(Event::Drop, move || {
                if is_value {
                    assert_eq!(tx.send(7), Ok(None));
                }
                drop(tx);
            });
            assert!(receivers[about].poll_recv(&mut task.context()).is_pending());
            let [a, b] = &mut receivers[..] else { unreachable!() };
            assert_eq!(wait_any(&mut [a, b]), at, "case {case}");
            assert_eq!(receivers[at].try_recv().is_ok(), is_value, "case {case}");
        }
    });
}
