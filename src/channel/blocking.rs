//! Receiving that waits: spin for a moment, then park the thread.

#![forbid(unsafe_code)]

use super::Receiver;
use crate::{RecvError, RecvTimeoutError, wait::Deadline};
use core::convert::identity;
use std::time::{Duration, Instant};

impl<T> Receiver<T> {
    /// Takes the value, blocking until there is one.
    ///
    /// In a task, use [`recv_async`](Self::recv_async): this call would block the runtime's thread.
    ///
    /// # Progress
    ///
    /// **Waits**: it looks at the slot for a moment ([`set_spin_limit`](Self::set_spin_limit)), and then parks the thread. It
    /// uses the thread's [`park`](std::thread::park) token. So a later `park` of the caller may return at once, as its
    /// documentation allows, and the call may consume an `unpark` that was meant for the caller.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// If a waker panics: one that a poll left behind, when it is dropped, or one that is woken on behalf of another receiver.
    /// Then the value that this call has taken is dropped.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// std::thread::spawn(move || tx.send("ready"));
    /// assert_eq!(rx.recv(), Ok("ready"));
    /// assert!(rx.recv().is_err());
    /// ```
    pub fn recv(&mut self) -> Result<T, RecvError> {
        // Without a deadline there is no timeout.
        self.taker.wait(&mut Deadline::Never, |_| RecvError)
    }

    /// Takes the value, blocking for at most `timeout` until there is one.
    ///
    /// A `timeout` of zero does not wait. If the deadline is too far away to be expressed, the call waits without a deadline. The
    /// time counts from the first look that finds no value. If a value is there, the call reads no clock.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::RecvTimeoutError;
    /// use std::time::Duration;
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// let short = Duration::from_millis(1);
    /// assert_eq!(rx.recv_timeout(short), Err(RecvTimeoutError::Timeout));
    /// tx.send(5).unwrap();
    /// assert_eq!(rx.recv_timeout(Duration::MAX), Ok(5));
    /// ```
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<T, RecvTimeoutError> {
        self.taker.wait(&mut Deadline::After(timeout), identity)
    }

    /// Takes the value, blocking until there is one or `deadline` has passed.
    ///
    /// A `deadline` that has passed does not wait.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// As [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send(5).unwrap();
    /// let deadline = Instant::now() + Duration::from_secs(1);
    /// assert_eq!(rx.recv_deadline(deadline), Ok(5));
    /// ```
    pub fn recv_deadline(&mut self, deadline: Instant) -> Result<T, RecvTimeoutError> {
        self.taker.wait(&mut Deadline::At(deadline), identity)
    }

    /// Blocks until a value is `wanted`, and takes it. Takes and drops the values before it.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// If `wanted`, its drop, or the drop of an unwanted value panics. The value that the call was looking at is lost, and the
    /// channel goes on working. Otherwise as [`recv`](Self::recv).
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// std::thread::spawn(move || {
    ///     for attempt in 1..=3 {
    ///         tx.send(attempt).unwrap();
    ///     }
    /// });
    /// assert_eq!(rx.recv_matching(|attempt| *attempt == 3), Ok(3));
    /// ```
    pub fn recv_matching(&mut self, wanted: impl FnMut(&T) -> bool) -> Result<T, RecvError> {
        // Without a deadline there is no timeout.
        self.wait_matching(Deadline::Never, wanted).map_err(|_| RecvError)
    }

    /// Blocks for at most `timeout` until a value is `wanted`, and takes it. Takes and drops the values before it.
    ///
    /// Unwanted values do not extend the time. A `timeout` of zero looks at the values that are there. If the deadline is too far
    /// away to be expressed, the call waits without a deadline. The time counts from the first look that finds no wanted value.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no wanted value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// As [`recv_matching`](Self::recv_matching).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::RecvTimeoutError;
    /// use std::time::Duration;
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send("stale").unwrap();
    /// let current = rx.recv_matching_timeout(Duration::from_millis(1), |v| *v == "current");
    /// assert_eq!(current, Err(RecvTimeoutError::Timeout));
    /// ```
    pub fn recv_matching_timeout(
        &mut self,
        timeout: Duration,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<T, RecvTimeoutError> {
        self.wait_matching(Deadline::After(timeout), wanted)
    }

    /// Blocks until a value is `wanted` or `deadline` has passed, and takes that value. Takes and drops the values before it.
    ///
    /// Unwanted values do not extend the time.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`recv`](Self::recv).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no wanted value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every sender is gone and the slot is empty.
    ///
    /// # Panics
    ///
    /// As [`recv_matching`](Self::recv_matching).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut tx, mut rx) = overwrite_channel::channel();
    /// tx.send(5).unwrap();
    /// let deadline = Instant::now() + Duration::from_secs(1);
    /// assert_eq!(rx.recv_matching_deadline(deadline, |v| v % 5 == 0), Ok(5));
    /// ```
    pub fn recv_matching_deadline(
        &mut self,
        deadline: Instant,
        wanted: impl FnMut(&T) -> bool,
    ) -> Result<T, RecvTimeoutError> {
        self.wait_matching(Deadline::At(deadline), wanted)
    }

    /// Sets how many times a blocking call that finds nothing looks again before it parks the thread.
    ///
    /// A value that comes while the call spins costs its sender nothing more, and the receiver has it at once. Parking and waking
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
    /// let (_tx, mut rx) = overwrite_channel::channel::<u8>();
    /// rx.set_spin_limit(0);
    /// ```
    pub fn set_spin_limit(&mut self, looks: u32) {
        self.taker.spin_limit = looks;
    }

    fn wait_matching(
        &mut self,
        mut deadline: Deadline,
        mut wanted: impl FnMut(&T) -> bool,
    ) -> Result<T, RecvTimeoutError> {
        let mut late = false;
        let result = loop {
            match self.taker.wait(&mut deadline, identity) {
                Ok(value) if !wanted(&value) => {}
                result => break result,
            }
            // Unwanted values do not extend the deadline.
            if late {
                break Err(RecvTimeoutError::Timeout);
            }
            late = deadline.has_passed();
        };
        drop(wanted); // not as this returns: that would leak what it returns (https://github.com/rust-lang/rust/issues/47949)
        result
    }
}

#[cfg(test)]
mod tests {
    use crate::{channel, wait_any_timeout};
    use std::time::Duration;

    #[test]
    fn each_wait_that_spins_in_vain_is_counted_and_a_clone_knows_of_it() {
        let (_tx, mut rx) = channel::<u8>();
        let (_other_tx, mut other) = channel::<u8>();
        // So long that it spins to the end, however busy the machine is.
        let timeout = Duration::from_millis(50);
        let before = rx.taker.unpaused;
        assert!(rx.recv_timeout(timeout).is_err());
        assert_eq!((rx.taker.unpaused, other.taker.unpaused), (before + 1, before));
        assert_eq!(wait_any_timeout(&mut [&mut rx, &mut other], timeout), None);
        assert_eq!((rx.taker.unpaused, other.taker.unpaused), (before + 2, before + 2));
        assert_eq!(rx.clone().taker.unpaused, before + 2);
        // It parks at once, and has learned nothing.
        rx.set_spin_limit(0);
        assert!(rx.recv_timeout(timeout).is_err());
        assert_eq!(rx.taker.unpaused, before + 2);
    }
}
