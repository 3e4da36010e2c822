//! A real-time receiver and an ordinary sender on one core: how long a call of the receiver occupies it.

use super::Goal;
use crate::suite::prelude::*;
use core_affinity::{CoreId, get_core_ids, set_for_current};
use overwrite_channel::{Receiver, Sender, channel};
use std::{hint::spin_loop, thread};
use support::dice::Dice;

/// The timeout of the calls that could occupy the core.
const WAIT: Duration = Duration::from_millis(300);
/// The timeout of the calls in between. Some of them end in the middle of a send, because the sender pauses for up
/// to twice this time.
const SHORT: Duration = Duration::from_micros(20);
/// A longer call ends the measurement, because nothing else runs on the core meanwhile.
const TOO_LONG: Duration = Duration::from_millis(100);

/// Returns how long the calling thread has run.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the call writes one `timespec`, and `time` is one.
    let result = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    assert_eq!(result, 0, "a thread has a clock");
    let nanos = Duration::from_nanos(time.tv_nsec.unsigned_abs());
    Duration::from_secs(time.tv_sec.unsigned_abs()) + nanos
}

/// Gives the calling thread precedence over every ordinary one; returns `false` if the system does not allow that.
fn become_real_time() -> bool {
    let lowest = libc::sched_param { sched_priority: 1 };
    // SAFETY: the call reads one `sched_param`; 0 is the calling thread.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO, &raw const lowest) == 0 }
}

/// Returns the longest processor time of a call, and how many values came; `None` without a real-time thread.
fn receive(mut rx: Receiver<u64>, core: CoreId, time: Duration) -> Option<(Duration, u64)> {
    if !set_for_current(core) || !become_real_time() {
        return None;
    }
    let begun = Instant::now();
    let (mut longest, mut received, mut newest) = (Duration::ZERO, 0, 0);
    for timeout in [SHORT, WAIT].into_iter().cycle() {
        let before = processor_time();
        let result = rx.recv_timeout(timeout);
        longest = longest.max(processor_time().saturating_sub(before));
        if let Ok(value) = result {
            assert!(value > newest, "values come in order");
            newest = value;
            received += 1;
        }
        if begun.elapsed() > time || longest > TOO_LONG {
            break;
        }
    }
    Some((longest, received))
}

/// Sends, with pauses of random length, until the receiver is gone.
fn send(mut tx: Sender<u64>, core: CoreId) {
    set_for_current(core);
    let mut dice = Dice::new(1);
    for value in 1.. {
        let pause = SHORT * u32::try_from(dice.below(2_000)).expect("a small number") / 1_000;
        let begun = Instant::now();
        while begun.elapsed() < pause {
            spin_loop();
        }
        if tx.send(value).is_err() {
            break;
        }
    }
}

pub(super) fn part(setup: &Setup, goals: &mut Vec<Goal>) -> String {
    let time = Duration::from_millis(setup.pick(20_000, 2_000, 50));
    let core = get_core_ids().and_then(|cores| cores.first().copied());
    let longest = core.and_then(|core| {
        let (tx, rx) = channel();
        let receiver = thread::spawn(move || receive(rx, core, time));
        // In a thread, because it stays pinned.
        let sender = thread::spawn(move || send(tx, core));
        let longest = receiver.join().expect("the receiver ends well");
        sender.join().expect("the sender ends well");
        longest
    });
    let Some((longest, received)) = longest else {
        return "Skipped: this process may not pin a thread and run it under SCHED_FIFO.\n".into();
    };
    assert!(received > 0, "values come");
    let what = "recv_timeout of a real-time thread: milliseconds of processor time";
    goals.push(Goal(what.into(), longest.as_secs_f64() * 1e3, 0.0..=2.0));
    format!(
        "A receiver under SCHED_FIFO and a sender on one core, for up to {time:?}: {received} values; the longest call \
         ran for {longest:?}.\n"
    )
}
