//! Worlds of `watch`: one channel, some senders and receivers of every kind, at times a crowd of receivers in one task,
//! and an account of every change.

mod receiver;
mod sender;

use crate::{
    actor::{self, Actor, Rules},
    crowd,
    setting::{Account, MOST_SENDERS},
    tally::Count,
};
use overwrite_channel::watch::channel;
use receiver::Viewer;
use sender::Transmitter;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::SeqCst},
};
use support::dice::Dice;

struct World {
    /// Drops do not panic in `rough` worlds: `arc_swap` drops values in the middle of its own work, and may leak another
    /// one if that panics.
    rules: Arc<Rules>,
    account: Arc<Account>,
    /// Every change is made by modifying. Then each setting says how many there were before.
    counted: bool,
    /// How many changes there were: at least so many, and exactly when the senders are gone.
    changes: AtomicU64,
    /// How many changes each actor that receives has seen.
    seen: Vec<AtomicU64>,
}

/// Begins a world.
pub(crate) fn begin(number: u64, dice: &mut Dice) -> crate::World {
    let crowd = dice.one_in(4).then(|| actor::crowd(dice));
    let quota = dice.pick(if crowd.is_some() { &[20, 200] } else { &[20, 200, 1000] });
    let senders = dice.within(1, MOST_SENDERS);
    let receivers = dice.within(1, 4);
    let seen = receivers + usize::from(crowd.is_some());
    let world = Arc::new(World {
        rules: Rules::new(number, dice),
        account: Account::new(number),
        counted: dice.one_in(2),
        changes: AtomicU64::new(0),
        seen: (0..seen).map(|_| AtomicU64::new(0)).collect(),
    });

    let (tx, rx) = channel(world.account.setting(0, 0));
    let mut parts = Vec::new();
    let actor = |name, number, dice: &mut Dice| Actor::new(&world.rules, name, number, dice);
    for sender in 0..senders {
        let txs = vec![Transmitter::new(&world, sender, tx.clone())];
        parts.push(crate::sender::part(actor("watch: sender", sender, dice), quota, txs));
    }
    for receiver in 0..receivers {
        let rx = if dice.one_in(2) { rx.clone() } else { tx.subscribe() };
        let (actor, steps) = (actor("watch: receiver", receiver, dice), world.rules.steps(dice));
        parts.push(crate::receiver::part(actor, steps, Viewer::new(&world, receiver, rx)));
    }
    if let Some(size) = crowd {
        let (actor, steps) = (actor("watch: crowd", 0, dice), world.rules.steps(dice));
        let viewers = vec![Viewer::new(&world, receivers, rx); size];
        parts.push(crowd::part(actor, steps, viewers));
    }
    crate::World { parts, close: Box::new(move || world.close()) }
}

impl World {
    fn close(&self) {
        self.account.close();
        Count::Changes.add(self.changes.load(SeqCst));
    }
}
