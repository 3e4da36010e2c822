//! What a sender does: one send after the other, with pauses, and now and then something else.

use super::{
    MOST_NUDGES, Sends, Value, World,
    ledger::{Fate, IN_SINK},
};
use crate::{
    actor::{Actor, at_once, poll_closed},
    crew::{Part, may_block},
};
use futures::Sink;
use overwrite_channel::{ClosedFuture, SendError, Sender, SharedSender};
use std::{
    hint::spin_loop,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};
use support::{dice::Dice, panics::strike};

pub(super) enum Handle {
    Own(Sender<Value>),
    Shared(Arc<SharedSender<Value>>),
}

/// The ways to send.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Send,
    Sink,
    SendNewest,
    SendNewestByKey,
}

const PLAIN: [Kind; 2] = [Kind::Send, Kind::Sink];
const NEWEST: [Kind; 2] = [Kind::SendNewest, Kind::SendNewestByKey];
const ALL: [Kind; 4] = [Kind::Send, Kind::Sink, Kind::SendNewest, Kind::SendNewestByKey];

impl Handle {
    fn closed(&self) -> ClosedFuture<'_> {
        match self {
            Self::Own(tx) => tx.closed(),
            Self::Shared(tx) => tx.closed(),
        }
    }

    fn is_closed(&self) -> bool {
        match self {
            Self::Own(tx) => tx.is_closed(),
            Self::Shared(tx) => tx.is_closed(),
        }
    }

    /// Waits for the receivers' end, in one future, or in many at once.
    async fn until_closed(&self, dice: &mut Dice) {
        at_once(dice, || self.closed()).await;
        assert!(self.is_closed(), "closed, and a receiver is left");
    }

    /// Makes another handle of the same channel: a clone, or a shared sender.
    fn another(&self, is_shared: bool) -> Self {
        match self {
            Self::Own(tx) if is_shared => Self::Shared(Arc::new(tx.clone().into_shared())),
            Self::Own(tx) => {
                let clone = tx.clone();
                assert!(clone.same_channel(tx));
                Self::Own(clone)
            }
            Self::Shared(tx) => {
                let clone = SharedSender::clone(tx);
                assert!(clone.same_channel(tx));
                Self::Shared(Arc::new(clone))
            }
        }
    }
}

pub(super) struct Writer {
    world: Arc<World>,
    actor: Actor,
    index: usize,
    quota: usize,
    nudges: usize,
    /// One for each channel.
    handles: Vec<Handle>,
}

impl Writer {
    pub(super) fn part(
        world: &Arc<World>,
        (index, name): (usize, &'static str),
        quota: usize,
        handles: Vec<Handle>,
        dice: &mut Dice,
    ) -> Part {
        let actor = Actor::new(&world.rules, name, dice);
        let (post, world) = (Arc::clone(&actor.post), Arc::clone(world));
        let writer = Self { world, actor, index, quota, nudges: MOST_NUDGES, handles };
        Part::new(&post, None, writer.send_all())
    }

    async fn send_all(mut self) {
        while self.step().await {
            self.actor.breathe().await;
        }
        self.actor.doing(&"a sender is dropped");
        for handle in self.handles {
            self.world.rules.catch(|| drop(handle));
        }
    }

    /// Sends once, and waits or pauses. Returns `false` at the end.
    async fn step(&mut self) -> bool {
        let rules = Arc::clone(&self.world.rules);
        let dice = &mut self.actor.dice;
        let channel = dice.below(self.handles.len());
        if dice.one_in(20) {
            rules.catch(|| self.change(channel));
        }
        if self.quota == 0 {
            // Where the receivers go first, only their end wakes this sender.
            let open = self.handles.iter().find(|handle| !handle.is_closed());
            let Some(open) = open.filter(|_| !rules.senders_first) else { return false };
            self.actor.doing(&"Sender::closed");
            open.until_closed(&mut self.actor.dice).await;
            return true;
        }
        self.quota -= 1;
        let is_bomb = rules.rough && self.actor.dice.one_in(50);
        let value = self.world.ledger.issue(self.index, is_bomb);
        let number = value.number();
        let is_sent = rules.catch(|| self.send(channel, value));
        IN_SINK.set(false);
        if is_sent == Some(false) {
            assert!(!rules.senders_first, "refused, and a receiver is left");
            self.actor.doing(&"Sender::closed");
            self.handles[channel].until_closed(&mut self.actor.dice).await;
        } else if rules.senders_first && self.actor.dice.one_in(rules.wait_one_in) {
            self.until_taken(number).await;
        } else {
            let mut dice = self.actor.dice.split();
            self.actor.pause(self.handles[channel].until_closed(&mut dice)).await;
        }
        true
    }

    /// Sends by any kind of send. Returns `false` if no receiver is left.
    fn send(&mut self, channel: usize, value: Value) -> bool {
        let number = value.number();
        let kinds: &'static [Kind] = match self.world.sends {
            Sends::Plain => &PLAIN,
            Sends::Newest => &NEWEST,
            Sends::All => &ALL,
        };
        let dice = &mut self.actor.dice;
        let kind = &kinds[dice.below(kinds.len())];
        let mut panics = self.world.rules.rough && dice.one_in(20);
        // On the first look, or only on the second one, which is the one at a displaced value.
        let mut looks = dice.below(2);
        let key = |value: &Value| {
            if panics && looks == 0 {
                panics = false;
                strike();
            }
            looks = looks.saturating_sub(1);
            value.number()
        };
        let handle = &mut self.handles[channel];
        self.actor.doing(kind);
        IN_SINK.set(matches!(kind, Kind::Sink));
        let result = match (&mut *handle, kind) {
            (Handle::Own(tx), Kind::Send) => tx.send(value),
            (Handle::Own(tx), Kind::Sink) => sink(tx, value),
            (Handle::Own(tx), Kind::SendNewest) => tx.send_newest(value),
            (Handle::Own(tx), Kind::SendNewestByKey) => tx.send_newest_by_key(value, key),
            (Handle::Shared(tx), Kind::Send) => tx.send(value),
            (Handle::Shared(tx), Kind::Sink) => sink(&mut &**tx, value),
            (Handle::Shared(tx), Kind::SendNewest) => tx.send_newest(value),
            (Handle::Shared(tx), Kind::SendNewestByKey) => tx.send_newest_by_key(value, key),
        };
        match result {
            Ok(None) => {}
            Ok(Some(stale)) => stale.settle(Fate::Displaced),
            Err(SendError(value)) => {
                assert_eq!(value.number(), number, "another value was refused");
                value.settle(Fate::HandedBack);
                assert!(handle.is_closed(), "refused, but not disconnected");
                return false;
            }
        }
        true
    }

    /// Waits until the value with this number is taken, or displaced.
    async fn until_taken(&mut self, mut number: usize) {
        self.actor.doing(&"waits until its value is taken");
        let mut looks = 0;
        while !self.is_taken_soon(number, looks) {
            looks += 1;
            self.actor.glance(looks).await;
            if looks % 20 == 0 && self.world.stalls && self.nudges > 0 {
                number = self.nudge();
            }
        }
    }

    /// Looks for a moment whether the value with this number is taken: then the next one comes while its receiver is
    /// about to fall asleep again. A thread does so once, because it sleeps between later looks.
    fn is_taken_soon(&mut self, number: usize, looks: usize) -> bool {
        let spins = if may_block() && looks > 0 { 1 } else { 1000 };
        let is_taken = (0..spins).any(|_| {
            spin_loop();
            self.world.ledger.is_settled(number)
        });
        (0..self.actor.dice.below(50)).for_each(|_| spin_loop());
        is_taken
    }

    /// Sends once more, and returns the number of that value: a receiver that would take the last one may be held up by
    /// futures that stall, until a value is displaced.
    fn nudge(&mut self) -> usize {
        self.nudges -= 1;
        let value = self.world.ledger.issue(self.index, false);
        let number = value.number();
        Arc::clone(&self.world.rules).catch(|| self.send(0, value));
        IN_SINK.set(false);
        self.actor.doing(&"waits until its value is taken");
        number
    }

    /// Makes another handle, which may take the place of this one, or begins to wait for the receivers' end.
    fn change(&mut self, channel: usize) {
        self.actor.doing(&"a sender is cloned and dropped");
        let handle = &mut self.handles[channel];
        let dice = &mut self.actor.dice;
        match dice.below(4) {
            0 => *handle = handle.another(true),
            1 => *handle = handle.another(false),
            2 => drop(handle.another(false)),
            _ => poll_closed(dice, &self.world.rules, handle.closed()),
        }
    }
}

/// Sends by a `Sink`, which says only whether the value was refused.
fn sink<S>(sink: &mut S, value: Value) -> Result<Option<Value>, SendError<Value>>
where
    S: Sink<Value, Error = SendError<Value>> + Unpin,
{
    let cx = &mut Context::from_waker(Waker::noop());
    let mut sink = Pin::new(sink);
    assert!(matches!(sink.as_mut().poll_ready(cx), Poll::Ready(Ok(()))), "it is not ready");
    sink.as_mut().start_send(value)?;
    assert!(sink.poll_flush(cx).is_ready());
    Ok(None)
}
