//! What a receiver does: one step after the other, on a thread or as a task.

use super::{RECEIVERS, SENDERS, Sends, Value, World, ledger::Fate};
use crate::{
    actor::{Actor, Waited, poll_once, poll_some},
    crew::{Part, Place},
};
use futures::StreamExt;
use overwrite_channel::{
    Receiver, RecvError, RecvTimeoutError, TryRecvError, Waitable, wait_any, wait_any_deadline,
    wait_any_timeout,
};
use std::{
    future::{Future, poll_fn},
    mem,
    panic::resume_unwind,
    sync::Arc,
};
use support::{dice::Dice, panics::strike};

/// The ways to receive.
#[derive(Clone, Copy, Debug)]
enum Step {
    Recv,
    RecvMatching,
    IterOrTryIter,
    TryRecv,
    RecvAsync,
    RecvMatchingAsync,
    StreamNext,
    PollRecv,
    PollRecvAndGoOn,
    RecvAsyncDropped,
    RecvAsyncForgotten,
    RecvAsyncMoved,
}

/// The step of an actor that receives from all channels.
#[derive(Clone, Copy, Debug)]
struct WaitAny;

const BLOCKING: [Step; 3] = [Step::Recv, Step::RecvMatching, Step::IterOrTryIter];
const AWAITING: [Step; 9] = [
    Step::TryRecv,
    Step::RecvAsync,
    Step::RecvMatchingAsync,
    Step::StreamNext,
    Step::PollRecv,
    Step::PollRecvAndGoOn,
    Step::RecvAsyncDropped,
    Step::RecvAsyncForgotten,
    Step::RecvAsyncMoved,
];

pub(super) struct Reader {
    pub(super) world: Arc<World>,
    pub(super) actor: Actor,
    channel: usize,
    /// How many steps are left, if it does not stay until the senders are gone.
    steps: Option<usize>,
    /// For each channel and each sender, one more than the last number received.
    last: [[usize; SENDERS.len()]; RECEIVERS.len()],
}

impl Reader {
    /// `steps`: how many it takes. Without, it stays until the senders are gone.
    pub(super) fn new(
        world: &Arc<World>,
        (channel, name): (usize, &'static str),
        steps: Option<usize>,
        dice: &mut Dice,
    ) -> Self {
        let actor = Actor::new(&world.rules, name, dice);
        Self { world: Arc::clone(world), actor, channel, steps, last: Default::default() }
    }

    /// Makes the part of this actor, which receives by `body`.
    pub(super) fn part<R, F>(self, place: Option<Place>, rx: R, body: fn(Self, R) -> F) -> Part
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Part::new(&Arc::clone(&self.actor.post), place, body(self, rx))
    }

    /// Returns `true` if there is another step.
    pub(super) fn goes_on(&mut self) -> bool {
        self.steps = self.steps.map(|steps| steps.saturating_sub(1));
        self.steps != Some(0)
    }

    pub(super) fn got(&mut self, value: Value) {
        self.got_of(self.channel, value);
    }

    fn got_of(&mut self, channel: usize, value: Value) {
        let (number, sender) = (value.number(), value.sender);
        value.settle(Fate::Received);
        let last = &mut self.last[channel][sender];
        if self.world.sends == Sends::Plain {
            assert!(*last <= number, "value {number} came after {} of the same sender", *last - 1);
        }
        *last = number + 1;
    }

    /// Receives once, in any way.
    async fn step(&mut self, rx: &mut Receiver<Value>) -> Waited<Value> {
        let (step, wait) = self.actor.draw(&BLOCKING, &AWAITING);
        let wants = self.taste();
        match step {
            Step::Recv => {
                wait.block(rx, Receiver::recv, Receiver::recv_timeout, Receiver::recv_deadline)
            }
            Step::RecvMatching => wait.block(
                (rx, wants),
                |(rx, wants)| rx.recv_matching(wants),
                |(rx, wants), limit| rx.recv_matching_timeout(limit, wants),
                |(rx, wants), end| rx.recv_matching_deadline(end, wants),
            ),
            Step::IterOrTryIter if wait.limit.is_some() => {
                rx.try_iter().take(3).for_each(|value| self.got(value));
                None
            }
            Step::IterOrTryIter => {
                for value in rx.iter().take(self.actor.dice.within(1, 5)) {
                    self.got(value);
                    self.actor.doing(&Step::IterOrTryIter);
                }
                None
            }
            Step::TryRecv => match rx.try_recv() {
                Err(TryRecvError::Empty) => None,
                result => Some(result.map_err(|_disconnected| RecvError)),
            },
            Step::RecvMatchingAsync => wait.until(rx.recv_matching_async(wants)).await,
            Step::StreamNext => wait.until(async { rx.next().await.ok_or(RecvError) }).await,
            Step::PollRecv => wait.until(poll_fn(|cx| rx.poll_recv(cx))).await,
            Step::PollRecvAndGoOn => poll_some(1, false, poll_fn(|cx| rx.poll_recv(cx))).await,
            Step::RecvAsyncDropped => {
                poll_some(self.actor.dice.within(1, 3), false, rx.recv_async()).await
            }
            Step::RecvAsyncForgotten => match poll_some(1, true, rx.recv_async()).await {
                // What the forgotten future owes to other waiters, the next wait makes up for.
                None => wait.until(rx.recv_async()).await,
                ready => ready,
            },
            Step::RecvAsyncMoved if wait.limit.is_none() => Some(move_to_another_task(rx).await),
            Step::RecvAsync | Step::RecvAsyncMoved => wait.until(rx.recv_async()).await,
        }
    }

    /// Makes what decides whether a value is wanted. It notes those that are not.
    fn taste(&mut self) -> impl FnMut(&Value) -> bool + use<> {
        let (mut dice, rough) = (self.actor.dice.split(), self.world.rules.rough);
        move |value| {
            let is_wanted = !dice.one_in(3);
            if !is_wanted {
                value.reject();
            } else if rough && dice.one_in(20) {
                // The value is dropped as the panic unwinds, which notes its fate.
                strike();
            }
            is_wanted
        }
    }

    /// Checks an end that was reported: it must be true, and stay so.
    pub(super) fn check_end(&self, rx: &mut Receiver<Value>) {
        assert!(rx.is_closed(), "`Disconnected`, and a sender is left");
        assert!(rx.is_empty(), "`Disconnected`, and a value is left");
        let again = self.world.rules.catch(|| rx.try_recv());
        assert!(matches!(again, Some(Err(TryRecvError::Disconnected))), "an end, and then not");
    }

    /// Does something to the handle that has nothing to do with values, at times.
    fn change(&mut self, rx: &mut Receiver<Value>) {
        let dice = &mut self.actor.dice;
        if !dice.one_in(20) {
            return;
        }
        let (kind, spins) = (dice.below(4), dice.pick(&[0, 3, 10]));
        self.actor.doing(&"a receiver is cloned and dropped");
        self.world.rules.catch(|| match kind {
            // The handle that waited before goes, with whatever it left behind.
            0 => *rx = rx.clone(),
            1 => {
                let clone = rx.clone();
                assert!(clone.same_channel(rx));
            }
            2 => drop([rx.clone(), rx.clone(), rx.clone()]),
            _ => rx.set_spin_limit(spins),
        });
    }

    pub(super) fn leave(&self, rx: Receiver<Value>) {
        self.actor.doing(&"a receiver is dropped");
        self.world.rules.catch(|| drop(rx));
    }
}

pub(super) async fn receive(mut reader: Reader, mut rx: Receiver<Value>) {
    let rules = Arc::clone(&reader.world.rules);
    while reader.goes_on() {
        reader.change(&mut rx);
        match rules.catch_in(reader.step(&mut rx)).await.flatten() {
            Some(Ok(value)) => reader.got(value),
            Some(Err(RecvError)) => {
                reader.check_end(&mut rx);
                break;
            }
            None => {}
        }
        reader.actor.breathe().await;
    }
    reader.leave(rx);
}

/// Polls a future, and moves it to another task, which has another waker.
async fn move_to_another_task(rx: &mut Receiver<Value>) -> Result<Value, RecvError> {
    // It stays if a waker panics in the other task, which takes the moved receiver with it.
    let clone = rx.clone();
    let mut moved = mem::replace(rx, clone);
    let mut future = Box::pin(async move {
        let result = moved.recv_async().await;
        (moved, result)
    });
    let (moved, result) = match poll_once(&mut future).await {
        Some(output) => output,
        None => match tokio::spawn(future).await {
            Ok(output) => output,
            Err(panic) => resume_unwind(panic.into_panic()),
        },
    };
    *rx = moved;
    result
}

/// Waits for all channels at once, on a thread.
pub(super) async fn receive_any(mut reader: Reader, rxs: Vec<(usize, Receiver<Value>)>) {
    let rules = Arc::clone(&reader.world.rules);
    let (mut channels, mut rxs): (Vec<_>, Vec<_>) = rxs.into_iter().unzip();
    while !rxs.is_empty() && reader.goes_on() {
        let index = reader.actor.dice.below(rxs.len());
        reader.change(&mut rxs[index]);
        let ready = rules.catch(|| {
            let (WaitAny, wait) = reader.actor.draw(&[WaitAny], &[WaitAny]);
            let mut each: Vec<_> = rxs.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
            wait.block(
                &mut each[..],
                |each| Ok(wait_any(each)),
                |each, limit| wait_any_timeout(each, limit).ok_or(RecvTimeoutError::Timeout),
                |each, end| wait_any_deadline(each, end).ok_or(RecvTimeoutError::Timeout),
            )
        });
        let Some(Ok(ready)) = ready.flatten() else { continue };
        match rules.catch(|| rxs[ready].try_recv()) {
            Some(Ok(value)) => reader.got_of(channels[ready], value),
            // Another receiver was faster.
            Some(Err(TryRecvError::Empty)) | None => {}
            Some(Err(TryRecvError::Disconnected)) => {
                reader.check_end(&mut rxs[ready]);
                channels.remove(ready);
                reader.leave(rxs.remove(ready));
            }
        }
    }
    for rx in rxs {
        reader.leave(rx);
    }
}
