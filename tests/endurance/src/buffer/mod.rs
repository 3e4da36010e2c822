//! Worlds of `buffer`: one channel, some writers and readers of every kind, at times a crowd of readers in one task, and an
//! account of every value that was published.

mod reader;
mod writer;

use crate::{
    actor::{self, Actor, Rules},
    crowd, receiver,
    sender::{self, MOST_NUDGES},
    setting::{Account, MOST_SENDERS},
    tally::{self, Count},
};
use overwrite_channel::buffer::channel;
use reader::Viewer;
use std::sync::{
    Arc,
    atomic::{
        AtomicU8, AtomicUsize,
        Ordering::{Relaxed, SeqCst},
    },
};
use support::{allocator::measure, dice::Dice};
use writer::Transmitter;

struct World {
    rules: Arc<Rules>,
    account: Arc<Account>,
    /// What has become of each value, by its number. Each event is a bit of its own, so that a second one shows.
    values: Box<[AtomicU8]>,
    /// How many values have come to a reader.
    taken: AtomicUsize,
    /// As in worlds of `channel`.
    stalls: bool,
}

const PUBLISHED: u8 = 1;
// The fates of a published value. The last one has none.
const TAKEN: u8 = 2;
const REPLACED: u8 = 4;

/// Begins a world.
pub(crate) fn begin(number: u64, dice: &mut Dice) -> crate::World {
    let rules = Rules::new(number, dice);
    let writers = dice.within(1, MOST_SENDERS);
    let quota = dice.pick(&[20, 200, 1000]);
    let crowd = dice.one_in(4).then(|| actor::crowd(dice));
    let stalls = rules.senders_first && crowd.is_some_and(|size| size <= 130);
    let room = 1 + writers * (quota + if stalls { MOST_NUDGES } else { 0 });
    let world = Arc::new(World {
        rules: Arc::clone(&rules),
        account: Account::new(number),
        values: (0..room).map(|_| AtomicU8::new(0)).collect(),
        taken: AtomicUsize::new(0),
        stalls,
    });
    let actor = |name, number, dice: &mut Dice| Actor::new(&rules, name, number, dice);

    let (tx, mut rx) = channel(world.account.setting(0, 0));
    let mut parts = Vec::new();
    if let Some(size) = crowd {
        let steps = Some(dice.pick(&[2, 5, 15]));
        let readers = vec![Viewer::new(&world, rx.clone()); size];
        parts.push(crowd::part(actor("buffer: crowd", 0, dice), steps, readers));
    }
    for writer in 0..writers {
        let txs = vec![Transmitter::new(&world, writer, tx.clone())];
        parts.push(sender::part(actor("buffer: writer", writer, dice), quota, txs));
    }
    // Many readers that stay, and park at once, or a few of which at least the last one stays if any does.
    let is_crowded = dice.one_in(3);
    if is_crowded {
        rx.set_spin_limit(0);
    }
    for left in (0..if is_crowded { dice.within(3, 5) } else { dice.within(1, 3) }).rev() {
        let stays = rules.senders_first && (is_crowded || left == 0);
        let steps = (!stays).then(|| dice.pick(&[3, 20, 60]));
        let reader = Viewer::new(&world, rx.clone());
        parts.push(receiver::part(actor("buffer: reader", left, dice), steps, reader));
    }
    crate::World { parts, close: Box::new(move || world.close()) }
}

impl World {
    /// Notes the fate of a value.
    fn meets(&self, number: usize, fate: u8) {
        let before = self.values[number].fetch_or(fate, SeqCst);
        let world = self.rules.number;
        assert_eq!(
            before, PUBLISHED,
            "world {world}: value {number} meets fate {fate} after others"
        );
    }

    /// Makes a call that allocates nothing, unless it panics.
    fn unallocating<R>(&self, call: impl FnOnce() -> R) -> R {
        let (result, counts) = measure(call);
        assert!(self.rules.rough || counts.allocations == 0, "a call allocated: {counts:?}");
        result
    }

    /// Checks the account when every handle is gone.
    fn close(&self) {
        self.account.close();
        let sum =
            |event| self.values.iter().filter(|value| value.load(Relaxed) & event != 0).count();
        let [published, taken, replaced] = [PUBLISHED, TAKEN, REPLACED].map(sum);
        let left = published - taken - replaced;
        // A reader that stays until the end leaves nothing behind.
        let most_left = usize::from(!self.rules.senders_first);
        assert!(left <= most_left, "world {}: {left} values vanished", self.rules.number);
        tally::add(&[
            (Count::Published, published),
            (Count::Taken, taken),
            (Count::Replaced, replaced),
            (Count::LeftInBuffer, left),
        ]);
    }
}
