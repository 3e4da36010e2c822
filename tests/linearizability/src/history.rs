//! Histories: calls that overlap, and the search for an order in which they could have come one by one.

use std::{
    collections::BTreeMap,
    fmt,
    hash::Hash,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::AcqRel},
    },
};
use todc_utils::{
    Action::{self, Response},
    History as Actions, Specification, WGLChecker,
};

/// A channel that is used by one call at a time.
pub(crate) trait Model: Clone + Default + Eq + Hash + fmt::Debug {
    /// What one call did, and what it returned.
    type Operation: Clone + fmt::Debug + Send;
    /// What a call keeps from one of its steps to the next.
    type Hand: Clone + Default + Eq + Hash + fmt::Debug;

    /// Returns the largest number of steps in which the call takes effect, each at a moment of its own.
    fn steps(operation: &Self::Operation, calls: &[Call<Self::Operation>]) -> usize;

    /// Makes one step of a call. Returns `None` or `Some(false)` if what the call returned cannot be so now.
    fn step(
        &mut self,
        operation: &Self::Operation,
        step: &Step<Self::Operation>,
        left: Left,
        hand: &mut Self::Hand,
    ) -> Option<bool>;
}

/// How many handles are left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Left {
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
}

/// What happens in a history. It begins with the handles that are made.
#[derive(Debug, Clone)]
pub(crate) enum Event<O> {
    Begin(Left),
    Call(O),
    DropSender,
    DropReceiver,
}

/// One step of a call.
#[derive(Debug, Clone)]
pub(crate) struct Step<O> {
    /// Which call of the history it belongs to.
    call: usize,
    pub(crate) thread: usize,
    pub(crate) number: usize,
    pub(crate) is_last: bool,
    event: Event<O>,
}

/// A model, for the search.
#[derive(Debug)]
struct Stepwise<M>(PhantomData<M>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct State<M: Model> {
    model: M,
    left: Left,
    /// For each call that is under way, how many steps it has made.
    under_way: BTreeMap<usize, (usize, M::Hand)>,
}

impl<M: Model> State<M> {
    /// Makes a step. Returns `None` or `Some(false)` if it cannot be made now.
    fn step(&mut self, step: &Step<M::Operation>) -> Option<bool> {
        let left = &mut self.left;
        match &step.event {
            Event::Begin(begin) => *left = *begin,
            Event::DropSender => left.senders = left.senders.checked_sub(1)?,
            Event::DropReceiver => left.receivers = left.receivers.checked_sub(1)?,
            Event::Call(operation) => {
                let (done, mut hand) = self.under_way.remove(&step.call).unwrap_or_default();
                let is_so =
                    done == step.number && self.model.step(operation, step, *left, &mut hand)?;
                if !step.is_last {
                    self.under_way.insert(step.call, (done + 1, hand));
                }
                return Some(is_so);
            }
        }
        Some(true)
    }
}

impl<M: Model> Specification for Stepwise<M> {
    type State = State<M>;
    type Operation = Step<M::Operation>;

    fn init() -> State<M> {
        State { model: M::default(), left: Left::default(), under_way: BTreeMap::new() }
    }

    fn apply(step: &Step<M::Operation>, before: &State<M>) -> (bool, State<M>) {
        let mut after = before.clone();
        let is_so = after.step(step) == Some(true);
        (is_so, if is_so { after } else { before.clone() })
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Call<O> {
    pub(crate) thread: usize,
    /// When it began and when it had returned, by the clock of the history.
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) event: Event<O>,
}

/// What one thread has done.
pub(crate) struct Recorder<O> {
    /// Numbers the beginnings and the ends of all calls of a history.
    clock: Arc<AtomicUsize>,
    thread: usize,
    pub(crate) calls: Vec<Call<O>>,
}

impl<O> Recorder<O> {
    pub(crate) fn new(clock: &Arc<AtomicUsize>, thread: usize) -> Self {
        Self { clock: Arc::clone(clock), thread, calls: Vec::new() }
    }

    /// Makes a call. What a thread did before the call began happens before any call that begins later.
    pub(crate) fn record(&mut self, call: impl FnOnce() -> Event<O>) {
        let from = self.clock.fetch_add(1, AcqRel);
        let event = call();
        let to = self.clock.fetch_add(1, AcqRel);
        self.calls.push(Call { thread: self.thread, from, to, event });
    }
}

/// All that was done with one channel, from its making to its end.
pub(crate) struct History<M: Model> {
    pub(crate) calls: Vec<Call<M::Operation>>,
}

impl<M: Model> History<M> {
    pub(crate) fn new(mut calls: Vec<Call<M::Operation>>) -> Self {
        calls.sort_by_key(|call| call.from);
        Self { calls }
    }

    /// Returns `true` if the model allows an order of all steps, each within the extent of its call.
    pub(crate) fn is_linearizable(&self) -> bool {
        let mut actions = Vec::new();
        for (index, call) in self.calls.iter().enumerate() {
            let steps = match &call.event {
                Event::Call(operation) => M::steps(operation, &self.calls),
                _ => 1,
            };
            for number in 0..steps {
                let (thread, is_last, event) =
                    (call.thread, number + 1 == steps, call.event.clone());
                let step = Step { call: index, thread, number, is_last, event };
                // Each step is a process of its own: `State` keeps those of a call in order.
                let process = actions.len();
                actions.push((call.from, (process, Action::Call(step.clone()))));
                actions.push((call.to, (process, Response(step))));
            }
        }
        actions.sort_by_key(|(at, _)| *at);
        let actions = actions.into_iter().map(|(_, action)| action).collect();
        WGLChecker::<Stepwise<M>>::is_linearizable(Actions::from_actions(actions))
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
