//! Worlds of `channel`: one or two channels, some senders and receivers of every kind, at times a crowd of receivers in
//! one task, and an account of every value.

mod receiver;
mod sender;

use crate::{
    actor::{self, Actor, Rules},
    crew::Place,
    crowd,
    receiver::part,
    sender::MOST_NUDGES,
    setting::MOST_SENDERS,
    tally::{self, Count},
};
use overwrite_channel::channel;
use receiver::Viewer;
use sender::{Handle, Transmitter};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};
use support::{
    dice::Dice,
    ledger::{Fate, Ledger, Totals, Tracked},
    waker::Event,
};

struct World {
    rules: Arc<Rules>,
    ledger: Ledger,
    /// How many values have come to a receiver.
    taken: AtomicUsize,
    sends: &'static [&'static str],
    /// A crowd has futures that stall until a receiver beside it has taken a value. Then a sender that waits sends again
    /// after a while.
    stalls: bool,
}

/// A receiver sees the values of one sender in their order, if a merge keeps the value of the sender that merges.
const PLAIN: &[&str] = &["send", "send_merged"];
/// As well. And no other send sees to stalled tasks.
const MERGED: &[&str] = &["send_merged"];
/// The newest value is not displaced.
const NEWEST: &[&str] = &["send_newest_by_key", "send_merged"];
const ALL: &[&str] = &["send", "send_newest_by_key", "send_merged"];

/// Begins a world.
pub(crate) fn begin(number: u64, dice: &mut Dice) -> crate::World {
    let rules = Rules::new(number, dice);
    let senders = dice.within(1, MOST_SENDERS);
    let quota = dice.pick(&[20, 200, 1000]);
    let channels = dice.within(1, 2);
    let crowd = dice.one_in(4).then(|| actor::crowd(dice));
    // Only where a receiver stays, and every value is of the same channel.
    let stalls = rules.senders_first && channels == 1 && crowd.is_some_and(|size| size <= 130);
    let room = senders * (quota + if stalls { MOST_NUDGES } else { 0 });
    let world = Arc::new(World {
        rules: Arc::clone(&rules),
        ledger: Ledger::new(room),
        taken: AtomicUsize::new(0),
        sends: dice.pick(&[PLAIN, MERGED, NEWEST, ALL]),
        stalls,
    });
    let actor = |name, number, dice: &mut Dice| Actor::new(&rules, name, number, dice);

    let mut parts = Vec::new();
    let (txs, rxs): (Vec<_>, Vec<_>) = (0..channels).map(|_| channel::<Value>()).unzip();
    if let Some(size) = crowd {
        let steps = Some(dice.pick(&[2, 5, 15]));
        let views = vec![Viewer::new(&world, rxs[0].clone()); size];
        parts.push(crowd::part(actor("channel: crowd", 0, dice), steps, views));
    }
    // Several actors have the same `SharedSender`s, or senders of their own.
    let shared: Vec<_> = txs.iter().map(|tx| Arc::new(tx.clone().into_shared())).collect();
    for sender in 0..senders {
        let handles = txs.iter().zip(&shared).map(|(tx, shared)| {
            let is_shared = dice.one_in(3);
            let tx =
                if is_shared { Handle::Shared(shared.clone()) } else { Handle::Own(tx.clone()) };
            Transmitter::new(&world, sender, tx)
        });
        let handles = handles.collect();
        parts.push(crate::sender::part(actor("channel: sender", sender, dice), quota, handles));
    }
    drop((txs, shared));
    // Each channel has many receivers that stay, and park at once. Then a send often meets several that are falling
    // asleep.
    let is_crowded = dice.one_in(3);
    // The last receiver of a channel stays if any does. Both channels may have the same one, which waits for both at once,
    // at times with many handles of each.
    let have_one = channels > 1 && dice.one_in(3);
    let each = if dice.one_in(4) { actor::crowd(dice) } else { 1 };
    let mut viewers_of_any = Vec::new();
    for mut rx in rxs {
        if is_crowded {
            rx.set_spin_limit(0);
        }
        for left in (0..if is_crowded { dice.within(3, 5) } else { dice.within(1, 3) }).rev() {
            let viewer = Viewer::new(&world, rx.clone());
            if left == 0 && have_one {
                viewers_of_any.extend(vec![viewer; each]);
                continue;
            }
            let stays = rules.senders_first && (is_crowded || left == 0);
            let steps = (!stays).then(|| dice.pick(&[3, 20, 60]));
            parts.push(part(actor("channel: receiver", left, dice), steps, viewer));
        }
    }
    if have_one {
        let (actor, steps) = (actor("channels: receiver", 0, dice), rules.steps(dice));
        parts.push(receiver::part_of_any(actor, steps, viewers_of_any).at(Place::Thread));
    }
    crate::World { parts, close: Box::new(move || world.close(channels)) }
}

impl World {
    fn keeps_order(&self) -> bool {
        self.sends == PLAIN || self.sends == MERGED
    }

    /// Checks the account when every handle is gone.
    fn close(&self, channels: usize) {
        let Rules { number, rough, senders_first, panics, .. } = &*self.rules;
        let totals = self.ledger.totals();
        let Totals {
            issued,
            received,
            displaced,
            handed_back,
            withdrawn,
            unwanted,
            lost,
            dropped_with_channel,
        } = totals;
        // A receiver that stays until `Disconnected` leaves nothing behind.
        let most_left = if *senders_first { 0 } else { channels };
        assert!(dropped_with_channel <= most_left, "world {number}: {totals:?}");
        assert!(
            lost as u64 <= panics.load(Relaxed),
            "world {number}: {totals:?}, {panics:?} panics"
        );
        let was_displaced = issued > 0 && self.ledger.has_met(issued - 1, Fate::Displaced);
        let newest_stays = self.sends == NEWEST && !rough;
        assert!(!(newest_stays && was_displaced), "world {number}: the newest value was displaced");
        tally::add(&[
            (Count::Sent, issued),
            (Count::Received, received),
            (Count::Displaced, displaced),
            (Count::HandedBack, handed_back),
            (Count::Withdrawn, withdrawn),
            (Count::Unwanted, unwanted),
            (Count::Lost, lost),
            (Count::Left, dropped_with_channel),
        ]);
    }
}

/// What is sent. A torn copy, or a value that no ledger issued, does not pass for it.
struct Value {
    of: Tracked,
    sender: usize,
    check: usize,
}

impl Value {
    /// Issues the next value. The numbers of a sender's values rise. A bomb panics when the library drops it.
    fn issue(world: &World, sender: usize, is_bomb: bool) -> Self {
        let of = world.ledger.issue();
        let check = of.id() ^ !sender;
        Self { of: if is_bomb { of.panicking_in(Event::Drop) } else { of }, sender, check }
    }

    fn number(&self) -> usize {
        let number = self.of.id();
        assert_eq!(self.check, number ^ !self.sender, "a value that no sender sent");
        number
    }

    /// Ends the value in the hand of an actor.
    fn meets(self, fate: Fate) {
        self.number();
        self.of.harmless().meets(fate);
    }
}
