//! A thread that waits for several channels at once.

#![forbid(unsafe_code)]

use super::receiver::{Receiver, WaitGuard};
use crate::{
    sync::rest,
    wait::{Armed, Deadline, SpinWait, UNKNOWN, Unpaused, Waiter},
};
use std::time::{Duration, Instant};

/// What a thread can wait for together with others: a [`Receiver`] of any type. Sealed; the receivers of
/// `watch` are not among them.
pub trait Waitable: sealed::Waitable {}

impl<T> Waitable for Receiver<T> {}

/// Waits until one of the receivers has a value, or is disconnected, and returns its index.
///
/// The receivers may be of different types and of any channels. If several are ready, it is the first
/// of them: put the most urgent one first. What is ready is then received by
/// [`try_recv`](Receiver::try_recv) or any other call on that receiver. If other receivers compete for
/// the value, one may be faster, and `try_recv` finds nothing: wait again. A receiver whose senders are
/// gone is ready for ever: leave it out from then on.
///
/// **Waits**: it looks at all of them for a moment, for as long as the smallest
/// [`set_spin_limit`](Receiver::set_spin_limit) among them says, then parks the thread. Nothing is
/// allocated. While it waits, every send to one of the channels wakes it, in addition to the one
/// receiver that waits in a call of its own. It uses the thread's park token as
/// [`recv`](Receiver::recv) does, and takes the place of a waker that a
/// [`poll_recv`](Receiver::poll_recv) left behind.
///
/// Many receivers of one type are given as
/// `receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect::<Vec<_>>()`.
///
/// # Panics
///
/// If `receivers` is empty; or if a waker panics, one that a poll left behind and that is dropped here, or one
/// that is woken on behalf of a future that was forgotten.
///
/// # Examples
///
/// ```
/// use overwrite_channel::{channel, wait_any};
///
/// let (mut stop, mut stopped) = channel::<()>();
/// let (mut tx, mut rx) = channel();
/// std::thread::spawn(move || {
///     tx.send(72.5).unwrap();
///     stop.send(()).unwrap();
/// });
///
/// let mut newest = None;
/// loop {
///     match wait_any(&mut [&mut rx, &mut stopped]) {
///         0 => match rx.try_recv() {
///             Ok(value) => newest = Some(value),
///             Err(_) => break,
///         },
///         _ => break,
///     }
/// }
/// assert_eq!(newest, Some(72.5));
/// ```
#[must_use = "it says which receiver is ready, and receives nothing"]
pub fn wait_any(receivers: &mut [&mut dyn Waitable]) -> usize {
    wait(receivers, Deadline::Never).expect("without a deadline there is no timeout")
}

/// Waits as [`wait_any`] does, for at most `timeout`; `None` if none was ready in time.
///
/// A `timeout` of zero does not wait. One so large that the deadline cannot be expressed waits without
/// a deadline. The time counts from the first look that finds none ready.
///
/// # Panics
///
/// As [`wait_any`].
///
/// # Examples
///
/// ```
/// use overwrite_channel::{channel, wait_any_timeout};
/// use std::time::Duration;
///
/// let (_tx, mut rx) = channel::<u8>();
/// let (_other, mut empty) = channel::<&str>();
/// let timeout = Duration::from_millis(1);
/// assert_eq!(wait_any_timeout(&mut [&mut rx, &mut empty], timeout), None);
/// ```
#[must_use = "it says which receiver is ready, and receives nothing"]
pub fn wait_any_timeout(receivers: &mut [&mut dyn Waitable], timeout: Duration) -> Option<usize> {
    wait(receivers, Deadline::After(timeout))
}

/// Waits as [`wait_any`] does, until `deadline`; `None` if none was ready in time.
///
/// # Panics
///
/// As [`wait_any`].
///
/// # Examples
///
/// ```
/// use overwrite_channel::{channel, wait_any_deadline};
/// use std::time::{Duration, Instant};
///
/// let (mut tx, mut rx) = channel();
/// tx.send(1).unwrap();
/// let deadline = Instant::now() + Duration::from_secs(1);
/// assert_eq!(wait_any_deadline(&mut [&mut rx], deadline), Some(0));
/// ```
#[must_use = "it says which receiver is ready, and receives nothing"]
pub fn wait_any_deadline(receivers: &mut [&mut dyn Waitable], deadline: Instant) -> Option<usize> {
    wait(receivers, Deadline::At(deadline))
}

/// Gives up only after a look that began past the deadline.
fn wait(receivers: &mut [&mut dyn Waitable], mut deadline: Deadline) -> Option<usize> {
    let limit = receivers.iter().map(|receiver| receiver.spin_limit()).min();
    let limit = limit.expect("`wait_any` of no receivers would wait for ever");
    // Yields come first, unless pauses have helped each of them.
    let unpaused = receivers.iter_mut().map(|receiver| *receiver.unpaused()).max();
    for receiver in receivers.iter_mut() {
        receiver.begin();
    }
    if let Some(index) = first_ready(receivers) {
        return Some(index);
    }
    let mut spins = SpinWait::new(limit, unpaused.unwrap_or(UNKNOWN));
    loop {
        let mut late = deadline.has_passed();
        if !late && !spins.spin() {
            learn(receivers, spins.learned(false));
            late = park(receivers, &mut deadline);
        }
        let ready = first_ready(receivers);
        if ready.is_some() {
            learn(receivers, spins.learned(true));
        }
        if ready.is_some() || late {
            return ready;
        }
    }
}

fn first_ready(receivers: &[&mut dyn Waitable]) -> Option<usize> {
    receivers.iter().position(|receiver| receiver.is_ready())
}

fn learn(receivers: &mut [&mut dyn Waitable], unpaused: Option<Unpaused>) {
    let Some(unpaused) = unpaused else { return };
    for receiver in receivers {
        *receiver.unpaused() = unpaused;
    }
}

/// Parks until one of the receivers may be ready, or `deadline`; says whether the deadline passed.
fn park(receivers: &mut [&mut dyn Waitable], deadline: &mut Deadline) -> bool {
    let mut late = false;
    if receivers.iter_mut().all(|receiver| receiver.arm()) {
        while !late && receivers.iter().all(|receiver| receiver.is_armed()) {
            late = deadline.park();
        }
    }
    for receiver in receivers {
        receiver.disarm();
    }
    late
}

mod sealed {
    use crate::wait::Unpaused;

    pub trait Waitable {
        fn spin_limit(&self) -> u32;
        /// The knowledge from earlier waits about spinning.
        fn unpaused(&mut self) -> &mut Unpaused;
        /// If a future of this receiver was forgotten, makes up for it.
        fn begin(&mut self);
        fn is_ready(&self) -> bool;
        /// Says that this thread waits. False if it may not park, because there is something already.
        fn arm(&mut self) -> bool;
        fn is_armed(&self) -> bool;
        fn disarm(&mut self);
    }
}

/// The thread is detached in every node, as a waker that a poll leaves behind: a thread that is woken by one
/// channel and then returns for another owes nothing to the first.
impl<T> sealed::Waitable for Receiver<T> {
    fn spin_limit(&self) -> u32 {
        self.spin_limit
    }

    fn unpaused(&mut self) -> &mut Unpaused {
        &mut self.unpaused
    }

    fn begin(&mut self) {
        WaitGuard::end(self);
    }

    fn is_ready(&self) -> bool {
        !self.is_empty() || self.is_closed()
    }

    fn arm(&mut self) -> bool {
        drop(self.disarm()); // a waker that a poll left behind
        if !self.registration.arm(Armed::Detached, Waiter::this_thread()) {
            rest();
            return false;
        }
        self.registration.access().announce_if_empty() && self.handle().counts.confirm_open()
    }

    fn is_armed(&self) -> bool {
        self.registration.is_armed()
    }

    fn disarm(&mut self) {
        drop(Receiver::disarm(self));
    }
}
