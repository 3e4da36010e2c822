//! A thread that waits for a value beside other channels.

#![forbid(unsafe_code)]

use super::Taker;
use crate::{
    core::TakingHandle,
    select::sealed::Source,
    sync::rest,
    wait::{Armed, Unpaused, Waiter},
};

/// The thread is detached in every node, as a waker that a poll leaves behind: a thread that one channel wakes, and that
/// returns for another one, never holds the baton of the first.
impl<H: TakingHandle> Source for Taker<H> {
    fn spin_limit(&self) -> u32 {
        self.spin_limit
    }

    fn unpaused(&mut self) -> &mut Unpaused {
        &mut self.unpaused
    }

    fn begin(&mut self) {
        self.end_wait();
    }

    fn is_ready(&self) -> bool {
        !self.is_empty() || self.is_closed()
    }

    fn arm_thread(&mut self) -> bool {
        drop(self.disarm()); // a waker that a poll left behind
        if !self.registration.arm(Armed::Detached, Waiter::this_thread()) {
            rest();
            return false;
        }
        self.registration.announce_if_empty() && self.handle().counts().confirm_open()
    }

    fn is_armed(&self) -> bool {
        self.registration.is_armed()
    }

    fn disarm_thread(&mut self) {
        drop(self.disarm());
    }
}
