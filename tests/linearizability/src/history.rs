//! Histories: calls that overlap, and the search for an order in which they could have come one by one.

use std::{
    fmt,
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
    /// What a thread did before its tick has happened for whoever ticks later.
    fn tick(&self) -> usize {
        self.0.fetch_add(1, AcqRel)
    }
}

/// What one call did, and what it returned.
pub(crate) trait Operation: Clone + fmt::Debug + fmt::Display {
    /// How the same calls would go one by one.
    type Specification: Specification<Operation = Step<Self>>;

    /// In how many steps the call takes effect, each at a moment of its own, at the most.
    fn steps(&self, calls: &[Call<Self>]) -> usize;
}

/// One step of a call.
#[derive(Debug, Clone)]
pub(crate) struct Step<O> {
    /// Which call of the history it belongs to.
    pub(crate) call: usize,
    pub(crate) number: usize,
    pub(crate) is_last: bool,
    pub(crate) operation: O,
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
    thread: usize,
    calls: Vec<Call<O>>,
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

    pub(crate) fn thread(&self) -> usize {
        self.thread
    }

    pub(crate) fn into_calls(self) -> Vec<Call<O>> {
        self.calls
    }
}

/// All that was done with one channel, from its making to its end.
pub(crate) struct History<O> {
    pub(crate) calls: Vec<Call<O>>,
}

impl<O: Operation> History<O> {
    pub(crate) fn new(mut calls: Vec<Call<O>>) -> Self {
        calls.sort_by_key(|call| call.from);
        Self { calls }
    }

    /// Is there an order of all steps, each within the extent of its call, that the specification allows?
    pub(crate) fn is_linearizable(&self) -> bool {
        let mut actions = Vec::new();
        let mut processes = 0;
        for (index, call) in self.calls.iter().enumerate() {
            let steps = call.operation.steps(&self.calls);
            for number in 0..steps {
                let step = Step {
                    call: index,
                    number,
                    is_last: number + 1 == steps,
                    operation: call.operation.clone(),
                };
                // Each step is a process of its own: the specification keeps those of a call in order.
                actions.push((call.from, (processes, Action::Call(step.clone()))));
                actions.push((call.to, (processes, Response(step))));
                processes += 1;
            }
        }
        actions.sort_by_key(|(at, _)| *at);
        let actions = actions.into_iter().map(|(_, action)| action).collect();
        WGLChecker::<O::Specification>::is_linearizable(Actions::from_actions(actions))
    }

    /// # Panics
    /// If no order explains the history.
    pub(crate) fn check(&self, origin: impl fmt::Display) {
        assert!(self.is_linearizable(), "{origin}: no order of these calls explains them\n{self}");
    }
}

impl<O: fmt::Display> fmt::Display for History<O> {
    /// A line for each call, in the order of their beginnings, with a bar from its beginning to its end.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = self.calls.iter().map(|call| call.to).max().unwrap_or(0);
        for Call { thread, from, to, operation } in &self.calls {
            let bar = format!("{}|{}|", " ".repeat(*from), "-".repeat(to - from - 1));
            writeln!(f, "  thread {thread}  {bar:<width$}  {operation}", width = end + 1)?;
        }
        Ok(())
    }
}
