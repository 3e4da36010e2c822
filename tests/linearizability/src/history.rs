//! Histories: calls that overlap, and the search for an order in which they could have come one by one.

use std::{
    collections::HashSet,
    fmt,
    hash::Hash,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::AcqRel},
    },
};

/// A channel that is used by one call at a time.
pub(crate) trait Model: Clone + Default + Eq + Hash {
    /// What one call did, and what it returned.
    type Operation: fmt::Debug + Send + 'static;
    /// What a call keeps from one of its steps to the next.
    type Hand: Clone + Default + Eq + Hash;

    /// Makes the next step of a call, while so many handles are left. Each step takes effect at a moment of its own. Returns
    /// `None` if what the call returned cannot be so now.
    fn step(
        &mut self,
        operation: &Self::Operation,
        thread: usize,
        left: Left,
        hand: &Self::Hand,
    ) -> Option<Progress<Self::Hand>>;
}

/// How far a call is.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) enum Progress<H> {
    /// It makes another step, and keeps this for it.
    More(H),
    Done,
}

/// How many handles are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
}

/// What happens in a history. It begins with the handles that are made.
#[derive(Debug)]
pub(crate) enum Event<O> {
    Begin(Left),
    Call(O),
    DropSender,
    DropReceiver,
}

/// An event of a thread, with the moments of its beginning and its end.
pub(crate) struct Call<O> {
    pub(crate) thread: usize,
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) event: Event<O>,
}

/// Records the calls of one thread.
pub(crate) struct Recorder<O> {
    /// Counts the moments.
    clock: Arc<AtomicUsize>,
    thread: usize,
    pub(crate) calls: Vec<Call<O>>,
}

impl<O> Recorder<O> {
    pub(crate) fn new(clock: &Arc<AtomicUsize>, thread: usize) -> Self {
        Self { clock: Arc::clone(clock), thread, calls: Vec::new() }
    }

    /// Makes a call, which may be no part of the history. What a thread did before the call began happens before any call
    /// that begins later.
    pub(crate) fn record(&mut self, call: impl FnOnce() -> Option<Event<O>>) {
        let from = self.clock.fetch_add(1, AcqRel);
        let event = call();
        let to = self.clock.fetch_add(1, AcqRel);
        self.calls.extend(event.map(|event| Call { thread: self.thread, from, to, event }));
    }
}

/// All that was done with one channel, from its making to its end, in the order in which the calls began.
pub(crate) struct History<M: Model> {
    pub(crate) calls: Vec<Call<M::Operation>>,
}

/// Where an order of steps leads.
#[derive(Clone, PartialEq, Eq, Hash)]
struct State<M: Model> {
    model: M,
    left: Left,
    calls: Vec<Progress<M::Hand>>,
}

impl<M: Model> State<M> {
    /// Makes the next step of a call. Returns `None` if it cannot be made now.
    fn after(&self, at: usize, call: &Call<M::Operation>) -> Option<Self> {
        let Progress::More(hand) = &self.calls[at] else { return None };
        let mut after = self.clone();
        let Self { model, left, calls } = &mut after;
        calls[at] = Progress::Done;
        match &call.event {
            Event::Begin(begin) => *left = *begin,
            Event::DropSender => left.senders = left.senders.checked_sub(1)?,
            Event::DropReceiver => left.receivers = left.receivers.checked_sub(1)?,
            Event::Call(operation) => {
                calls[at] = model.step(operation, call.thread, *left, hand)?;
            }
        }
        Some(after)
    }
}

impl<M: Model> History<M> {
    pub(crate) fn new(mut calls: Vec<Call<M::Operation>>) -> Self {
        calls.sort_by_key(|call| call.from);
        Self { calls }
    }

    /// Returns `true` if the model allows an order of all steps, each within the extent of its call.
    ///
    /// This tries every order, depth first, but goes on from each state only once: the search of Wing and Gong, with the
    /// memory of Lowe ("Testing for linearizability", 2017).
    pub(crate) fn is_linearizable(&self) -> bool {
        let calls = vec![Progress::More(M::Hand::default()); self.calls.len()];
        let mut open = vec![State { model: M::default(), left: Left::default(), calls }];
        let mut seen = HashSet::new();
        while let Some(state) = open.pop() {
            let under_way = self.calls.iter().zip(&state.calls);
            let under_way = under_way.filter(|(_, progress)| **progress != Progress::Done);
            // A call that begins after another one has ended takes no step before that one is done.
            let Some(end) = under_way.map(|(call, _)| call.to).min() else { return true };
            let begun = self.calls.iter().take_while(|call| call.from < end).enumerate();
            open.extend(
                begun
                    .filter_map(|(at, call)| state.after(at, call))
                    .filter(|after| !seen.contains(after)),
            );
            seen.insert(state);
        }
        false
    }

    /// # Panics
    /// If no order explains the history.
    pub(crate) fn check(&self, seed: u64) {
        let is_explained = self.is_linearizable();
        assert!(is_explained, "seed {seed}: no order of these calls explains them\n{self}");
    }
}

impl<M: Model> fmt::Display for History<M> {
    /// Writes a line for each call, in the order of their beginnings, with a bar from its beginning to its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.calls.iter().map(|call| call.to + 1).max().unwrap_or(0);
        for Call { thread, from, to, event } in &self.calls {
            let bar = format!("{}|{}|", " ".repeat(*from), "-".repeat(to - from - 1));
            let what: &dyn fmt::Debug = if let Event::Call(call) = event { call } else { event };
            writeln!(f, "  thread {thread}  {bar:<width$}  {what:?}")?;
        }
        Ok(())
    }
}
