//! Waiting as a thread: spin for a moment, then park.

use super::{Announced, Taker, WaitGuard};
use crate::{
    RecvTimeoutError, TryRecvError,
    core::TakingHandle,
    sync::rest,
    wait::{Armed, Deadline, SpinWait, Spun, Waiter},
};

impl<H: TakingHandle> Taker<H> {
    /// Takes the value, or waits for one. `error` makes the caller's error, because mapping a whole result would move the
    /// value once more.
    #[inline]
    pub(crate) fn wait<E>(
        &mut self,
        deadline: &mut Deadline,
        error: impl FnOnce(RecvTimeoutError) -> E,
    ) -> Result<H::Value, E> {
        self.end_wait(); // a future may have been forgotten
        if let Some(value) = self.registration.take(false) {
            return Ok(H::into_value(value));
        }
        if self.is_closed() {
            return match self.last_look(false) {
                Some(value) => Ok(H::into_value(value)),
                None => Err(error(RecvTimeoutError::Disconnected)),
            };
        }
        self.spin(deadline).map_err(error)
    }

    /// Looks for a moment, then parks.
    #[inline(never)]
    fn spin(&mut self, deadline: &mut Deadline) -> Result<H::Value, RecvTimeoutError> {
        let mut spins = SpinWait::new(self.spin_limit, self.unpaused);
        let spun = spins.run(deadline, || match self.look(false) {
            Err(TryRecvError::Empty) => None,
            result => Some(result),
        });
        let found = matches!(spun, Spun::Found(_));
        self.unpaused = spins.learned(found).unwrap_or(self.unpaused);
        match spun {
            Spun::Found(result) => result.map_err(|_| RecvTimeoutError::Disconnected),
            Spun::Late => Err(RecvTimeoutError::Timeout),
            Spun::Park => self.park(deadline),
        }
    }

    /// Parks until there is a value, or none can come, or the deadline has passed.
    fn park(&mut self, deadline: &mut Deadline) -> Result<H::Value, RecvTimeoutError> {
        drop(self.disarm()); // a waker that a poll left behind
        let wait = WaitGuard(self);
        let result = wait.0.sleep(deadline);
        // It may notify, and so panic: as this function returned, that would leak what it returns
        // (https://github.com/rust-lang/rust/issues/47949).
        drop(wait);
        result
    }

    fn sleep(&mut self, deadline: &mut Deadline) -> Result<H::Value, RecvTimeoutError> {
        let mut timed_out = false;
        loop {
            match self.look(self.baton) {
                Err(TryRecvError::Empty) if timed_out => return Err(RecvTimeoutError::Timeout),
                Err(TryRecvError::Empty) => {}
                result => {
                    // The exchange left `WAITING` behind, or the senders' end notifies every receiver.
                    self.baton = false;
                    return result.map_err(|_| RecvTimeoutError::Disconnected);
                }
            }
            match self.arm(Armed::InCall, Waiter::this_thread()) {
                Announced::Value(value) => return Ok(value),
                Announced::Busy => {
                    rest();
                    timed_out |= deadline.has_passed();
                }
                Announced::Asleep => {
                    while !timed_out && self.registration.is_armed() {
                        timed_out = deadline.park();
                    }
                }
                Announced::Closed => {}
            }
            drop(self.disarm());
        }
    }
}
