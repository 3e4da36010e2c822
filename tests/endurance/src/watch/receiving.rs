//! What a receiver keeps in mind, as a thread or as a task, and what it makes of a setting.

use super::{MOST_SENDERS, Setting, World};
use crate::{
    dice::Dice,
    mishaps,
    posts::Post,
    tally::{TALLY, add},
};
use overwrite_channel::watch::Receiver;
use std::sync::{Arc, atomic::Ordering::SeqCst};

pub(super) struct Reader {
    pub(super) world: Arc<World>,
    pub(super) post: Post,
    pub(super) dice: Dice,
    index: usize,
    steps: usize,
    /// How many changes it was told of.
    reports: u64,
    /// The number of the setting that was looked at last.
    last: u64,
    /// What it said of how many changes there were.
    count: u64,
    /// The turn of each sender that was seen last.
    turns: [u64; MOST_SENDERS],
}

/// What a wait came to.
pub(super) enum Outcome {
    /// Something new, which was marked as seen: look at it.
    Changed,
    /// Whatever was seen has been noted.
    Noted,
    /// Nothing will ever change.
    End,
}

impl Reader {
    pub(super) fn new(world: &Arc<World>, index: usize, dice: &mut Dice) -> Self {
        let name = ["receiver 1", "receiver 2", "receiver 3", "receiver 4"][index];
        Self::named(name, world, index, dice)
    }

    /// For many receivers.
    pub(super) fn crowd(world: &Arc<World>, index: usize, dice: &mut Dice) -> Self {
        Self::named("crowd", world, index, dice)
    }

    fn named(name: &'static str, world: &Arc<World>, index: usize, dice: &mut Dice) -> Self {
        Self {
            world: Arc::clone(world),
            post: Post::new(world.number, name),
            steps: dice.pick(&[3, 20, 60]),
            dice: dice.split(),
            index,
            reports: 0,
            last: 0,
            count: 0,
            turns: Default::default(),
        }
    }

    /// Is there another step? If the senders go first, until there are none.
    pub(super) fn goes_on(&mut self) -> bool {
        self.steps = self.steps.saturating_sub(1);
        self.world.senders_first || self.steps > 0
    }

    /// Looks at a setting that is marked as seen; says whether it is another one than the last.
    pub(super) fn note(&mut self, setting: &Setting) -> bool {
        setting.verify();
        if setting.number == self.last {
            return false;
        }
        let turn = &mut self.turns[setting.sender];
        assert!(setting.turn > *turn, "turn {} after {turn}: it went back", setting.turn);
        *turn = setting.turn;
        if self.world.counted {
            let count = setting.count();
            assert!(count > self.count, "change {count} after {}: it went back", self.count);
            self.count = count;
        }
        self.last = setting.number;
        self.reports += 1;
        true
    }

    /// A predicate that wants whatever is new, or only some of it; and may panic.
    pub(super) fn wants(&mut self, setting: &Setting, picky: bool) -> bool {
        let is_new = self.note(setting);
        if self.world.rough && self.dice.one_in(20) {
            mishaps::strike();
        }
        is_new && !(picky && self.dice.one_in(2))
    }

    /// After `changed`: what it told of, or something newer still.
    pub(super) fn look(&mut self, rx: &mut Receiver<Setting>) {
        let now = rx.borrow_and_update();
        // Then the one that it told of was another one, and is counted here.
        self.reports += u64::from(now.has_changed());
        assert!(self.note(&now), "`changed`, and nothing has");
    }

    /// Looks that nobody waits for.
    pub(super) fn glance(&mut self, rx: &mut Receiver<Setting>) {
        self.post.doing("borrow, mark_changed, clone, and so on");
        match self.dice.below(5) {
            0 => rx.borrow().verify(),
            1 => {
                let now = rx.borrow_and_update();
                let has_changed = now.has_changed();
                assert_eq!(self.note(&now), has_changed, "`has_changed` is wrong");
            }
            2 => {
                rx.mark_changed();
                let now = rx.borrow_and_update();
                assert!(now.has_changed(), "it was marked");
                self.note(&now);
            }
            3 => {
                let clone = rx.clone();
                assert!(clone.same_channel(rx) && clone.skipped() == rx.skipped());
                *rx = clone;
            }
            _ => {
                // In this order: who is told that nothing is new may find something a moment later.
                let is_new = rx.has_changed() == Ok(true);
                assert!(!is_new || rx.borrow().has_changed(), "new, and then not");
            }
        }
    }

    /// After each step: what was reported and what was skipped make up all that was seen.
    pub(super) fn add_up(&mut self, rx: &Receiver<Setting>) {
        let seen = self.reports + rx.skipped();
        if self.world.counted {
            let count = self.count;
            assert_eq!(seen, count, "{} reported and {} skipped", self.reports, rx.skipped());
        }
        self.has_seen(seen);
    }

    /// So many changes: senders wait for this.
    pub(super) fn has_seen(&self, changes: u64) {
        self.world.seen[self.index].store(changes, SeqCst);
    }

    /// There are no senders: all changes were seen.
    pub(super) fn check_end(&mut self, rx: &mut Receiver<Setting>) {
        assert!(rx.is_closed(), "no sender is left, but it is not closed");
        assert!(rx.has_changed().is_err());
        let changes = self.world.changes.load(SeqCst);
        assert_eq!(self.reports + rx.skipped(), changes, "reported and skipped, of all changes");
        if self.world.counted {
            assert_eq!(rx.borrow().count(), changes, "changes that are there, of all changes");
        }
    }

    pub(super) fn leave(&mut self, rx: Receiver<Setting>) {
        self.post.doing("a receiver is dropped");
        add(&TALLY.reports, self.reports);
        add(&TALLY.skipped, rx.skipped());
        self.world.mishaps.catch(|| drop(rx));
    }
}
