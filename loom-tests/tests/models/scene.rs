//! What the models share: a payload that loom can see, the bound of the search, and short names for the calls.

use loom::{
    alloc::Track,
    cell::UnsafeCell,
    future::block_on,
    model::Builder,
    sync::Arc,
    thread::{self, JoinHandle},
};
use overwrite_channel_loom::{Receiver, Sender, channel};
use std::{
    fmt,
    future::Future,
    sync::{Mutex, PoisonError},
    task::{Context, Poll, Waker},
    thread::panicking,
    time::Duration,
};
pub(crate) use support::waker::poll_once;

/// In a model a deadline passes when the receiver has waited for it, however far it is.
pub(crate) const SOME_TIME: Duration = Duration::from_secs(1000);

/// Explores every schedule with at most `preemptions` preemptions; `LOOM_MAX_PREEMPTIONS` overrides.
///
/// One model at a time: loom maps and unmaps a stack for each thread of each schedule, and two models at once would wait
/// for the process's memory map most of the time.
pub(crate) fn explore(preemptions: usize, body: impl Fn() + Sync + Send + 'static) {
    static EXPLORES: Mutex<()> = Mutex::new(());
    let _explores = EXPLORES.lock().unwrap_or_else(PoisonError::into_inner);
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(preemptions));
    builder.check(body);
}

/// Explores what `body` does with a channel.
pub(crate) fn model(
    preemptions: usize,
    body: impl Fn(Sender<Tracked>, Receiver<Tracked>) + Sync + Send + 'static,
) {
    explore(preemptions, move || {
        let (tx, rx) = channel();
        body(tx, rx);
    });
}

/// A thread, which is joined when this is dropped.
pub(crate) struct Thread<R>(Option<JoinHandle<R>>);

pub(crate) fn spawn<R: 'static>(body: impl FnOnce() -> R + 'static) -> Thread<R> {
    Thread(Some(thread::spawn(body)))
}

impl<R> Thread<R> {
    pub(crate) fn join(mut self) -> R {
        self.0.take().expect("it is joined once").join().unwrap()
    }
}

impl<R> Drop for Thread<R> {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take().filter(|_| !panicking()) {
            thread.join().unwrap();
        }
    }
}

/// Lets the other threads run first, which spares the search a preemption for each.
pub(crate) fn let_them_wait() {
    thread::yield_now();
}

/// A value whose every access and whose end loom checks: it reports a race, a leak and a double drop.
pub(crate) struct Tracked {
    number: UnsafeCell<u32>,
    _alive: Track<()>,
}

impl Tracked {
    pub(crate) fn new(number: u32) -> Self {
        Self { number: UnsafeCell::new(number), _alive: Track::new(()) }
    }

    /// Reads the value as its owner: an exclusive access.
    pub(crate) fn number(&self) -> u32 {
        self.number.with_mut(|number| {
            // SAFETY: the owner of the value has it alone; if not, loom reports the race.
            unsafe { *number }
        })
    }

    /// Changes the value as its owner.
    pub(crate) fn set(&mut self, number: u32) {
        self.number.with_mut(|place| {
            // SAFETY: the owner of the value has it alone; if not, loom reports the race.
            unsafe { *place = number };
        });
    }

    /// Reads the value as one of several threads: only writes are races.
    pub(crate) fn seen(&self) -> u32 {
        self.number.with(|number| {
            // SAFETY: no thread writes to a value that others can see; if one did, loom would report the race.
            unsafe { *number }
        })
    }
}

impl Clone for Tracked {
    /// Makes another value of the same number.
    fn clone(&self) -> Self {
        Self::new(self.seen())
    }
}

impl fmt::Debug for Tracked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// Sends the value of that number, and returns the number of the value that it displaced.
pub(crate) fn send(tx: &mut Sender<Tracked>, number: u32) -> Option<u32> {
    displaced(tx.send(Tracked::new(number)))
}

/// Sends into an empty slot.
pub(crate) fn put(tx: &mut Sender<Tracked>, number: u32) {
    assert_eq!(send(tx, number), None);
}

/// The same, in a thread that hands the sender back.
pub(crate) fn putting(mut tx: Sender<Tracked>, number: u32) -> Thread<Sender<Tracked>> {
    spawn(move || {
        put(&mut tx, number);
        tx
    })
}

/// The same as [`send`], by `send_newest_by_key`.
pub(crate) fn send_newest(tx: &mut Sender<Tracked>, number: u32) -> Option<u32> {
    displaced(tx.send_newest_by_key(Tracked::new(number), Tracked::number))
}

/// Returns the number of the value that a send displaced.
pub(crate) fn displaced<E: fmt::Debug>(sent: Result<Option<Tracked>, E>) -> Option<u32> {
    sent.expect("a receiver is left").map(|value| value.number())
}

/// Returns the number of the value that was received.
pub(crate) fn number<E>(received: Result<Tracked, E>) -> Option<u32> {
    received.ok().map(|value| value.number())
}

/// A way to receive, without or with a wait. Returns the number of the value.
pub(crate) type Receive = fn(&mut Receiver<Tracked>) -> Option<u32>;

pub(crate) fn take(rx: &mut Receiver<Tracked>) -> Option<u32> {
    number(rx.try_recv())
}

pub(crate) fn block(rx: &mut Receiver<Tracked>) -> Option<u32> {
    number(rx.recv())
}

pub(crate) fn block_for_some_time(rx: &mut Receiver<Tracked>) -> Option<u32> {
    number(rx.recv_timeout(SOME_TIME))
}

pub(crate) fn wait_as_task(rx: &mut Receiver<Tracked>) -> Option<u32> {
    number(block_on(rx.recv_async()))
}

/// Receives once, in a thread that then drops the receiver.
pub(crate) fn receiving(mut rx: Receiver<Tracked>, receive: Receive) -> Thread<Option<u32>> {
    spawn(move || receive(&mut rx))
}

/// Polls a new future once, with a waker that does nothing. It waits.
pub(crate) fn waiting<F: Future + Unpin>(mut future: F) -> F {
    assert!(poll_once(&mut future).is_pending());
    future
}

/// Leaves a waker behind that does nothing, if there is no value yet.
pub(crate) fn leave_a_waker(rx: &mut Receiver<Tracked>) -> Poll<Option<u32>> {
    rx.poll_recv(&mut Context::from_waker(Waker::noop())).map(number)
}

/// Returns the number of the value that a poll received, if it did.
pub(crate) fn taken(polled: Poll<Option<u32>>) -> Option<u32> {
    if let Poll::Ready(seen) = polled { seen } else { None }
}

/// Polls once with a waker that does nothing, and then waits with another one.
pub(crate) fn wait_after_a_poll<F: Future + Unpin>(mut future: F) -> F::Output {
    match poll_once(&mut future) {
        Poll::Ready(output) => output,
        Poll::Pending => block_on(future),
    }
}

/// Two threads drop a handle each ∥ `wait`, which waits for both ends: what the threads did has happened before. Then
/// `check` holds.
pub(crate) fn ends_happen_before<H: 'static>(
    handles: [H; 2],
    wait: impl FnOnce(),
    check: impl FnOnce(),
) {
    let done = Arc::new(UnsafeCell::new(0));
    let _threads = handles.map(|handle| {
        let done = done.clone();
        spawn(move || {
            // Each of the two reads, and this thread writes when both are gone.
            done.with(|_| ());
            drop(handle);
        })
    });
    wait();
    done.with_mut(|_| ());
    check();
}

/// Sends once more if a value was taken: the receiver that waits has one.
pub(crate) fn assert_served(
    tx: &mut Sender<Tracked>,
    taken: Option<u32>,
    waits: Thread<Option<u32>>,
) {
    if taken.is_some() {
        put(tx, 2);
    }
    assert!(waits.join().is_some());
}

/// Checks that the values are those of `expected`, each exactly once and in any order.
#[track_caller]
pub(crate) fn assert_each_once(values: impl IntoIterator<Item = Option<u32>>, expected: &[u32]) {
    let mut values: Vec<_> = values.into_iter().flatten().collect();
    values.sort_unstable();
    assert_eq!(values, expected);
}
