//! The calls of a sender.

use super::World;
use crate::{
    actor::Actor,
    sender::{Sent, Transmit, poll_closed},
    setting::Setting,
    tally::Count,
};
use overwrite_channel::watch::{Ref, Sender, error::SendError};
use std::{
    array,
    future::Future,
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use support::panics::strike;

/// More looks than a thread can have for nothing.
const MOST_KEPT: usize = 12;

pub(super) struct Transmitter {
    world: Arc<World>,
    index: usize,
    turn: u64,
    /// How many changes there were after the last send.
    changes: u64,
    /// What was replaced, and is still looked at, with its number.
    kept: Vec<(usize, Ref<'static, Setting>)>,
    tx: Sender<Setting>,
}

impl Transmitter {
    pub(super) fn new(world: &Arc<World>, index: usize, tx: Sender<Setting>) -> Self {
        let (world, kept) = (Arc::clone(world), Vec::with_capacity(MOST_KEPT));
        Self { world, index, turn: 0, changes: 0, kept, tx }
    }

    /// Sets `panics` when a closure is about to panic.
    fn change(&mut self, actor: &mut Actor, panics: &mut bool) -> Sent {
        self.turn += 1;
        let (index, turn, dice) = (self.index, self.turn, &mut actor.dice);
        let may_panic = actor.rules.rough && dice.one_in(20);
        let how = ["send", "send_replace", "send_modify", "send_if_modified"];
        let how = dice.pick(if self.world.counted { &how[2..] } else { &how });
        let changes = how == "send_modify" || dice.one_in(2);
        let mut modify = |setting: &mut Setting| {
            setting.by[index] += 1;
            setting.sign(index, turn);
            if may_panic {
                *panics = true;
                strike();
            }
        };
        let setting = || self.world.account.setting(index, turn);
        actor.doing(how);
        match how {
            "send" => {
                if let Err(SendError(setting)) = self.tx.send(setting()) {
                    assert_eq!((setting.sender, setting.turn), (index, turn));
                    return Sent::Refused;
                }
            }
            "send_replace" => {
                let replaced = self.tx.send_replace(setting());
                self.keep(replaced);
            }
            "send_modify" => self.tx.send_modify(modify),
            _ => {
                let is_modified = self.tx.send_if_modified(|setting| {
                    modify(setting);
                    changes
                });
                assert_eq!(is_modified, changes);
                return if changes { Sent::Made } else { Sent::NotMade };
            }
        }
        Sent::Made
    }

    /// Keeps a setting. What is looked at must not change, whatever is sent meanwhile.
    fn keep(&mut self, replaced: Ref<'static, Setting>) {
        self.kept.push((replaced.number, replaced));
        for (number, kept) in &self.kept {
            kept.verify();
            assert_eq!(kept.number, *number, "it changed while it was looked at");
        }
        if self.kept.len() == MOST_KEPT {
            self.kept.drain(..).for_each(|(_, kept)| drop(Ref::try_unwrap(kept)));
        }
    }
}

impl Transmit for Transmitter {
    fn send(&mut self, actor: &mut Actor) -> Sent {
        let mut in_closure = false;
        let rules = Arc::clone(&actor.rules);
        let sent = match rules.catch(|| self.change(actor, &mut in_closure)) {
            Some(sent) => sent,
            None if in_closure => Sent::NotMade,
            // A waker panics when the change is made.
            None => Sent::Made,
        };
        self.world.changes.fetch_add(u64::from(sent == Sent::Made), SeqCst);
        self.changes = self.world.changes.load(SeqCst);
        sent
    }

    /// Returns `true` if all receivers have seen the change.
    fn has_arrived(&self) -> bool {
        self.world.seen.iter().all(|seen| seen.load(SeqCst) >= self.changes)
    }

    fn fiddle(&mut self, actor: &mut Actor) {
        let tx = &self.tx;
        match actor.dice.below(5) {
            0 => {
                let clone = tx.clone();
                assert!(clone.same_channel(tx) && tx.sender_count() > 1);
                self.tx = clone;
            }
            1 => {
                let mut visitor = tx.subscribe();
                assert!(tx.receiver_count() > 0 && !tx.is_closed());
                visitor.borrow_and_update().verify();
                let before = visitor.borrow();
                assert!(visitor.has_changed().is_ok(), "closed, and a sender is left");
                assert!(before.turn >= 1 || before.number == 0);
            }
            2 => {
                let looks: [_; 2 * MOST_KEPT] = array::from_fn(|_| tx.borrow());
                let counted = self.world.counted;
                assert!(looks.is_sorted_by_key(|look| if counted { look.count() } else { 0 }));
            }
            3 => poll_closed(actor, tx.closed()),
            _ => drop(mem::take(&mut self.kept)),
        }
    }

    fn closed(&self) -> impl Future<Output = ()> + Unpin + Send {
        self.tx.closed()
    }

    /// Opens the channel again, by a new receiver.
    fn outlive(&mut self, actor: &mut Actor) {
        actor.doing("opens the channel again");
        let rules = Arc::clone(&actor.rules);
        let mut rx = self.tx.subscribe();
        assert!(!self.tx.is_closed(), "it has a receiver");
        let sent = self.send(actor);
        assert!(sent != Sent::Refused, "refused, and a receiver is there");
        rules.catch(|| {
            let seen = rx.borrow_and_update();
            assert!(seen.has_changed() || sent != Sent::Made, "a change that is not new");
        });
        Count::Reopened.add(1);
        rules.catch(|| drop(rx));
    }
}
