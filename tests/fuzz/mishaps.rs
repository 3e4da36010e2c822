//! What the interpreters share: where choices come from, values that are accounted for, wakers that
//! misbehave, and panics that are meant.

use crate::waker::{Event, Task};
use arbitrary::Unstructured;
use overwrite_channel::ClosedFuture;
use std::{
    any::Any,
    array,
    cmp::Ordering,
    collections::BTreeSet,
    future::Future,
    mem,
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    pin::Pin,
    ptr::NonNull,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    thread,
    time::Duration,
};

struct Injected;

/// Panics, unless this thread does already. No hook is called: nothing is printed.
pub(crate) fn strike() {
    if !thread::panicking() {
        resume_unwind(Box::new(Injected));
    }
}

/// `None` if it ended by a panic that was meant; any other goes on.
pub(crate) fn caught<R>(body: impl FnOnce() -> R) -> Option<R> {
    let meant = |panic: Box<dyn Any + Send>| match panic.downcast::<Injected>() {
        Ok(_) => None,
        Err(panic) => resume_unwind(panic),
    };
    catch_unwind(AssertUnwindSafe(body)).map_or_else(meant, Some)
}

/// Choices, drawn from bytes; when there are no more, always the first.
pub(crate) struct Bytes<'a>(Unstructured<'a>);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(Unstructured::new(bytes))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0.int_in_range(0..=end - 1).unwrap_or(0)
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    /// How many handles or futures come at once: seldom more than two words of 64 bits have room for, and very
    /// seldom more than a thousand.
    pub(crate) fn crowd(&mut self) -> usize {
        match self.below(64) {
            0..32 => 6,
            32..52 => 65,
            52..63 => 130,
            _ => 1200,
        }
    }

    pub(crate) fn pattern(&mut self) -> Pattern {
        let pattern: [u8; PATTERN] = array::from_fn(|_| self.0.arbitrary().unwrap_or(0));
        Pattern(array::from_fn(|at| pattern[at % PATTERN]))
    }

    /// How long a call that blocks may wait, in vain: so long that it parks, or not at all.
    pub(crate) fn patience(&mut self) -> Duration {
        Duration::from_micros(if self.one_in(4) { 50 } else { 0 })
    }
}

const PATTERN: usize = 7;

/// A few bytes, twice, for a whole crowd: each member draws the same ones, from another place on.
pub(crate) struct Pattern([u8; 2 * PATTERN]);

impl Pattern {
    pub(crate) fn of(&self, member: usize) -> Bytes<'_> {
        Bytes::new(&self.0[member % PATTERN..][..PATTERN])
    }
}

/// Which values are alive. Each is dropped once.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Arc<Mutex<Alive>>);

#[derive(Default)]
struct Alive {
    issued: usize,
    values: BTreeSet<usize>,
    clones: usize,
}

impl Ledger {
    pub(crate) fn issue(&self, rank: usize, bomb: bool) -> Value {
        self.with(|alive| {
            alive.issued += 1;
            alive.values.insert(alive.issued);
            Value { id: Some(alive.issued), rank, bomb, ledger: self.clone() }
        })
    }

    pub(crate) fn is_alive(&self, id: usize) -> bool {
        self.with(|alive| alive.values.contains(&id))
    }

    /// In the order in which they were issued.
    pub(crate) fn alive(&self) -> Vec<usize> {
        self.with(|alive| alive.values.iter().copied().collect())
    }

    pub(crate) fn close(&self) {
        self.with(|alive| {
            assert!(alive.values.is_empty(), "never dropped: {:?}", alive.values);
            assert_eq!(alive.clones, 0, "clones that were never dropped");
        });
    }

    fn with<R>(&self, body: impl FnOnce(&mut Alive) -> R) -> R {
        body(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Compared by its rank. A clone has no id: it must never come out of a channel.
pub(crate) struct Value {
    id: Option<usize>,
    pub(crate) rank: usize,
    /// Its drop panics, unless somebody has it in hand.
    bomb: bool,
    ledger: Ledger,
}

impl Value {
    pub(crate) fn id(&self) -> usize {
        self.id.expect("a clone came out of the channel")
    }

    /// Somebody has it in hand, and it ends there.
    pub(crate) fn taken(mut self) -> usize {
        self.bomb = false;
        self.id()
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.ledger.with(|alive| alive.clones += 1);
        Self { id: None, rank: self.rank, bomb: false, ledger: self.ledger.clone() }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.ledger.with(|alive| match self.id {
            Some(id) => assert!(alive.values.remove(&id), "value {id} was dropped twice"),
            None => alive.clones -= 1,
        });
        if self.bomb {
            strike();
        }
    }
}

impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.rank.cmp(&other.rank)
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.rank == other.rank
    }
}

impl Eq for Value {}

/// After so many waits in a row that were ready, a handle yields.
const BUDGET: usize = 128;

/// How many waits of one handle were ready in a row: as far as is known, because some have panicked.
#[derive(Default)]
pub(crate) struct InARow {
    at_least: usize,
    at_most: usize,
}

impl InARow {
    pub(crate) fn ready(&mut self, waits: usize) {
        self.at_least += waits;
        self.at_most += waits;
        assert!(self.at_least <= BUDGET, "it does not yield");
    }

    /// After so many waits, or one less; or it has yielded, or waits.
    pub(crate) fn panicked(&mut self, waits: usize) {
        self.at_least = 0;
        self.at_most += waits;
    }

    /// After a poll of `closed`; `None` if it panicked. Says whether it has yielded.
    pub(crate) fn closed(
        &mut self,
        poll: Option<Poll<()>>,
        is_closed: bool,
        sleeper: &Sleeper,
    ) -> bool {
        let yields = poll == Some(Poll::Pending) && is_closed && sleeper.was_called();
        match poll {
            None => self.panicked(1),
            Some(Poll::Ready(())) => self.ready(1),
            Some(Poll::Pending) => self.pending(0, yields),
        }
        assert!(poll.is_none_or(|poll| poll.is_ready() == (is_closed && !yields)));
        yields
    }

    /// After so many waits. It has yielded if it has woken its own task.
    pub(crate) fn pending(&mut self, waits: usize, has_woken: bool) {
        assert!(!has_woken || self.at_most + waits >= BUDGET, "it yields too early");
        *self = Self::default();
    }
}

/// A handle that stays where it is, so that a future may borrow it.
pub(crate) struct Lender<H>(NonNull<H>);

impl<H> Lender<H> {
    pub(crate) fn new(handle: H) -> Self {
        Self(NonNull::from(Box::leak(Box::new(handle))))
    }

    /// # Safety
    /// What was lent before is gone, and this will be before the lender is.
    pub(crate) unsafe fn lend<'a>(&self) -> &'a mut H {
        // SAFETY: it comes from a box, and nobody else uses it, as the caller says.
        unsafe { &mut *self.0.as_ptr() }
    }

    /// # Safety
    /// What is lent so is gone before the lender is, and nothing is lent otherwise.
    pub(crate) unsafe fn share<'a>(&self) -> &'a H {
        // SAFETY: it comes from a box, and nobody writes to it, as the caller says.
        unsafe { &*self.0.as_ptr() }
    }
}

impl<H> Drop for Lender<H> {
    fn drop(&mut self) {
        // SAFETY: nothing that was lent is left.
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// A task, what its waker does, and whether it was woken since it was polled last.
pub(crate) struct Sleeper {
    task: Task,
    /// How often its waker has panicked when it was to wake.
    struck: Arc<AtomicUsize>,
    /// Misbehaves no more.
    is_calm: Arc<AtomicBool>,
    wakes: AtomicUsize,
}

impl Sleeper {
    /// One in four has a waker that panics, the first time that one of its functions is called; another
    /// one's does something to the channel in the middle of the wake.
    pub(crate) fn new(
        bytes: &mut Bytes<'_>,
        meddle: impl FnOnce(&mut Bytes<'_>) -> Box<dyn Fn() + Send + Sync>,
    ) -> Self {
        let (struck, is_calm): (Arc<AtomicUsize>, Arc<AtomicBool>) = Default::default();
        let task = match bytes.below(4) {
            3 => {
                let at = [Event::Wake, Event::Clone, Event::Drop][bytes.below(3)];
                let (struck, is_calm) = (Arc::clone(&struck), Arc::clone(&is_calm));
                Task::with(move |event| {
                    if event == at && !thread::panicking() && !is_calm.swap(true, SeqCst) {
                        struck.fetch_add(usize::from(event == Event::Wake), SeqCst);
                        strike();
                    }
                })
            }
            2 => {
                let (meddle, is_calm) = (meddle(bytes), Arc::clone(&is_calm));
                Task::with(move |event| {
                    if event == Event::Wake && !is_calm.load(SeqCst) {
                        meddle();
                    }
                })
            }
            _ => Task::new(),
        };
        Self { task, struck, is_calm, wakes: AtomicUsize::new(0) }
    }

    /// Polls with its waker; what came before is forgotten.
    pub(crate) fn poll<R>(&self, poll: impl FnOnce(&mut std::task::Context<'_>) -> R) -> R {
        self.task.seen();
        self.wakes.store(0, SeqCst);
        self.struck.store(0, SeqCst);
        poll(&mut self.task.context())
    }

    /// Was its waker called since then?
    pub(crate) fn was_called(&self) -> bool {
        self.wakes.fetch_add(self.task.seen().woken, SeqCst);
        self.wakes.load(SeqCst) > 0
    }

    /// Was it, and did it wake?
    pub(crate) fn was_woken(&self) -> bool {
        self.was_called() && self.wakes.load(SeqCst) > self.struck.load(SeqCst)
    }
}

impl Drop for Sleeper {
    fn drop(&mut self) {
        self.is_calm.store(true, SeqCst);
    }
}

/// Futures that wait for the receivers' end, many at once.
#[derive(Default)]
pub(crate) struct Closing(Vec<(ClosedFuture<'static>, Sleeper)>);

impl Closing {
    /// A crowd comes; or the one that is there is polled again, dropped or forgotten.
    pub(crate) fn change(
        &mut self,
        bytes: &mut Bytes<'_>,
        is_closed: bool,
        in_a_row: &mut InARow,
        closed: impl Fn() -> ClosedFuture<'static>,
    ) {
        let (size, pattern) = (bytes.crowd(), bytes.pattern());
        let mut now: Vec<_> =
            mem::take(&mut self.0).into_iter().map(|(closed, _)| closed).collect();
        if now.is_empty() {
            now.extend((0..size).map(|_| closed()));
        }
        for (at, mut closed) in now.into_iter().enumerate() {
            let mut bytes = pattern.of(at);
            let sleeper = Sleeper::new(&mut bytes, |_| Box::new(|| ()));
            let poll = caught(|| sleeper.poll(|cx| Pin::new(&mut closed).poll(cx)));
            in_a_row.closed(poll, is_closed, &sleeper);
            match bytes.below(4) {
                _ if is_closed => {}
                // It sleeps in its place to the end of the channel.
                2 => mem::forget(closed),
                3 => drop(caught(|| drop(closed))),
                _ => self.0.extend(poll.map(|_| (closed, sleeper))),
            }
        }
    }

    pub(crate) fn all_called(&self) -> bool {
        self.0.iter().all(|(_, sleeper)| sleeper.was_called())
    }

    pub(crate) fn end(&mut self) {
        for closed in mem::take(&mut self.0) {
            caught(|| drop(closed));
        }
    }
}
