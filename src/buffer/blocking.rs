//! Waiting for a newer value as a thread.

#![forbid(unsafe_code)]

use super::Reader;
use crate::{RecvError, RecvTimeoutError, wait::Deadline};
use core::convert::identity;
use std::time::{Duration, Instant};

impl<T> Reader<T> {
    /// Takes the newest value that no reader has taken yet, blocking until there is one.
    ///
    /// In a task, use [`updated`](Self::updated): this call would block the runtime's thread.
    ///
    /// # Progress
    ///
    /// **Waits**: it looks at the slot for a moment ([`set_spin_limit`](Self::set_spin_limit)), and then parks the thread. It
    /// uses the thread's [`park`](std::thread::park) token, as [`Receiver::recv`](crate::Receiver::recv) does.
    ///
    /// # Errors
    ///
    /// [`RecvError`] if every writer is gone and the last value was taken. The reader keeps the value that it has.
    ///
    /// # Panics
    ///
    /// If a waker panics: one that a poll left behind, when it is dropped, or one that is woken on behalf of another reader.
    /// A value that the call has taken is the reader's then.
    ///
    /// # Examples
    ///
    /// ```
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// std::thread::spawn(move || writer.write(1));
    /// assert_eq!(reader.wait(), Ok(&mut 1));
    /// assert!(reader.wait().is_err());
    /// assert_eq!(*reader, 1);
    /// ```
    pub fn wait(&mut self) -> Result<&mut T, RecvError> {
        // Without a deadline there is no timeout.
        self.taker.wait(&mut Deadline::Never, |_| RecvError)?;
        Ok(self)
    }

    /// Takes the newest value that no reader has taken yet, blocking for at most `timeout` until there is one.
    ///
    /// A `timeout` of zero does not wait. If the deadline is too far away to be expressed, the call waits without a deadline. The
    /// time counts from the first look that finds no value. If a value is there, the call reads no clock.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`wait`](Self::wait).
    ///
    /// # Errors
    ///
    /// * [`RecvTimeoutError::Timeout`] if no value came in time.
    /// * [`RecvTimeoutError::Disconnected`] if every writer is gone and the last value was taken.
    ///
    /// The reader keeps the value that it has.
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use overwrite_channel::RecvTimeoutError;
    /// use std::time::Duration;
    ///
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// let short = Duration::from_millis(1);
    /// assert_eq!(reader.wait_timeout(short), Err(RecvTimeoutError::Timeout));
    /// writer.write(5).unwrap();
    /// assert_eq!(reader.wait_timeout(Duration::MAX), Ok(&mut 5));
    /// ```
    pub fn wait_timeout(&mut self, timeout: Duration) -> Result<&mut T, RecvTimeoutError> {
        self.taker.wait(&mut Deadline::After(timeout), identity)?;
        Ok(self)
    }

    /// Takes the newest value that no reader has taken yet, blocking until there is one or `deadline` has passed.
    ///
    /// A `deadline` that has passed does not wait.
    ///
    /// # Progress
    ///
    /// **Waits**, as [`wait`](Self::wait).
    ///
    /// # Errors
    ///
    /// As [`wait_timeout`](Self::wait_timeout).
    ///
    /// # Panics
    ///
    /// As [`wait`](Self::wait).
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::{Duration, Instant};
    ///
    /// let (mut writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// writer.write(5).unwrap();
    /// let deadline = Instant::now() + Duration::from_secs(1);
    /// assert_eq!(reader.wait_deadline(deadline), Ok(&mut 5));
    /// ```
    pub fn wait_deadline(&mut self, deadline: Instant) -> Result<&mut T, RecvTimeoutError> {
        self.taker.wait(&mut Deadline::At(deadline), identity)?;
        Ok(self)
    }

    /// Sets how many times a blocking call that finds nothing looks again before it parks the thread, as
    /// [`Receiver::set_spin_limit`](crate::Receiver::set_spin_limit) does.
    ///
    /// # Progress
    ///
    /// **Wait-free.**
    ///
    /// # Examples
    ///
    /// ```
    /// let (_writer, mut reader) = overwrite_channel::buffer::channel(0);
    /// reader.set_spin_limit(0);
    /// ```
    pub fn set_spin_limit(&mut self, looks: u32) {
        self.taker.spin_limit = looks;
    }
}
