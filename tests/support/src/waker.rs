//! A task that a test polls by hand, and that sees how often its waker was cloned, woken and dropped.

use crate::panics::strike;
use std::{
    array, fmt,
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

/// What is done to a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// It is cloned.
    Clone,
    /// It wakes.
    Wake,
    /// It is dropped without a wake.
    Drop,
}

/// How often each was done. A wake that consumes the waker is no drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Clones made.
    pub cloned: usize,
    /// Wakes, by value or by reference.
    pub woken: usize,
    /// Drops.
    pub dropped: usize,
}

impl Seen {
    /// Nothing was done to the waker.
    pub const NOTHING: Self = Self { cloned: 0, woken: 0, dropped: 0 };
    /// The waker was cloned, once.
    pub const CLONED: Self = Self { cloned: 1, ..Self::NOTHING };
    /// The waker was woken, once.
    pub const WOKEN: Self = Self { woken: 1, ..Self::NOTHING };
    /// The waker was dropped, once.
    pub const DROPPED: Self = Self { dropped: 1, ..Self::NOTHING };
}

struct Shared {
    events: [AtomicUsize; 3],
    hook: Box<dyn Fn(Event) + Send + Sync>,
}

impl Shared {
    fn on(&self, event: Event) {
        self.events[event as usize].fetch_add(1, SeqCst);
        (self.hook)(event);
    }
}

/// Makes so many tasks that count, and do no more.
pub fn tasks<const COUNT: usize>() -> [Task; COUNT] {
    array::from_fn(|_| Task::new())
}

/// Polls the future once, with a waker that does nothing.
pub fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// A task that counts what is done to its wakers.
pub struct Task {
    shared: Arc<Shared>,
    waker: Waker,
}

impl Default for Task {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("events", &self.shared.events).finish_non_exhaustive()
    }
}

impl Task {
    /// Makes a task that counts, and does no more.
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    /// Makes a task whose waker panics when `event` is done to it for the first time.
    pub fn panicking_in(event: Event) -> Self {
        Self::acting_in(event, strike)
    }

    /// Makes a task whose waker calls `act` in the middle of the first `event`.
    pub fn acting_in(event: Event, act: impl FnOnce() + Send + 'static) -> Self {
        let act = Mutex::new(Some(act));
        Self::with(move |done| {
            let act = act.lock().unwrap().take_if(|_| done == event);
            if let Some(act) = act {
                act();
            }
        })
    }

    /// Makes a task whose waker calls `hook` in the middle of each event.
    pub fn with(hook: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { events: Default::default(), hook: Box::new(hook) });
        let data = Arc::into_raw(shared.clone()).cast();
        // SAFETY: the functions of the table own, lend and give back the `Arc` that `data` is, as a
        // waker must, from any thread.
        let waker = unsafe { Waker::new(data, &TABLE) };
        Self { shared, waker }
    }

    /// Returns a context with the task's waker.
    pub fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    /// Polls the future once.
    pub fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        Pin::new(future).poll(&mut self.context())
    }

    /// Polls a new future once, checks that it waits, and returns it.
    #[track_caller]
    pub fn waits<F: Future + Unpin>(&self, mut future: F) -> F {
        assert!(self.poll(&mut future).is_pending(), "it does not wait");
        future
    }

    /// Returns how many clones of the waker there are now.
    pub fn clones(&self) -> usize {
        // The task and its waker hold the other two.
        Arc::strong_count(&self.shared) - 2
    }

    /// Returns what was done to the waker since the last call.
    pub fn seen(&self) -> Seen {
        let [cloned, woken, dropped] = [Event::Clone, Event::Wake, Event::Drop]
            .map(|event| self.shared.events[event as usize].swap(0, SeqCst));
        Seen { cloned, woken, dropped }
    }
}

static TABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_waker);

/// # Safety
/// `data` is that of a waker made by `Task::with`, which is lent.
unsafe fn lend(data: *const ()) -> ManuallyDrop<Arc<Shared>> {
    // SAFETY: it came from `Arc::into_raw`, and is not given back here.
    ManuallyDrop::new(unsafe { Arc::from_raw(data.cast()) })
}

unsafe fn clone(data: *const ()) -> RawWaker {
    // SAFETY: the waker that is cloned lends its data.
    let shared = unsafe { lend(data) };
    shared.on(Event::Clone);
    RawWaker::new(Arc::into_raw(Arc::clone(&shared)).cast(), &TABLE)
}

unsafe fn wake(data: *const ()) {
    // SAFETY: the waker is used up, so its `Arc` ends here, whatever the hook does.
    let shared = ManuallyDrop::into_inner(unsafe { lend(data) });
    shared.on(Event::Wake);
}

unsafe fn wake_by_ref(data: *const ()) {
    // SAFETY: the waker lends its data.
    unsafe { lend(data) }.on(Event::Wake);
}

unsafe fn drop_waker(data: *const ()) {
    // SAFETY: the waker ends, so its `Arc` ends here, whatever the hook does.
    let shared = ManuallyDrop::into_inner(unsafe { lend(data) });
    shared.on(Event::Drop);
}
