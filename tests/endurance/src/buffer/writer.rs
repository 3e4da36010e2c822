//! The calls of a writer.

use super::{PUBLISHED, REPLACED, World};
use crate::{
    actor::Actor,
    sender::{Sent, Transmit, poll_closed},
    setting::Setting,
};
use overwrite_channel::{SendError, buffer};
use std::{
    future::Future,
    sync::{Arc, atomic::Ordering::SeqCst},
};

pub(super) struct Transmitter {
    world: Arc<World>,
    index: usize,
    turn: u64,
    /// The number of the value published last.
    last: usize,
    tx: buffer::Writer<Setting>,
}

impl Transmitter {
    pub(super) fn new(world: &Arc<World>, index: usize, tx: buffer::Writer<Setting>) -> Self {
        Self { world: Arc::clone(world), index, turn: 0, last: 0, tx }
    }
}

impl Transmit for Transmitter {
    /// Changes the value that is there, or writes a new one. What comes back tells what was replaced.
    fn send(&mut self, actor: &mut Actor) -> Sent {
        let Self { world, index, turn, last, tx } = self;
        *turn += 1;
        let how = actor.dice.pick(&["publish", "write"]);
        let new = (how == "write").then(|| world.account.setting(*index, *turn));
        if new.is_none() {
            tx.verify();
            tx.sign(*index, *turn);
        }
        *last = new.as_ref().map_or(tx.number, |setting| setting.number);
        world.values[*last].store(PUBLISHED, SeqCst);
        actor.doing(how);
        let published = world.rules.catch(|| {
            world.unallocating(|| match new {
                None => tx.publish().map_err(|_closed| tx.number),
                Some(setting) => tx.write(setting).map_err(|SendError(back)| back.number),
            })
        });
        if let Some(Err(back)) = published {
            assert_eq!(back, *last, "another value was refused");
            assert!(tx.is_closed(), "refused, but not closed");
            world.values[*last].store(0, SeqCst);
            return Sent::Refused;
        }
        // Readers note what they take before they give its buffer back.
        tx.verify();
        let is_replaced = world.values[tx.number].load(SeqCst) == PUBLISHED;
        // A waker may have panicked, after the exchange.
        assert!(
            published.is_none_or(|said| said == Ok(is_replaced)),
            "{published:?}: it is not so"
        );
        if is_replaced {
            world.meets(tx.number, REPLACED);
        }
        Sent::Made
    }

    fn has_arrived(&self) -> bool {
        self.world.values[self.last].load(SeqCst) != PUBLISHED
    }

    fn may_stall(&self) -> bool {
        self.world.stalls
    }

    fn fiddle(&mut self, actor: &mut Actor) {
        match actor.dice.below(4) {
            0 => self.tx = self.tx.clone(),
            1 => assert!(self.tx.clone().same_channel(&self.tx)),
            2 => poll_closed(actor, self.tx.closed()),
            _ => _ = self.tx.is_empty(),
        }
    }

    fn closed(&self) -> impl Future<Output = ()> + Unpin + Send {
        self.tx.closed()
    }

    fn outlive(&mut self, _: &mut Actor) {
        assert!(self.tx.is_closed(), "closed, and a reader is left");
    }
}
