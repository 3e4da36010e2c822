//! The crate on shuttle's threads, for the histories.

pub(crate) use overwrite_channel_shuttle::{
    Receiver, RecvError, RecvTimeoutError, SendError, Sender, SharedSender, TryRecvError, buffer,
    channel, watch,
};
pub(crate) use shuttle::thread::spawn;
use std::sync::atomic::AtomicUsize;

/// A few, because each step of a walk is a moment for the scheduler.
pub(crate) const CROWD: usize = 5;

/// The scheduler lets threads meet wherever they can.
pub(crate) fn meet(_: &AtomicUsize) {}

/// Here there is one more moment for the scheduler.
pub(crate) fn pause(time: u32) {
    if time > 0 {
        shuttle::thread::yield_now();
    }
}
