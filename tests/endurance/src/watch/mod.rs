//! Worlds of `watch`: one channel, some senders and receivers of every kind, at times a crowd of receivers in one task,
//! and an account of every change.

mod crowd;
mod ledger;
mod receiver;
mod sender;

use crate::{
    actor::{self, Rules},
    tally::Count,
};
use ledger::{Ledger, Setting};
use overwrite_channel::watch::channel;
use receiver::Reader;
use sender::Writer;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};
use support::dice::Dice;

const SENDERS: [&str; 3] = ["sender 1", "sender 2", "sender 3"];
const RECEIVERS: [&str; 4] = ["receiver 1", "receiver 2", "receiver 3", "receiver 4"];

struct World {
    /// Drops do not panic in `rough` worlds: `arc_swap` drops values in the middle of its own work, and may leak another
    /// one if that panics.
    rules: Arc<Rules>,
    ledger: Arc<Ledger>,
    /// Every change is made by modifying. Then each setting says how many there were before.
    counted: bool,
    /// How many changes there were: at least so many, and exactly when the senders are gone.
    changes: AtomicU64,
    /// How many changes each receiver has seen. The last one may be a crowd.
    seen: Vec<AtomicU64>,
}

/// Begins a world.
pub(crate) fn begin(number: u64, dice: &mut Dice) -> crate::World {
    let crowd = dice.one_in(4).then(|| actor::crowd(dice));
    let quota = dice.pick(if crowd.is_some() { &[20, 200] } else { &[20, 200, 1000] });
    let senders = dice.within(1, SENDERS.len());
    let receivers = dice.within(1, RECEIVERS.len());
    let seen = receivers + usize::from(crowd.is_some());
    let world = Arc::new(World {
        rules: Rules::new(number, dice),
        ledger: Ledger::new(number),
        counted: dice.one_in(2),
        changes: AtomicU64::new(0),
        seen: (0..seen).map(|_| AtomicU64::new(0)).collect(),
    });

    let (tx, rx) = channel(world.ledger.setting(0, 0));
    let mut parts = Vec::new();
    if let Some(size) = crowd {
        parts.push(crowd::part(&world, receivers, vec![rx.clone(); size], dice));
    }
    for (index, name) in SENDERS.into_iter().enumerate().take(senders) {
        parts.push(Writer::part(&world, (index, name), quota, tx.clone(), dice));
    }
    for (index, name) in RECEIVERS.into_iter().enumerate().take(receivers) {
        let rx = if dice.one_in(2) { rx.clone() } else { tx.subscribe() };
        parts.push(Reader::part(&world, (index, name), rx, dice));
    }
    crate::World { parts, close: Box::new(move || world.close()) }
}

impl World {
    /// Notes that a receiver has seen the first `changes`. Senders wait for this.
    fn has_seen(&self, receiver: usize, changes: u64) {
        self.seen[receiver].store(changes, SeqCst);
    }

    /// Returns `true` if all receivers have seen the first `changes`.
    fn all_have_seen(&self, changes: u64) -> bool {
        self.seen.iter().all(|seen| seen.load(SeqCst) >= changes)
    }

    fn close(&self) {
        self.ledger.close();
        Count::Changes.add(self.changes.load(SeqCst));
    }
}
