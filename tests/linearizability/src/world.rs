//! The crate as it is, on the machine's threads.

pub(crate) use overwrite_channel::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender, TryRecvError, channel,
    watch,
};
use std::{hint::spin_loop, thread::yield_now};

/// More than two words of 64 bits have room for.
pub(crate) const CROWD: usize = 130;

/// Pauses: now and then for long enough that another thread runs on this core.
pub(crate) fn pause(time: u32) {
    if time > 60 {
        yield_now();
    }
    for _ in 0..time {
        spin_loop();
    }
}
