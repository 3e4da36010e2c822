//! The crate as it is, on the machine's threads.

pub(crate) use overwrite_channel::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender, TryRecvError, buffer,
    channel, watch,
};
pub(crate) use std::thread::spawn;
use std::{
    hint::spin_loop,
    sync::atomic::{
        AtomicUsize,
        Ordering::{AcqRel, Acquire},
    },
    thread::yield_now,
};
use support::watchdog::until;

/// More than two words of 64 bits have room for.
pub(crate) const CROWD: usize = 130;

/// Waits until all threads of a history have come. So many are `missing`.
pub(crate) fn meet(missing: &AtomicUsize) {
    missing.fetch_sub(1, AcqRel);
    until(|| missing.load(Acquire) == 0);
}

/// Pauses: now and then for long enough that another thread runs on this core.
pub(crate) fn pause(time: u32) {
    if time > 60 {
        yield_now();
    }
    for _ in 0..time {
        spin_loop();
    }
}
