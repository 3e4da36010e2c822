//! What a receiver keeps in mind, as a thread or as a task, and what it makes of a value.

use super::{MOST_CHANNELS, MOST_SENDERS, Sends, Value, World, ledger::Fate};
use crate::{dice::Dice, mishaps, posts::Post};
use overwrite_channel::{Receiver, TryRecvError};
use std::sync::Arc;

pub(super) struct Reader {
    pub(super) world: Arc<World>,
    pub(super) post: Post,
    pub(super) dice: Dice,
    pub(super) channel: usize,
    /// Stays until the senders are gone, if these go first.
    resident: bool,
    /// How many steps it takes otherwise.
    steps: usize,
    /// Of each channel and each sender, one more than the last number received.
    last: [[usize; MOST_SENDERS]; MOST_CHANNELS],
}

/// What a receive came to.
pub(super) enum Outcome {
    Got(Value),
    Nothing,
    /// No value will ever come.
    End,
}

impl<E: Into<TryRecvError>> From<Result<Value, E>> for Outcome {
    fn from(result: Result<Value, E>) -> Self {
        match result.map_err(Into::into) {
            Ok(value) => Self::Got(value),
            Err(TryRecvError::Empty) => Self::Nothing,
            Err(TryRecvError::Disconnected) => Self::End,
        }
    }
}

/// What decides whether a value is wanted. It keeps book of those that are not.
pub(super) struct Taste {
    dice: Dice,
    rough: bool,
}

impl Taste {
    pub(super) fn wants(&mut self, value: &Value) -> bool {
        if self.dice.one_in(3) {
            value.reject(Fate::Unwanted);
            return false;
        }
        if self.rough && self.dice.one_in(20) {
            // Dropped as the panic unwinds, which says so.
            mishaps::strike();
        }
        true
    }
}

impl Reader {
    pub(super) fn new(world: &Arc<World>, channel: usize, resident: bool, dice: &mut Dice) -> Self {
        let name = match (resident, channel) {
            (true, 0) => "resident of channel 1",
            (true, _) => "resident of channel 2",
            (false, 0) => "receiver of channel 1",
            (false, _) => "receiver of channel 2",
        };
        Self::named(name, world, channel, resident, dice)
    }

    /// For many receivers of the first channel.
    pub(super) fn crowd(world: &Arc<World>, dice: &mut Dice) -> Self {
        let steps = dice.pick(&[2, 5, 15]);
        Self { steps, ..Self::named("crowd of channel 1", world, 0, false, dice) }
    }

    fn named(
        name: &'static str,
        world: &Arc<World>,
        channel: usize,
        resident: bool,
        dice: &mut Dice,
    ) -> Self {
        Self {
            world: Arc::clone(world),
            post: Post::new(world.number, name),
            channel,
            resident: resident && world.senders_first,
            steps: dice.pick(&[3, 20, 60]),
            dice: dice.split(),
            last: Default::default(),
        }
    }

    /// Is there another step?
    pub(super) fn goes_on(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.resident || self.steps > 0
    }

    pub(super) fn taste(&mut self) -> Taste {
        Taste { dice: self.dice.split(), rough: self.world.rough }
    }

    pub(super) fn got(&mut self, value: Value) {
        self.got_of(self.channel, value);
    }

    pub(super) fn got_of(&mut self, channel: usize, value: Value) {
        let (number, sender) = (value.number(), value.sender());
        value.settle(Fate::Received);
        let last = &mut self.last[channel][sender];
        if self.world.sends == Sends::Plain {
            assert!(*last <= number, "value {number} came after {} of the same sender", *last - 1);
        }
        *last = number + 1;
    }

    /// `Disconnected` was said of this channel: it must be true, and stay so.
    pub(super) fn check_end(&self, rx: &mut Receiver<Value>) {
        assert!(rx.is_closed(), "`Disconnected`, and a sender is left");
        assert!(rx.is_empty(), "`Disconnected`, and a value is left");
        let again = self.world.mishaps.catch(|| rx.try_recv());
        assert!(matches!(again, Some(Err(TryRecvError::Disconnected))), "an end, and then not");
    }

    /// Does something to the handle that has nothing to do with values.
    pub(super) fn change(&mut self, rx: &mut Receiver<Value>) {
        self.post.doing("a receiver is cloned and dropped");
        match self.dice.below(4) {
            // The one that waited before goes, with whatever it left behind.
            0 => *rx = rx.clone(),
            1 => {
                let clone = rx.clone();
                assert!(clone.same_channel(rx));
            }
            2 => drop([rx.clone(), rx.clone(), rx.clone()]),
            _ => rx.set_spin_limit([0, 3, 10][self.dice.below(3)]),
        }
    }

    /// The handle goes.
    pub(super) fn leave(&mut self, rx: Receiver<Value>) {
        self.post.doing("a receiver is dropped");
        self.world.mishaps.catch(|| drop(rx));
    }
}
