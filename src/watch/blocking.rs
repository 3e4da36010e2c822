//! Waiting for a change as a thread: spin for a moment, then park.

#![forbid(unsafe_code)]

use super::{Receiver, value::Ref};
use crate::{
    RecvError, RecvTimeoutError,
    sync::rest,
    wait::{Armed, Deadline, SpinWait, Spun, Waiter},
};
use std::time::{Duration, Instant};

impl<T> Receiver<T> {
    /// Blocks until there is a value that this receiver has not seen, and marks it as seen.
    ///
    /// In a task, use [`changed`](Self::changed): this call would block the runtime's thread.
    ///
    /// # Progress
    ///
    /// **Waits**: it looks for a moment ([`set_spin_limit`](Self::set_spin_limit)), and then parks the thread. It uses the
    /// thread's [`park`](std::thread::park) token. So a later `park` of the caller may return at once, and the call may consume
    /// an `unpark` that was meant for the caller.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the receiver has seen the last value.
    ///
    /// # Panics
    ///
    /// If a waker that a poll left behind panics when it is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel("a");
    /// std::thread::spawn(move || tx.send("b"));
    /// assert_eq!(rx.blocking_changed(), Ok(()));
    /// assert_eq!(*rx.borrow_and_update(), "b");
    /// assert!(rx.blocking_changed().is_err());
    /// ```
    pub fn blocking_changed(&mut self) -> Result<(), RecvError> {
        // Without a deadline there is no timeout.
        self.wait_for_change(Deadline::Never).map_err(|_| RecvError)
    }

    /// Blocks for at most `timeout` until there is a value that this receiver has not seen, and marks it as seen.
    ///
    /// A `timeout` of zero does not wait. If the deadline is too far away to be expressed, the call waits without a deadline. The
    /// time counts from the first look that finds nothing new.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if nothing changed in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the receiver has seen the last value.
    ///
    /// # Panics
    ///
    /// As [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::RecvTimeoutError;
    /// use std::time::Duration;
    ///
    /// let (tx, mut rx) = overwrite_channel::watch::channel(1);
    /// let short = Duration::from_millis(1);
    /// assert_eq!(rx.blocking_changed_timeout(short), Err(RecvTimeoutError::Timeout));
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.blocking_changed_timeout(short), Ok(()));
    /// ```
    pub fn blocking_changed_timeout(&mut self, timeout: Duration) -> Result<(), RecvTimeoutError> {
        self.wait_for_change(Deadline::After(timeout))
    }

    /// Blocks until there is a value that this receiver has not seen, or `deadline` has passed. Marks that value as seen.
    ///
    /// A `deadline` that has passed does not wait.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Errors
    ///
    /// As [`blocking_changed_timeout`](Self::blocking_changed_timeout).
    ///
    /// # Panics
    ///
    /// As [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (tx, mut rx) = overwrite_channel::watch::channel(1);
    /// tx.send(2).unwrap();
    /// assert_eq!(rx.blocking_changed_deadline(Instant::now() + Duration::from_secs(1)), Ok(()));
    /// ```
    pub fn blocking_changed_deadline(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        self.wait_for_change(Deadline::At(deadline))
    }

    /// Blocks until the value is `wanted`, and marks it as seen.
    ///
    /// The call looks at the present value first, whether it was seen or not, even if every sender is gone. Values that come
    /// faster than `wanted` looks at them are skipped.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the last value is not wanted.
    ///
    /// # Panics
    ///
    /// If `wanted`, its drop, or the drop of an unwanted value panics. The value that `wanted` looked at last counts as seen.
    /// Otherwise as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Examples
    ///
    /// ```
    /// let (tx, mut rx) = overwrite_channel::watch::channel(0);
    /// std::thread::spawn(move || {
    ///     for done in 1..=3 {
    ///         tx.send(done).unwrap();
    ///     }
    /// });
    /// assert_eq!(*rx.blocking_wait_for(|done| *done >= 3).unwrap(), 3);
    /// ```
    pub fn blocking_wait_for(
        &mut self,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'static, T>, RecvError> {
        // Without a deadline there is no timeout.
        self.wait_for_wanted(Deadline::Never, wanted).map_err(|_| RecvError)
    }

    /// Blocks for at most `timeout` until the value is `wanted`, and marks it as seen.
    ///
    /// Unwanted values do not extend the time. A `timeout` of zero looks at the present value. If the deadline is too far away to
    /// be expressed, the call waits without a deadline. The time counts from the first look that finds no wanted value.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no wanted value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the last value is not wanted.
    ///
    /// # Panics
    ///
    /// As [`blocking_wait_for`](Self::blocking_wait_for).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::RecvTimeoutError;
    /// use std::time::Duration;
    ///
    /// let (_tx, mut rx) = overwrite_channel::watch::channel(0);
    /// let short = Duration::from_millis(1);
    /// let result = rx.blocking_wait_for_timeout(short, |done| *done >= 3);
    /// assert_eq!(result.err(), Some(RecvTimeoutError::Timeout));
    /// ```
    pub fn blocking_wait_for_timeout(
        &mut self,
        timeout: Duration,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'static, T>, RecvTimeoutError> {
        self.wait_for_wanted(Deadline::After(timeout), wanted)
    }

    /// Blocks until the value is `wanted`, or `deadline` has passed. Marks that value as seen.
    ///
    /// Unwanted values do not extend the time.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`blocking_changed`](Self::blocking_changed).
    ///
    /// # Errors
    ///
    /// As [`blocking_wait_for_timeout`](Self::blocking_wait_for_timeout).
    ///
    /// # Panics
    ///
    /// As [`blocking_wait_for`](Self::blocking_wait_for).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (_tx, mut rx) = overwrite_channel::watch::channel(3);
    /// let deadline = Instant::now() + Duration::from_secs(1);
    /// assert_eq!(*rx.blocking_wait_for_deadline(deadline, |done| *done >= 3).unwrap(), 3);
    /// ```
    pub fn blocking_wait_for_deadline(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'static, T>, RecvTimeoutError> {
        self.wait_for_wanted(Deadline::At(deadline), wanted)
    }

    /// Sets how many times a blocking call that finds nothing looks again before it parks the thread.
    ///
    /// A change that comes while the call spins costs its sender nothing more, and the receiver sees it at once. Parking and waking
    /// cost a system call each. 0 parks at once. The default is 10, which takes a few microseconds. A clone starts with the limit
    /// of its original, and with what the original has learned.
    ///
    /// Each look comes after a pause of the core, or after the thread has yielded the core. A pause helps if the sender runs on
    /// another core; a yield helps if the sender needs this one. The first look comes after a yield, unless a pause helped the
    /// receiver the last time, and from time to time the receiver tries again which is better. Up to seven pauses follow, each
    /// twice as long as the one before, and then a yield before each further look.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (_tx, mut rx) = overwrite_channel::watch::channel(1);
    /// rx.set_spin_limit(0);
    /// ```
    pub fn set_spin_limit(&mut self, looks: u32) {
        self.spin_limit = looks;
    }

    fn wait_for_change(&mut self, mut deadline: Deadline) -> Result<(), RecvTimeoutError> {
        let version = self.wait(&mut deadline)?;
        self.mark_seen(version);
        Ok(())
    }

    fn wait_for_wanted(
        &mut self,
        mut deadline: Deadline,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> Result<Ref<'static, T>, RecvTimeoutError> {
        let mut late = false;
        let result = loop {
            let value = self.mark_newest_seen();
            if wanted(&value) {
                break Ok(value);
            }
            drop(value);
            // Unwanted values do not extend the deadline.
            if late {
                break Err(RecvTimeoutError::Timeout);
            }
            late = deadline.has_passed();
            if let Err(error) = self.wait(&mut deadline) {
                break Err(error);
            }
        };
        drop(wanted); // not as this returns: a panic of its drop would leak the `Ref`
        result
    }

    /// Waits for something new, and leaves it to be seen.
    #[inline]
    fn wait(&mut self, deadline: &mut Deadline) -> Result<u64, RecvTimeoutError> {
        match self.poll_state() {
            Some(result) => Ok(result?),
            None => self.spin(deadline),
        }
    }

    /// Looks for a moment, then parks.
    #[inline(never)]
    fn spin(&mut self, deadline: &mut Deadline) -> Result<u64, RecvTimeoutError> {
        let mut spins = SpinWait::new(self.spin_limit, self.unpaused);
        let spun = spins.run(deadline, || self.poll_state());
        let found = matches!(spun, Spun::Found(_));
        self.unpaused = spins.learned(found).unwrap_or(self.unpaused);
        match spun {
            Spun::Found(result) => Ok(result?),
            Spun::Late => Err(RecvTimeoutError::Timeout),
            Spun::Park => self.park(deadline),
        }
    }

    /// Parks until there is something new, or nothing can come, or the deadline has passed.
    fn park(&mut self, deadline: &mut Deadline) -> Result<u64, RecvTimeoutError> {
        let mut timed_out = false;
        loop {
            // What the last round armed, or a poll left behind.
            drop(self.disarm());
            match self.poll_state() {
                Some(result) => return Ok(result?),
                None if timed_out => return Err(RecvTimeoutError::Timeout),
                None => {}
            }
            if !self.registration.arm(Armed::InCall, Waiter::this_thread()) {
                rest();
                timed_out |= deadline.has_passed();
                continue;
            }
            if let Some(result) = self.poll_state_or_wait() {
                drop(self.disarm());
                return Ok(result?);
            }
            while !timed_out && self.registration.is_armed() {
                timed_out = deadline.park();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::watch::channel;
    use std::time::Duration;

    #[test]
    fn each_wait_that_spins_in_vain_is_counted_and_a_clone_knows_of_it() {
        let (_tx, mut rx) = channel(0);
        // So long that it spins to the end, however busy the machine is.
        let timeout = Duration::from_millis(50);
        let before = rx.unpaused;
        assert!(rx.blocking_changed_timeout(timeout).is_err());
        assert!(rx.blocking_wait_for_timeout(timeout, |_| false).is_err());
        assert_eq!((rx.unpaused, rx.clone().unpaused), (before + 2, before + 2));
        rx.set_spin_limit(0);
        assert!(rx.blocking_changed_timeout(timeout).is_err());
        assert_eq!(rx.unpaused, before + 2);
    }
}
