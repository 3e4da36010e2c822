//! Worlds of `channel`: one or two channels, some senders and receivers of every kind, at times a crowd of receivers in
//! one task, and an account of every value.

mod crowd;
mod ledger;
mod receiver;
mod sender;

use crate::{
    actor::{self, Rules},
    crew::{Part, Place},
};
use ledger::{Ledger, Value};
use overwrite_channel::channel;
use receiver::Reader;
use sender::{Handle, Writer};
use std::sync::{Arc, atomic::Ordering::Relaxed};
use support::dice::Dice;

const SENDERS: [&str; 3] = ["sender 1", "sender 2", "sender 3"];
/// Each channel has some receivers, and a last one that may stay until the end.
const RECEIVERS: [&str; 2] = ["receiver of channel 1", "receiver of channel 2"];
const RESIDENTS: [&str; 2] = ["resident of channel 1", "resident of channel 2"];
/// More than there are stalled futures in all stalls of a world.
const MOST_NUDGES: usize = 4000;

struct World {
    rules: Arc<Rules>,
    ledger: Arc<Ledger>,
    sends: Sends,
    /// Each channel has many receivers that stay, and park at once. Then a send often meets several that are falling
    /// asleep.
    crowded: bool,
    /// A crowd has futures that stall until a receiver beside it has taken a value. Then a sender that waits sends again
    /// after a while.
    stalls: bool,
}

/// Which sends there are.
#[derive(Clone, Copy, PartialEq)]
enum Sends {
    /// Only `send`: a receiver sees the values of one sender in their order.
    Plain,
    /// Only `send_newest*`: the newest value is not displaced.
    Newest,
    All,
}

/// Begins a world.
pub(crate) fn begin(number: u64, dice: &mut Dice) -> crate::World {
    let rules = Rules::new(number, dice);
    let senders = dice.within(1, SENDERS.len());
    let quota = dice.pick(&[20, 200, 1000]);
    let channels = dice.within(1, RECEIVERS.len());
    let crowd = dice.one_in(4).then(|| actor::crowd(dice));
    // Only where a receiver stays, and every value is of the same channel.
    let stalls = rules.senders_first && channels == 1 && crowd.is_some_and(|size| size <= 130);
    let room = senders * (quota + if stalls { MOST_NUDGES } else { 0 });
    let world = Arc::new(World {
        ledger: Ledger::new(number, room),
        sends: dice.pick(&[Sends::Plain, Sends::Newest, Sends::All]),
        crowded: dice.one_in(3),
        stalls,
        rules,
    });

    let mut parts: Vec<Part> = Vec::new();
    let (txs, mut rxs): (Vec<_>, Vec<_>) = (0..channels).map(|_| channel::<Value>()).unzip();
    if let Some(size) = crowd {
        let steps = Some(dice.pick(&[2, 5, 15]));
        let reader = Reader::new(&world, (0, "crowd of channel 1"), steps, dice);
        parts.push(reader.part(Some(Place::Task), vec![rxs[0].clone(); size], crowd::receive));
    }
    // Several actors have the same `SharedSender`s, or senders of their own.
    let shared: Vec<_> = txs.iter().map(|tx| Arc::new(tx.clone().into_shared())).collect();
    for (index, name) in SENDERS.into_iter().enumerate().take(senders) {
        let handles = txs.iter().zip(&shared).map(|(tx, shared)| {
            let is_shared = dice.one_in(3);
            if is_shared { Handle::Shared(Arc::clone(shared)) } else { Handle::Own(tx.clone()) }
        });
        let handles = handles.collect();
        parts.push(Writer::part(&world, (index, name), quota, handles, dice));
    }
    drop((txs, shared));
    for (channel, rx) in rxs.iter_mut().enumerate() {
        let receivers = if world.crowded { dice.within(3, 5) } else { dice.within(1, 3) };
        if world.crowded {
            rx.set_spin_limit(0);
        }
        for _ in 1..receivers {
            let stays = world.crowded && world.rules.senders_first;
            let steps = (!stays).then(|| dice.pick(&[3, 20, 60]));
            let reader = Reader::new(&world, (channel, RECEIVERS[channel]), steps, dice);
            parts.push(reader.part(None, rx.clone(), receiver::receive));
        }
    }
    let steps = (!world.rules.senders_first).then(|| dice.pick(&[3, 20, 60]));
    if rxs.len() > 1 && dice.one_in(3) {
        // A receiver that waits for all channels at once, at times with many handles of each.
        let each = if dice.one_in(4) { actor::crowd(dice) } else { 1 };
        let rxs = rxs.into_iter().enumerate().flat_map(|of| vec![of; each]).collect::<Vec<_>>();
        let reader = Reader::new(&world, (0, "receiver of all channels"), steps, dice);
        parts.push(reader.part(Some(Place::Thread), rxs, receiver::receive_any));
    } else {
        for (channel, rx) in rxs.into_iter().enumerate() {
            let reader = Reader::new(&world, (channel, RESIDENTS[channel]), steps, dice);
            parts.push(reader.part(None, rx, receiver::receive));
        }
    }
    crate::World { parts, close: Box::new(move || world.close(channels as u64)) }
}

impl World {
    fn close(&self, channels: u64) {
        let newest_stays = self.sends == Sends::Newest && !self.rules.rough;
        // A receiver that stays until `Disconnected` leaves nothing behind.
        let most_left = if self.rules.senders_first { 0 } else { channels };
        self.ledger.close(self.rules.panics.load(Relaxed), most_left, newest_stays);
    }
}
