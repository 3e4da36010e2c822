//! What a sender does: one change after the other, with pauses, and now and then something else.

use super::{Setting, World};
use crate::{
    actor::{Actor, at_once, poll_closed},
    crew::Part,
    tally::Count,
};
use overwrite_channel::watch::{Ref, Sender, error::SendError};
use std::{
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use support::{dice::Dice, panics::strike};

/// More looks than a thread can have for nothing.
const MOST_KEPT: usize = 12;

pub(super) struct Writer {
    world: Arc<World>,
    actor: Actor,
    index: usize,
    quota: usize,
    turn: u64,
    tx: Sender<Setting>,
    /// What was replaced, and is still looked at, with its number.
    kept: Vec<(u64, Ref<'static, Setting>)>,
    has_reopened: bool,
}

/// What a change came to.
#[derive(Clone, Copy, PartialEq)]
enum Change {
    Made,
    NotMade,
    Refused,
}

impl Writer {
    pub(super) fn part(
        world: &Arc<World>,
        (index, name): (usize, &'static str),
        quota: usize,
        tx: Sender<Setting>,
        dice: &mut Dice,
    ) -> Part {
        let actor = Actor::new(&world.rules, name, dice);
        let (post, world, kept) =
            (Arc::clone(&actor.post), Arc::clone(world), Vec::with_capacity(MOST_KEPT));
        let writer = Self { world, actor, index, quota, turn: 0, tx, kept, has_reopened: false };
        Part::new(&post, None, writer.send_all())
    }

    async fn send_all(mut self) {
        while self.step().await {
            self.actor.breathe().await;
        }
        self.actor.doing(&"a sender is dropped");
        self.kept.clear();
        self.world.rules.catch(|| drop(self.tx));
    }

    /// Makes a change, and waits or pauses. Returns `false` at the end.
    async fn step(&mut self) -> bool {
        let rules = Arc::clone(&self.world.rules);
        if self.actor.dice.one_in(20) {
            rules.catch(|| self.something_else());
        }
        if self.quota == 0 || (!rules.senders_first && self.tx.is_closed()) {
            if rules.senders_first || self.has_reopened {
                return false;
            }
            if self.tx.is_closed() {
                self.reopen();
            } else {
                self.until_closed().await;
            }
            return true;
        }
        self.quota -= 1;
        let change = self.change();
        let changes = self.world.changes.load(SeqCst);
        if change == Change::Refused {
            assert!(!rules.senders_first, "refused, and a receiver is left");
            self.until_closed().await;
        } else if change == Change::Made
            && rules.senders_first
            && self.actor.dice.one_in(rules.wait_one_in)
        {
            self.actor.doing(&"waits until its change is seen");
            let mut looks = 0;
            while !self.world.all_have_seen(changes) {
                looks += 1;
                self.actor.glance(looks).await;
            }
        } else {
            let mut dice = self.actor.dice.split();
            self.actor.pause(at_once(&mut dice, || self.tx.closed())).await;
        }
        true
    }

    async fn until_closed(&mut self) {
        self.actor.doing(&"watch::Sender::closed");
        at_once(&mut self.actor.dice, || self.tx.closed()).await;
    }

    /// Makes a change of any kind, and counts it.
    fn change(&mut self) -> Change {
        let world = Arc::clone(&self.world);
        let mut in_closure = false;
        let change = match world.rules.catch(|| self.make_change(&mut in_closure)) {
            Some(change) => change,
            None if in_closure => Change::NotMade,
            // A waker panics when the change is made.
            None => Change::Made,
        };
        world.changes.fetch_add(u64::from(change == Change::Made), SeqCst);
        change
    }

    /// Sets `panics` when a closure is about to panic.
    fn make_change(&mut self, panics: &mut bool) -> Change {
        self.turn += 1;
        let (index, turn, dice) = (self.index, self.turn, &mut self.actor.dice);
        let may_panic = self.world.rules.rough && dice.one_in(20);
        let kind = dice.within(if self.world.counted { 2 } else { 0 }, 3);
        let changes = kind == 2 || dice.one_in(2);
        let mut modify = |setting: &mut Setting| {
            setting.by[index] += 1;
            setting.sign(index, turn);
            if may_panic {
                *panics = true;
                strike();
            }
        };
        let setting = || self.world.ledger.setting(index, turn);
        self.actor.doing(&["send", "send_replace", "send_modify", "send_if_modified"][kind]);
        match kind {
            0 => {
                if let Err(SendError(setting)) = self.tx.send(setting()) {
                    assert_eq!((setting.sender, setting.turn), (index, turn));
                    return Change::Refused;
                }
            }
            1 => {
                let replaced = self.tx.send_replace(setting());
                replaced.verify();
                self.keep(replaced);
            }
            2 => self.tx.send_modify(modify),
            _ => {
                let is_modified = self.tx.send_if_modified(|setting| {
                    modify(setting);
                    changes
                });
                assert_eq!(is_modified, changes);
                return if changes { Change::Made } else { Change::NotMade };
            }
        }
        Change::Made
    }

    /// Keeps a setting, at times, and checks those kept: what is looked at must not change, whatever is sent meanwhile.
    fn keep(&mut self, replaced: Ref<'static, Setting>) {
        for (number, kept) in &self.kept {
            kept.verify();
            assert_eq!(kept.number, *number, "it changed while it was looked at");
        }
        if self.kept.len() == MOST_KEPT || self.actor.dice.one_in(4) {
            drop(self.kept.pop().map(|(_, kept)| Ref::try_unwrap(kept)));
        }
        if self.actor.dice.one_in(2) {
            self.kept.push((replaced.number, replaced));
        }
    }

    fn something_else(&mut self) {
        self.actor.doing(&"subscribe, borrow, clone, and so on");
        let tx = &self.tx;
        match self.actor.dice.below(5) {
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
                let looks: [_; 2 * MOST_KEPT] = std::array::from_fn(|_| tx.borrow());
                let counted = self.world.counted;
                assert!(looks.is_sorted_by_key(|look| if counted { look.count() } else { 0 }));
            }
            3 => poll_closed(&mut self.actor.dice, &self.world.rules, tx.closed()),
            _ => drop(mem::take(&mut self.kept)),
        }
    }

    /// Opens the channel again by a new receiver, after the last one has gone.
    fn reopen(&mut self) {
        self.actor.doing(&"opens the channel again");
        self.has_reopened = true;
        let world = Arc::clone(&self.world);
        let mut rx = self.tx.subscribe();
        assert!(!self.tx.is_closed(), "it has a receiver");
        let change = self.change();
        assert!(change != Change::Refused, "refused, and a receiver is there");
        world.rules.catch(|| {
            let seen = rx.borrow_and_update();
            assert!(seen.has_changed() || change != Change::Made, "a change that is not new");
        });
        Count::Reopened.add(1);
        world.rules.catch(|| drop(rx));
    }
}
