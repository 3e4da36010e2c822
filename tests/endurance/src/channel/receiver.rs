//! What a receiver does: one step after the other, on a thread or as a task.

use super::{MOST_CHANNELS, SENDERS, Sends, Value, World, ledger::Fate};
use crate::{
    actor::{Actor, Wait, Waited, drop_early, forget_early, in_time, poll_once},
    crew::{Part, Place},
    tally::Count,
};
use futures::StreamExt;
use overwrite_channel::{
    Receiver, RecvError, TryRecvError, Waitable, wait_any, wait_any_deadline, wait_any_timeout,
};
use std::{
    future::{Future, poll_fn},
    mem,
    panic::resume_unwind,
    sync::Arc,
    time::Instant,
};
use support::{dice::Dice, panics::strike};

/// The ways to receive.
#[derive(Clone, Copy)]
enum Step {
    Recv,
    Matching,
    Iter,
    Try,
    RecvAsync,
    MatchingAsync,
    Next,
    Poll,
    Drop,
    Forget,
    Leave,
    Move,
}

const BLOCKING: [(Step, &str); 3] = [
    (Step::Recv, "Receiver::recv"),
    (Step::Matching, "Receiver::recv_matching"),
    (Step::Iter, "Receiver::iter, or try_iter"),
];

const AWAITING: [(Step, &str); 9] = [
    (Step::Try, "Receiver::try_recv"),
    (Step::RecvAsync, "Receiver::recv_async"),
    (Step::MatchingAsync, "Receiver::recv_matching_async"),
    (Step::Next, "Stream::next"),
    (Step::Poll, "Receiver::poll_recv"),
    (Step::Drop, "recv_async, polled and dropped"),
    (Step::Forget, "recv_async, after a forgotten one"),
    (Step::Leave, "poll_recv, and goes on"),
    (Step::Move, "recv_async, moved to another task"),
];

pub(super) struct Reader {
    pub(super) world: Arc<World>,
    pub(super) actor: Actor,
    channel: usize,
    /// Stays until the senders are gone, if these go first.
    is_resident: bool,
    /// How many steps it takes otherwise.
    steps: usize,
    /// For each channel and each sender, one more than the last number received.
    last: [[usize; SENDERS.len()]; MOST_CHANNELS],
}

impl Reader {
    pub(super) fn new(world: &Arc<World>, channel: usize, resident: bool, dice: &mut Dice) -> Self {
        let name = match (resident, channel) {
            (true, 0) => "resident of channel 1",
            (true, _) => "resident of channel 2",
            (false, 0) => "receiver of channel 1",
            (false, _) => "receiver of channel 2",
        };
        let is_resident = resident && world.rules.senders_first;
        Self::named(name, world, channel, is_resident, dice.pick(&[3, 20, 60]), dice)
    }

    /// Makes the state of an actor that has many receivers of the first channel.
    pub(super) fn crowd(world: &Arc<World>, dice: &mut Dice) -> Self {
        Self::named("crowd of channel 1", world, 0, false, dice.pick(&[2, 5, 15]), dice)
    }

    fn named(
        name: &'static str,
        world: &Arc<World>,
        channel: usize,
        is_resident: bool,
        steps: usize,
        dice: &mut Dice,
    ) -> Self {
        let actor = Actor::new(&world.rules, name, dice);
        let world = Arc::clone(world);
        Self { world, actor, channel, is_resident, steps, last: Default::default() }
    }

    /// Makes the part of this actor, which receives by `body`.
    pub(super) fn part<R, F>(self, place: Option<Place>, rx: R, body: fn(Self, R) -> F) -> Part
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Part::new(&self.actor.post(), place, body(self, rx))
    }

    /// Returns `true` if there is another step.
    pub(super) fn goes_on(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.is_resident || self.steps > 0
    }

    pub(super) fn got(&mut self, value: Value) {
        self.got_of(self.channel, value);
    }

    fn got_of(&mut self, channel: usize, value: Value) {
        let (number, sender) = (value.number(), value.sender());
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
        let has_deadline = self.actor.dice.one_in(2);
        let mut wants = self.taste();
        match (step, wait.limit) {
            (Step::Recv, None) => Some(rx.recv()),
            (Step::Recv, Some(limit)) if has_deadline => {
                in_time(rx.recv_deadline(Instant::now() + limit))
            }
            (Step::Recv, Some(limit)) => in_time(rx.recv_timeout(limit)),
            (Step::Matching, None) => Some(rx.recv_matching(wants)),
            (Step::Matching, Some(limit)) if has_deadline => {
                in_time(rx.recv_matching_deadline(Instant::now() + limit, wants))
            }
            (Step::Matching, Some(limit)) => in_time(rx.recv_matching_timeout(limit, wants)),
            (Step::Iter, None) => {
                for value in rx.iter().take(self.actor.dice.within(1, 5)) {
                    self.got(value);
                    self.actor.doing("Receiver::iter");
                }
                None
            }
            (Step::Iter, Some(_)) => {
                rx.try_iter().take(3).for_each(|value| self.got(value));
                None
            }
            (Step::Try, _) => match rx.try_recv() {
                Err(TryRecvError::Empty) => None,
                result => Some(result.map_err(|_disconnected| RecvError)),
            },
            (Step::RecvAsync, _) => wait.until(rx.recv_async()).await,
            (Step::MatchingAsync, _) => wait.until(rx.recv_matching_async(&mut wants)).await,
            (Step::Next, _) => wait.until(async { rx.next().await.ok_or(RecvError) }).await,
            (Step::Poll, _) => wait.until(poll_fn(|cx| rx.poll_recv(cx))).await,
            (Step::Drop, _) => drop_early(self.actor.dice.within(1, 3), rx.recv_async()).await,
            (Step::Forget, _) => match forget_early(rx.recv_async()).await {
                // What the forgotten future owes to the others, the next wait makes up for.
                None => wait.until(rx.recv_async()).await,
                ready => ready,
            },
            (Step::Leave, _) => {
                let poll = poll_once(&mut poll_fn(|cx| rx.poll_recv(cx))).await;
                Count::GivenUp.add(poll.is_none().into());
                poll
            }
            (Step::Move, _) => move_to_another_task(rx, wait).await,
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
        self.actor.doing("a receiver is cloned and dropped");
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
        self.actor.doing("a receiver is dropped");
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
async fn move_to_another_task(rx: &mut Receiver<Value>, wait: Wait) -> Waited<Value> {
    if wait.limit.is_some() {
        return wait.until(rx.recv_async()).await;
    }
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
    Some(result)
}

/// Waits for all channels at once, on a thread.
pub(super) async fn receive_any(mut reader: Reader, rxs: Vec<(usize, Receiver<Value>)>) {
    let rules = Arc::clone(&reader.world.rules);
    let (mut channels, mut rxs): (Vec<_>, Vec<_>) = rxs.into_iter().unzip();
    while !rxs.is_empty() && reader.goes_on() {
        let index = reader.actor.dice.below(rxs.len());
        reader.change(&mut rxs[index]);
        let ready = rules.catch(|| {
            const KINDS: [((), &str); 1] = [((), "wait_any")];
            let ((), wait) = reader.actor.draw(&KINDS, &KINDS);
            let mut each: Vec<_> = rxs.iter_mut().map(|rx| rx as &mut dyn Waitable).collect();
            match wait.limit {
                None => Some(wait_any(&mut each)),
                Some(limit) if reader.actor.dice.one_in(2) => {
                    wait_any_deadline(&mut each, Instant::now() + limit)
                }
                Some(limit) => wait_any_timeout(&mut each, limit),
            }
        });
        let Some(ready) = ready.flatten() else {
            Count::GivenUp.add(1);
            continue;
        };
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
    rxs.into_iter().for_each(|rx| reader.leave(rx));
}
