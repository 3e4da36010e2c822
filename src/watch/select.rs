//! A thread that waits for a change of a `watch` beside other channels.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::{
    select::sealed::Source,
    sync::rest,
    wait::{Armed, Unpaused, Waiter},
};

/// Every change notifies every waiter, so there is no baton.
impl<T> Source for Receiver<T> {
    fn spin_limit(&self) -> u32 {
        self.spin_limit
    }

    fn unpaused(&mut self) -> &mut Unpaused {
        &mut self.unpaused
    }

    fn begin(&mut self) {}

    fn is_ready(&self) -> bool {
        self.poll_state().is_some()
    }

    fn arm_thread(&mut self) -> bool {
        drop(self.disarm()); // a waker that a poll left behind
        if !self.registration.arm(Armed::Detached, Waiter::this_thread()) {
            rest();
            return false;
        }
        self.poll_state_or_wait().is_none()
    }

    fn is_armed(&self) -> bool {
        self.registration.is_armed()
    }

    fn disarm_thread(&mut self) {
        drop(self.disarm());
    }
}
