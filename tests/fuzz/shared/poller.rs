//! Tasks that poll, with wakers that misbehave.

use super::Bytes;
#[cfg(feature = "stream")]
pub(crate) use futures::future::FusedFuture as WaitFuture;
#[cfg(not(feature = "stream"))]
pub(crate) use std::future::Future as WaitFuture;
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
    thread,
};
use support::{
    panics::{caught, strike},
    waker::{Event, Task},
};

/// What a waker does to the channel.
pub(crate) type Meddle = Box<dyn Fn() + Send + Sync>;

/// What was done to a waker since its task was last polled.
#[derive(Default)]
struct Noted {
    calls: AtomicUsize,
    clones: AtomicUsize,
    /// How often it panicked instead of waking.
    struck: AtomicUsize,
    /// It misbehaves no more.
    is_calm: AtomicBool,
}

/// A task, whose waker may misbehave.
pub(crate) struct Poller {
    task: Task,
    noted: Arc<Noted>,
}

impl Poller {
    /// One waker in four panics, the first time that one of its functions is called. Another one does something to the
    /// channel in the middle of the wake.
    pub(crate) fn new(
        bytes: &mut Bytes<'_>,
        meddle: impl FnOnce(&mut Bytes<'_>) -> Option<Meddle>,
    ) -> Self {
        let (strikes_at, meddle) = match bytes.below(4) {
            3 => (Some(bytes.pick(&[Event::Wake, Event::Clone, Event::Drop])), None),
            2 => (None, meddle(bytes)),
            _ => (None, None),
        };
        let noted: Arc<Noted> = Arc::default();
        let task = Task::with({
            let noted = Arc::clone(&noted);
            move |event| {
                let is_wake = event == Event::Wake;
                noted.calls.fetch_add(usize::from(is_wake), SeqCst);
                noted.clones.fetch_add(usize::from(event == Event::Clone), SeqCst);
                let strikes = strikes_at == Some(event) && !thread::panicking();
                if strikes && !noted.is_calm.swap(true, SeqCst) {
                    noted.struck.fetch_add(usize::from(is_wake), SeqCst);
                    strike();
                }
                match &meddle {
                    Some(meddle) if is_wake && !noted.is_calm.load(SeqCst) => meddle(),
                    _ => {}
                }
            }
        });
        Self { task, noted }
    }

    /// Calls `poll` with its waker. What came before is forgotten.
    pub(crate) fn call<R>(&self, poll: impl FnOnce(&mut Context<'_>) -> R) -> Option<R> {
        self.noted.calls.store(0, SeqCst);
        self.noted.struck.store(0, SeqCst);
        self.noted.clones.store(0, SeqCst);
        caught(|| poll(&mut self.task.context()))
    }

    /// Polls the future. Returns `None` if that panicked.
    pub(crate) fn poll<W: WaitFuture + Unpin>(&self, wait: &mut W) -> Option<Poll<W::Output>> {
        #[cfg(feature = "stream")]
        assert!(!wait.is_terminated(), "before its end");
        let poll = self.call(|cx| Pin::new(&mut *wait).poll(cx));
        #[cfg(feature = "stream")]
        assert_eq!(wait.is_terminated(), matches!(poll, Some(Poll::Ready(_))));
        poll
    }

    /// After a poll that did not yield or panic: checks that its waker was cloned once at most, and that the channel
    /// holds a clone exactly while it waits.
    pub(crate) fn check_clones(&self, waits: bool) {
        let made = self.noted.clones.load(SeqCst);
        assert!(made <= 1, "clones made: {made}");
        assert_eq!(self.task.clones(), usize::from(waits && self.calls() == 0), "clones held");
    }

    /// Checks that the channel holds no clone of its waker.
    pub(crate) fn check_released(&self) {
        assert_eq!(self.task.clones(), 0, "clones that are held");
    }

    /// Returns how often its waker was called since then.
    pub(crate) fn calls(&self) -> usize {
        self.noted.calls.load(SeqCst)
    }

    /// Returns `true` if it was called, and woke.
    pub(crate) fn was_woken(&self) -> bool {
        self.calls() > self.noted.struck.load(SeqCst)
    }
}

impl Drop for Poller {
    fn drop(&mut self) {
        self.noted.is_calm.store(true, SeqCst);
    }
}

/// After so many waits in a row that were ready, a handle yields.
const BUDGET: usize = 128;

/// How many waits of one handle were ready in a row: a range, because some have panicked.
#[derive(Default)]
pub(crate) struct InARow {
    at_least: usize,
    at_most: usize,
}

impl InARow {
    /// After a poll that is ready with `true` if it found what it waits for, and has looked at so many values. Returns
    /// `true` if the handle has yielded: then it has woken its own task.
    pub(crate) fn polled(
        &mut self,
        poll: Option<Poll<bool>>,
        looks: usize,
        poller: &Poller,
    ) -> bool {
        let waits = match poll {
            Some(Poll::Pending) => {
                let yields = poller.calls() > 0;
                assert!(!yields || self.at_most + looks >= BUDGET, "it yields too early");
                *self = Self::default();
                return yields;
            }
            Some(Poll::Ready(false)) => looks + 1,
            // What was found is the last of the values.
            _ => looks.max(1),
        };
        // A panic came after so many waits, or one less; or it has yielded, or waits.
        self.at_least = if poll.is_none() { 0 } else { self.at_least + waits };
        self.at_most += waits;
        assert!(self.at_least <= BUDGET, "it does not yield");
        false
    }
}
