//! A thread that waits for several channels at once.

#![forbid(unsafe_code)]

#[cfg(all(feature = "watch", target_has_atomic = "64"))]
use crate::watch;
use crate::{
    Receiver,
    buffer::Reader,
    wait::{Deadline, SpinWait, Spun, UNKNOWN},
};
use sealed::Source;
use std::time::{Duration, Instant};

/// A handle that a thread can wait for together with others: a [`Receiver`], the [`Reader`] of a buffer, or a receiver of
/// [`watch`](crate#which-one), of any type. This trait is sealed.
///
/// # Examples
///
/// ```
/// use overwrite_channel::{Waitable, channel, wait_any};
///
/// let (mut senders, mut receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| channel()).unzip();
/// senders[1].send("ready").unwrap();
/// let mut all: Vec<_> = receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
/// assert_eq!(wait_any(&mut all), 1);
/// ```
pub trait Waitable: sealed::HasSource {}

impl<T> Waitable for Receiver<T> {}
impl<T> Waitable for Reader<T> {}
#[cfg(all(feature = "watch", target_has_atomic = "64"))]
impl<T> Waitable for watch::Receiver<T> {}

/// Blocks until one of the receivers has a value or is closed, and returns its index.
///
/// It receives nothing. Then call a method of that receiver that does not wait, and that returns the end, too:
/// [`try_recv`](Receiver::try_recv) of a `channel`, [`wait_timeout`](Reader::wait_timeout) of zero of a buffer, or
/// `blocking_changed_timeout` of zero of a `watch`. ([`update`](Reader::update) and `borrow_and_update` do not return the end: ask
/// `is_closed` before them, because a last value may come in between.)
///
/// A receiver whose senders are gone is always ready: leave it out from then on. A `watch` is ready until a call marks its value
/// as seen; its first value counts as seen. If several receivers are ready, the index is that of the first, so put the most
/// urgent one first. If another receiver takes the value first, the call finds nothing: wait again.
///
/// The receivers may be of different types and of any channels. For many receivers of one type, pass
/// `receivers.iter_mut().map(|rx| rx as &mut dyn Waitable).collect::<Vec<_>>()`.
///
/// While the call waits, every send to one of the channels wakes the thread, in addition to the one receiver that waits in a
/// call of its own. The call replaces a waker that [`poll_recv`](Receiver::poll_recv) left behind.
///
/// # Progress
///
/// **Waits**: it looks at all receivers for a moment, limited by the smallest
/// [`set_spin_limit`](Receiver::set_spin_limit) among them, and then parks the thread. It uses the thread's park token, as
/// [`recv`](Receiver::recv) does. It allocates nothing itself; the standard library
/// [may](crate::guides::guarantees#memory).
///
/// # Panics
///
/// If `receivers` is empty, or if a waker panics: one that a poll left behind and that is dropped here, or one that is woken on
/// behalf of a future that was forgotten.
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
///
/// A `buffer` beside a `channel`:
///
/// ```
/// use overwrite_channel::{buffer, channel, wait_any};
/// use std::time::Duration;
///
/// let (mut writer, mut frames) = buffer::channel([0; 1024]);
/// let (_stop, mut stopped) = channel::<()>();
/// std::thread::spawn(move || {
///     writer[0] = 1;
///     writer.publish()
/// });
///
/// let mut shown = 0;
/// while wait_any(&mut [&mut stopped, &mut frames]) == 1 {
///     // A timeout of zero does not wait. An error is the end, or a frame that another reader took.
///     match frames.wait_timeout(Duration::ZERO) {
///         Ok(frame) => shown += frame[0],
///         Err(error) if error.is_disconnected() => break,
///         Err(_) => {}
///     }
/// }
/// assert_eq!(shown, 1);
/// ```
#[must_use = "it says which receiver is ready, and receives nothing"]
#[track_caller]
pub fn wait_any(receivers: &mut [&mut dyn Waitable]) -> usize {
    wait(receivers, Deadline::Never).expect("without a deadline there is no timeout")
}

/// Blocks for at most `timeout` until one of the receivers is ready, as [`wait_any`] does. Returns `None` if none was ready in
/// time.
///
/// A `timeout` of zero does not wait. If the deadline is too far away to be expressed, the call waits without a deadline. The
/// time counts from the first look that finds none ready.
///
/// # Progress
///
/// **Waits**, as [`wait_any`].
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
#[track_caller]
pub fn wait_any_timeout(receivers: &mut [&mut dyn Waitable], timeout: Duration) -> Option<usize> {
    wait(receivers, Deadline::After(timeout))
}

/// Blocks until one of the receivers is ready or `deadline` has passed, as [`wait_any`] does. Returns `None` if none was ready
/// in time.
///
/// # Progress
///
/// **Waits**, as [`wait_any`].
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
#[track_caller]
pub fn wait_any_deadline(receivers: &mut [&mut dyn Waitable], deadline: Instant) -> Option<usize> {
    wait(receivers, Deadline::At(deadline))
}

/// Waits until a receiver is ready. Gives up only after a look that began past the deadline.
#[track_caller]
fn wait(receivers: &mut [&mut dyn Waitable], mut deadline: Deadline) -> Option<usize> {
    sources(receivers).for_each(Source::begin);
    if let Some(index) = first_ready(receivers) {
        return Some(index);
    }
    let limit = sources(receivers).map(|source| source.spin_limit()).min();
    let limit = limit.expect("`wait_any` of no receivers");
    // Yields come first, unless pauses have helped each of them.
    let unpaused = sources(receivers).map(|source| *source.unpaused()).max();
    let mut spins = SpinWait::new(limit, unpaused.unwrap_or(UNKNOWN));
    let spun = spins.run(&mut deadline, || first_ready(receivers));
    if let Some(unpaused) = spins.learned(matches!(spun, Spun::Found(_))) {
        sources(receivers).for_each(|source| *source.unpaused() = unpaused);
    }
    match spun {
        Spun::Found(index) => Some(index),
        Spun::Late => None,
        Spun::Park => park(receivers, &mut deadline),
    }
}

fn sources<'a>(
    receivers: &'a mut [&mut dyn Waitable],
) -> impl Iterator<Item = &'a mut (dyn Source + 'a)> {
    receivers.iter_mut().map(|receiver| receiver.source())
}

fn first_ready(receivers: &mut [&mut dyn Waitable]) -> Option<usize> {
    sources(receivers).position(|source| source.is_ready())
}

/// Parks until one of the receivers is ready, or the deadline has passed.
fn park(receivers: &mut [&mut dyn Waitable], deadline: &mut Deadline) -> Option<usize> {
    loop {
        let mut late = deadline.has_passed();
        if sources(receivers).all(Source::arm_thread) {
            while !late && sources(receivers).all(|source| source.is_armed()) {
                late = deadline.park();
            }
        }
        sources(receivers).for_each(Source::disarm_thread);
        let ready = first_ready(receivers);
        if ready.is_some() || late {
            return ready;
        }
    }
}

pub(crate) mod sealed {
    use crate::wait::Unpaused;

    pub trait HasSource {
        fn source(&mut self) -> &mut dyn Source;
    }

    /// A receiver that a thread waits for beside others, without the type of its values.
    pub trait Source {
        fn spin_limit(&self) -> u32;
        /// The knowledge from earlier waits about spinning.
        fn unpaused(&mut self) -> &mut Unpaused;
        /// Notifies in the place of a future of this receiver that was forgotten.
        fn begin(&mut self);
        fn is_ready(&self) -> bool;
        /// Announces that this thread waits. Returns `false` if the thread must look again: the receiver is ready, or
        /// notifiers were at work in every vacant node and the call has rested.
        fn arm_thread(&mut self) -> bool;
        fn is_armed(&self) -> bool;
        fn disarm_thread(&mut self);
    }
}

impl<T> sealed::HasSource for Receiver<T> {
    fn source(&mut self) -> &mut dyn Source {
        &mut self.taker
    }
}

impl<T> sealed::HasSource for Reader<T> {
    fn source(&mut self) -> &mut dyn Source {
        &mut self.taker
    }
}

#[cfg(all(feature = "watch", target_has_atomic = "64"))]
impl<T> sealed::HasSource for watch::Receiver<T> {
    fn source(&mut self) -> &mut dyn Source {
        self
    }
}
