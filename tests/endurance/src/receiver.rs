//! What a receiver of any flavour does: one step after the other, on a thread or as a task.

use crate::{
    actor::{Actor, Mode, Waited, poll_some},
    crew::Part,
};
use overwrite_channel::RecvError;
use std::{future::Future, slice, sync::Arc};

/// A receiver, with all that its actor knows of it. Each call accounts for what it receives.
pub(crate) trait View: Send + Sync + 'static {
    /// Every wait ends, even if other receivers wait as well.
    const ALL_ARE_WOKEN: bool;

    /// Receives by a future, which may be forgotten.
    fn wait(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send;

    /// Receives by whatever leaves the waker of the task behind.
    fn poll(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        self.wait()
    }

    /// Receives as a stream, if it is one.
    fn next(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        self.wait()
    }

    /// Receives by a call that blocks.
    fn block(&mut self, wait: Mode) -> Waited<()>;

    /// Receives what a predicate wants.
    fn wait_for(
        &mut self,
        actor: &mut Actor,
        wait: Mode,
    ) -> impl Future<Output = Waited<()>> + Send;

    /// Makes a call that other flavours do not have. It does not block.
    fn own(&mut self, actor: &mut Actor, wait: Mode) -> impl Future<Output = Waited<()>> + Send;

    /// Makes calls that receive nothing.
    fn fiddle(&mut self, actor: &mut Actor);

    /// Returns how many values have been taken, if futures that are not polled may wait for more.
    fn taken(&self) -> Option<usize> {
        None
    }

    /// Lets the senders know how far all receivers of an actor have come.
    fn report_progress(_: &mut [Self])
    where
        Self: Sized,
    {
    }

    /// Checks an end that was reported: it must be true, and stay so.
    fn check_end(&mut self, actor: &Actor);

    /// Drops the receiver.
    fn leave(self, actor: &Actor);
}

/// The first so many steps have a blocking form.
const BLOCKING: usize = 2;
const STEPS: [&str; 8] = [
    "receives",
    "receives what it wants",
    "receives as only this flavour can",
    "polls until it receives",
    "polls, and leaves a waker",
    "receives as a stream",
    "drops a future",
    "forgets a future",
];

async fn step(view: &mut impl View, actor: &mut Actor) -> Waited<()> {
    let (step, wait) = actor.draw(&STEPS, BLOCKING);
    match step {
        "receives" if wait.blocks => view.block(wait),
        "receives what it wants" => view.wait_for(actor, wait).await,
        "receives as only this flavour can" => view.own(actor, wait).await,
        "polls until it receives" => wait.until(view.poll()).await,
        "polls, and leaves a waker" => poll_some(1, false, view.poll()).await,
        "receives as a stream" => wait.until(view.next()).await,
        "drops a future" => poll_some(actor.dice.within(1, 3), false, view.wait()).await,
        "forgets a future" => match poll_some(1, true, view.wait()).await {
            // What the forgotten future owes to other waiters, the next wait makes up for.
            None => wait.until(view.wait()).await,
            ready => ready,
        },
        _receives => wait.until(view.wait()).await,
    }
}

/// Makes the part of a receiver. It takes so many `steps`; without, it stays until the senders are gone.
pub(crate) fn part(actor: Actor, steps: Option<usize>, view: impl View) -> Part {
    Part::new(Arc::clone(&actor.post), receive(actor, steps, view))
}

/// Counts down. Returns `true` if there is another step.
pub(crate) fn goes_on(steps: &mut Option<usize>) -> bool {
    *steps = steps.map(|steps| steps.saturating_sub(1));
    *steps != Some(0)
}

async fn receive<V: View>(mut actor: Actor, mut steps: Option<usize>, mut view: V) {
    let rules = Arc::clone(&actor.rules);
    while goes_on(&mut steps) {
        if actor.dice.one_in(15) {
            actor.doing("a receiver is cloned, dropped and asked");
            rules.catch(|| view.fiddle(&mut actor));
            V::report_progress(slice::from_mut(&mut view));
        }
        let came = rules.catch_in(step(&mut view, &mut actor)).await.flatten();
        V::report_progress(slice::from_mut(&mut view));
        if came == Some(Err(RecvError)) {
            view.check_end(&actor);
            break;
        }
        actor.breathe().await;
    }
    actor.doing("a receiver is dropped");
    view.leave(&actor);
}
