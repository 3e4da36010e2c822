//! Histories of a channel in a static, which is split again for each.

use crate::{
    channel::{
        Dropped, Sends, Slot, Value,
        specification::{Operation, Place},
    },
    script::{Call, Subject},
};
use overwrite_channel::{Receiver, StaticChannel};
use support::dice::Dice;

static CHANNEL: StaticChannel<Value, 30> = StaticChannel::new();

/// The channel, where its memory is that of the history before.
pub(crate) struct StaticSlot;

impl Subject for StaticSlot {
    type Model = Place;
    type Sender = Sends;
    type Receiver = Receiver<Value>;
    type Witness = Dropped;

    /// There is room for those of five threads, and for the handles of two more.
    const CROWD: usize = 4;

    fn channel(dice: &mut Dice, senders: usize) -> (Vec<Sends>, Receiver<Value>, Dropped) {
        let handles = CHANNEL.split().expect("every handle of the last history is gone");
        Slot::with(handles, dice, senders)
    }

    fn leave_waker(rx: &mut Receiver<Value>) {
        Slot::leave_waker(rx);
    }

    fn sending(dice: &mut Dice, value: u32) -> Call<Self, Sends> {
        Slot::sending(dice, value)
    }

    fn receiving(dice: &mut Dice, may_block: bool) -> Call<Self, Receiver<Value>> {
        Slot::receiving(dice, may_block)
    }

    fn end(left: Dropped) -> Option<Operation> {
        Slot::end(left)
    }
}
