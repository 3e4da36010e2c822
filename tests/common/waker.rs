//! A task that is polled by hand, and sees how often its waker was cloned, woken and dropped.

use std::{
    future::Future,
    mem::ManuallyDrop,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, RawWaker, RawWakerVTable, Waker},
};

/// What is done to a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    Clone,
    Wake,
    Drop,
}

/// How often. A wake that uses the waker up is no drop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) cloned: usize,
    pub(crate) woken: usize,
    pub(crate) dropped: usize,
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

pub(crate) struct Task {
    shared: Arc<Shared>,
    waker: Waker,
}

impl Task {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// A task whose waker calls `hook`, in the middle of whatever is done to it.
    pub(crate) fn with(hook: impl Fn(Event) + Send + Sync + 'static) -> Self {
        let shared = Arc::new(Shared { events: Default::default(), hook: Box::new(hook) });
        let data = Arc::into_raw(shared.clone()).cast();
        // SAFETY: the functions of the table own, lend and give back the `Arc` that `data` is, as a
        // waker must, from any thread.
        let waker = unsafe { Waker::new(data, &TABLE) };
        Self { shared, waker }
    }

    pub(crate) fn context(&self) -> Context<'_> {
        Context::from_waker(&self.waker)
    }

    pub(crate) fn poll<F: Future + Unpin>(&self, future: &mut F) -> Poll<F::Output> {
        Pin::new(future).poll(&mut self.context())
    }

    /// What was done to the waker since this was asked last.
    pub(crate) fn seen(&self) -> Seen {
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
