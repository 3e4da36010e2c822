//! Histories: calls that overlap, and the search for an order in which they could have come one by one.

use std::{
    collections::BTreeMap,
    fmt,
    hash::Hash,
    marker::PhantomData,
    sync::atomic::{AtomicUsize, Ordering::AcqRel},
};
use todc_utils::{
    Action::{self, Response},
    History as Actions, Specification, WGLChecker,
};

/// Numbers the beginnings and the ends of all calls of a history.
#[derive(Default)]
pub(crate) struct Clock(AtomicUsize);

impl Clock {
    /// What a thread did before its tick happens before any later tick.
    fn tick(&self) -> usize {
        self.0.fetch_add(1, AcqRel)
    }
}

/// A channel that is used by one call at a time.
pub(crate) trait Model: Clone + Default + Eq + Hash + fmt::Debug {
    /// What one call did, and what it returned.
    type Operation: Clone + fmt::Debug;
    /// What a call keeps from one of its steps to the next.
    type Hand: Clone + Default + Eq + Hash + fmt::Debug;

    /// Returns the largest number of steps in which the call takes effect, each at a moment of its own.
    fn steps(operation: &Self::Operation, calls: &[Call<Self::Operation>]) -> usize;

    /// Makes one step of a call. Returns `None` or `Some(false)` if what the call returned cannot be so now.
    fn step(&mut self, step: &Step<Self::Operation>, hand: &mut Self::Hand) -> Option<bool>;
}

/// One step of a call.
#[derive(Debug, Clone)]
pub(crate) struct Step<O> {
    /// Which call of the history it belongs to.
    call: usize,
    pub(crate) number: usize,
    pub(crate) is_last: bool,
    pub(crate) operation: O,
}

/// A model, for the search.
#[derive(Debug)]
struct Stepwise<M>(PhantomData<M>);

#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct State<M: Model> {
    model: M,
    /// For each call that is under way, how many steps it has made.
    under_way: BTreeMap<usize, (usize, M::Hand)>,
}

impl<M: Model> Specification for Stepwise<M> {
    type State = State<M>;
    type Operation = Step<M::Operation>;

    fn init() -> State<M> {
        State { model: M::default(), under_way: BTreeMap::new() }
    }

    fn apply(step: &Step<M::Operation>, before: &State<M>) -> (bool, State<M>) {
        let mut after = before.clone();
        let (done, mut hand) = after.under_way.remove(&step.call).unwrap_or_default();
        if done != step.number || after.model.step(step, &mut hand) != Some(true) {
            return (false, before.clone());
        }
        if !step.is_last {
            after.under_way.insert(step.call, (done + 1, hand));
        }
        (true, after)
    }
}

#[derive(Debug, Clone)]
pub(crate) struct Call<O> {
    pub(crate) thread: usize,
    /// When it began and when it had returned, by the [`Clock`].
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) operation: O,
}

/// What one thread has done.
pub(crate) struct Recorder<'a, O> {
    clock: &'a Clock,
    pub(crate) thread: usize,
    pub(crate) calls: Vec<Call<O>>,
}

impl<'a, O> Recorder<'a, O> {
    pub(crate) fn new(clock: &'a Clock, thread: usize) -> Self {
        Self { clock, thread, calls: Vec::new() }
    }

    /// Makes a call; only what it returned is described outside its extent.
    pub(crate) fn record<R>(&mut self, call: impl FnOnce() -> R, describe: impl FnOnce(R) -> O) {
        let from = self.clock.tick();
        let returned = call();
        let to = self.clock.tick();
        let operation = describe(returned);
        self.calls.push(Call { thread: self.thread, from, to, operation });
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
        let mut processes = 0;
        for (index, call) in self.calls.iter().enumerate() {
            let steps = M::steps(&call.operation, &self.calls);
            for number in 0..steps {
                let (is_last, operation) = (number + 1 == steps, call.operation.clone());
                let step = Step { call: index, number, is_last, operation };
                // Each step is a process of its own: `Stepwise` keeps those of a call in order.
                actions.push((call.from, (processes, Action::Call(step.clone()))));
                actions.push((call.to, (processes, Response(step))));
                processes += 1;
            }
        }
        actions.sort_by_key(|(at, _)| *at);
        let actions = actions.into_iter().map(|(_, action)| action).collect();
        WGLChecker::<Stepwise<M>>::is_linearizable(Actions::from_actions(actions))
    }

    /// # Panics
    /// If no order explains the history.
    pub(crate) fn check(&self, origin: impl fmt::Display) {
        assert!(self.is_linearizable(), "{origin}: no order of these calls explains them\n{self}");
    }
}

impl<M: Model> fmt::Display for History<M> {
    /// Writes a line for each call, in the order of their beginnings, with a bar from its beginning to its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.calls.iter().map(|call| call.to + 1).max().unwrap_or(0);
        for Call { thread, from, to, operation } in &self.calls {
            let bar = format!("{}|{}|", " ".repeat(*from), "-".repeat(to - from - 1));
            writeln!(f, "  thread {thread}  {bar:<width$}  {operation:?}")?;
        }
        Ok(())
    }
}
