//! The calls of a sender.

use super::{Value, World};
use crate::{
    actor::Actor,
    sender::{Sent, Transmit, poll_closed},
};
use overwrite_channel::{SendError, Sender, SharedSender};
use std::{cell::Cell, future::Future, sync::Arc};
use support::{ledger::Fate, panics::strike};

pub(super) enum Handle {
    Own(Sender<Value>),
    Shared(Arc<SharedSender<Value>>),
}

/// Makes the same call of a sender of either kind.
macro_rules! either {
    ($handle:expr, $tx:ident => $call:expr) => {
        match $handle {
            Handle::Own($tx) => $call,
            Handle::Shared($tx) => $call,
        }
    };
}

impl Handle {
    fn is_closed(&self) -> bool {
        either!(self, tx => tx.is_closed())
    }

    /// Makes another handle of the same channel: a clone, or a shared sender.
    fn another(&self, is_shared: bool) -> Self {
        match self {
            Self::Own(tx) if is_shared => Self::Shared(Arc::new(tx.clone().into_shared())),
            Self::Own(tx) => Self::Own(tx.clone()),
            Self::Shared(tx) => Self::Shared(Arc::new(SharedSender::clone(tx))),
        }
    }
}

/// A handle of one of the senders.
pub(super) struct Transmitter {
    world: Arc<World>,
    sender: usize,
    tx: Handle,
    /// The number of the value sent last.
    last: usize,
}

impl Transmitter {
    pub(super) fn new(world: &Arc<World>, sender: usize, tx: Handle) -> Self {
        Self { world: Arc::clone(world), sender, tx, last: 0 }
    }
}

impl Transmit for Transmitter {
    fn send(&mut self, actor: &mut Actor) -> Sent {
        let (rules, dice) = (&self.world.rules, &mut actor.dice);
        let value = Value::issue(&self.world, self.sender, rules.rough && dice.one_in(50));
        self.last = value.number();
        let how = dice.pick(self.world.sends);
        let panics = Cell::new(rules.rough && dice.one_in(20));
        // On the first look, or only on the second one, which is the one at a displaced value.
        let mut looks = dice.below(2);
        let key = |value: &Value| {
            if looks == 0 && panics.take() {
                strike();
            }
            looks = looks.saturating_sub(1);
            value.number()
        };
        let has_merged = Cell::new(false);
        let merge = |unread: Value, value: Value| {
            has_merged.set(true);
            let is_kept = self.world.keeps_order() || unread.number() < value.number();
            let (kept, other) = if is_kept { (value, unread) } else { (unread, value) };
            other.meets(Fate::Displaced);
            if panics.take() {
                strike();
            }
            kept
        };
        actor.doing(how);
        let send = || {
            either!(&mut self.tx, tx => match how {
                "send" => tx.send(value),
                "send_merged" => tx.send_merged(value, merge).map(|said| {
                    assert_eq!(said, has_merged.get(), "it says that it has merged");
                    None
                }),
                _by_key => tx.send_newest_by_key(value, key),
            })
        };
        match rules.catch(send) {
            Some(Ok(Some(stale))) => stale.meets(Fate::Displaced),
            Some(Ok(None)) | None => {}
            Some(Err(SendError(value))) => {
                assert_eq!(value.number(), self.last, "another value was refused");
                value.meets(Fate::HandedBack);
                assert!(self.tx.is_closed(), "refused, but not disconnected");
                return Sent::Refused;
            }
        }
        Sent::Made
    }

    fn has_arrived(&self) -> bool {
        !self.world.ledger.is_alive(self.last)
    }

    fn may_stall(&self) -> bool {
        self.world.stalls
    }

    /// Makes another handle, which may take the place of this one, takes back what is there, or begins to wait for the
    /// receivers' end.
    fn fiddle(&mut self, actor: &mut Actor) {
        match actor.dice.below(5) {
            0 => self.tx = self.tx.another(true),
            1 => self.tx = self.tx.another(false),
            2 => drop(self.tx.another(false)),
            3 => {
                if let Some(value) = either!(&mut self.tx, tx => tx.withdraw()) {
                    value.meets(Fate::Withdrawn);
                }
            }
            _ => poll_closed(actor, self.closed()),
        }
    }

    fn closed(&self) -> impl Future<Output = ()> + Unpin + Send {
        either!(&self.tx, tx => tx.closed())
    }

    fn outlive(&mut self, _: &mut Actor) {
        assert!(self.tx.is_closed(), "closed, and a receiver is left");
    }
}
