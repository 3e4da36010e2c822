//! What a receiver does: one step after the other, on a thread or as a task.

use super::{SENDERS, Setting, World};
use crate::{
    actor::{Actor, Waited, poll_some},
    crew::Part,
    tally::Count,
};
use futures::StreamExt;
use overwrite_channel::{RecvError, watch::Receiver};
use std::{
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use support::{dice::Dice, panics::strike};
use tokio::task::yield_now;

/// The ways to look for a change.
#[derive(Clone, Copy, Debug)]
enum Step {
    BlockingChanged,
    BlockingWaitFor,
    Changed,
    WaitFor,
    StreamNext,
    ChangedDropped,
    ChangedForgotten,
    BorrowKept,
}

const BLOCKING: [Step; 2] = [Step::BlockingChanged, Step::BlockingWaitFor];
const AWAITING: [Step; 6] = [
    Step::Changed,
    Step::WaitFor,
    Step::StreamNext,
    Step::ChangedDropped,
    Step::ChangedForgotten,
    Step::BorrowKept,
];

/// A receiver, and what it has seen.
#[derive(Clone)]
pub(super) struct View {
    pub(super) rx: Receiver<Setting>,
    seen: Seen,
}

#[derive(Clone)]
struct Seen {
    world: Arc<World>,
    /// How many changes were reported to the receiver.
    reports: u64,
    /// The last of them has not been looked at.
    is_unseen: bool,
    /// The number of the setting that was looked at last.
    last: u64,
    /// How many changes there were, by that setting.
    count: u64,
    /// The turn of each sender that was seen last.
    turns: [u64; SENDERS.len()],
}

impl Seen {
    /// Notes a setting that is marked as seen. Returns `true` if it is another one than the last.
    fn note(&mut self, setting: &Setting) -> bool {
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
        self.reports += u64::from(!mem::take(&mut self.is_unseen));
        true
    }
}

impl View {
    pub(super) fn new(world: &Arc<World>, rx: Receiver<Setting>) -> Self {
        let (world, turns) = (Arc::clone(world), Default::default());
        Self { rx, seen: Seen { world, reports: 0, is_unseen: false, last: 0, count: 0, turns } }
    }

    /// Notes that a change was reported, which marks it as seen. It must be looked at next.
    pub(super) fn report(&mut self) {
        self.seen.reports += 1;
        self.seen.is_unseen = true;
    }

    /// Looks at what is there now. Returns `true` if that is another setting than the last.
    pub(super) fn look(&mut self) -> bool {
        let now = self.rx.borrow_and_update();
        let was_reported = self.seen.is_unseen && !now.has_changed();
        self.seen.is_unseen = was_reported;
        let is_new = self.seen.note(&now);
        assert_eq!(is_new, was_reported || now.has_changed(), "`has_changed` is wrong");
        is_new
    }

    /// Returns how many changes the receiver has seen: what was reported and what was skipped make up all of them.
    pub(super) fn add_up(&self) -> u64 {
        let Seen { reports, count, .. } = self.seen;
        let skipped = self.rx.skipped();
        if self.seen.world.counted {
            assert_eq!(reports + skipped, count, "{reports} reported and {skipped} skipped");
        }
        reports + skipped
    }

    /// Checks an end that was reported: all changes were seen.
    pub(super) fn check_end(&self) {
        assert!(self.rx.is_closed(), "no sender is left, but it is not closed");
        assert!(self.rx.has_changed().is_err());
        let changes = self.seen.world.changes.load(SeqCst);
        assert_eq!(self.add_up(), changes, "reported and skipped, of all changes");
        if self.seen.world.counted {
            assert_eq!(self.rx.borrow().count(), changes, "changes that are there, of all changes");
        }
    }

    pub(super) fn leave(self) {
        Count::Reported.add(self.seen.reports);
        Count::Skipped.add(self.rx.skipped());
        self.seen.world.rules.catch(|| drop(self.rx));
    }
}

pub(super) struct Reader {
    world: Arc<World>,
    actor: Actor,
    index: usize,
    steps: usize,
    view: View,
}

impl Reader {
    pub(super) fn part(
        world: &Arc<World>,
        (index, name): (usize, &'static str),
        rx: Receiver<Setting>,
        dice: &mut Dice,
    ) -> Part {
        let actor = Actor::new(&world.rules, name, dice);
        let (post, steps, view) =
            (Arc::clone(&actor.post), dice.pick(&[3, 20, 60]), View::new(world, rx));
        let reader = Self { world: Arc::clone(world), actor, index, steps, view };
        Part::new(&post, None, reader.receive())
    }

    async fn receive(mut self) {
        let rules = Arc::clone(&self.world.rules);
        while rules.senders_first || self.steps > 0 {
            self.steps = self.steps.saturating_sub(1);
            if self.actor.dice.one_in(10) {
                rules.catch(|| self.glance());
                self.world.has_seen(self.index, self.view.add_up());
            }
            let came = rules.catch_in(self.step()).await.flatten();
            self.world.has_seen(self.index, self.view.add_up());
            if came == Some(Err(RecvError)) {
                self.view.check_end();
                break;
            }
            self.actor.breathe().await;
        }
        self.actor.doing(&"a receiver is dropped");
        self.view.leave();
    }

    /// Waits for a change, in any way.
    async fn step(&mut self) -> Waited<()> {
        let (step, wait) = self.actor.draw(&BLOCKING, &AWAITING);
        let (rough, mut dice) = (self.world.rules.rough, self.actor.dice.split());
        let View { rx, seen } = &mut self.view;
        // Wants whatever is new, or only some of it if the wait has a limit.
        let wants = |setting: &Setting| {
            let is_new = seen.note(setting);
            if rough && dice.one_in(20) {
                strike();
            }
            is_new && (wait.limit.is_none() || dice.one_in(2))
        };
        let changed = match step {
            Step::BlockingChanged => wait.block(
                rx,
                Receiver::blocking_changed,
                Receiver::blocking_changed_timeout,
                Receiver::blocking_changed_deadline,
            ),
            Step::Changed => wait.until(rx.changed()).await,
            Step::ChangedDropped => {
                poll_some(self.actor.dice.within(1, 3), false, rx.changed()).await
            }
            Step::ChangedForgotten => match poll_some(1, true, rx.changed()).await {
                None => wait.until(rx.changed()).await,
                ready => ready,
            },
            Step::BlockingWaitFor => {
                return wait.block(
                    (rx, wants),
                    |(rx, wants)| rx.blocking_wait_for(wants).map(drop),
                    |(rx, wants), limit| rx.blocking_wait_for_timeout(limit, wants).map(drop),
                    |(rx, wants), end| rx.blocking_wait_for_deadline(end, wants).map(drop),
                );
            }
            Step::WaitFor => return wait.until(async { rx.wait_for(wants).await.map(drop) }).await,
            Step::StreamNext => {
                let next = wait.until(async { rx.next().await.ok_or(RecvError) }).await?;
                return Some(next.map(|setting| {
                    assert!(seen.note(&setting), "the stream repeats itself");
                }));
            }
            Step::BorrowKept => {
                // A task moves between the workers meanwhile.
                let kept = rx.borrow();
                let number = kept.number;
                yield_now().await;
                kept.verify();
                assert_eq!(kept.number, number, "it changed while it was looked at");
                return None;
            }
        };
        if changed == Some(Ok(())) {
            self.view.report();
            assert!(self.view.look(), "`changed`, and nothing has");
        }
        changed
    }

    /// Looks without a wait.
    fn glance(&mut self) {
        self.actor.doing(&"borrow, mark_changed, clone, and so on");
        let View { rx, seen } = &mut self.view;
        match self.actor.dice.below(5) {
            0 => rx.borrow().verify(),
            1 => {
                self.view.look();
            }
            2 => {
                rx.mark_changed();
                let now = rx.borrow_and_update();
                assert!(now.has_changed(), "it was marked");
                seen.note(&now);
            }
            3 => {
                let clone = rx.clone();
                assert!(clone.same_channel(rx) && clone.skipped() == rx.skipped());
                *rx = clone;
            }
            _ => {
                // In this order: after a report that nothing is new, something may come a moment later.
                let is_new = rx.has_changed() == Ok(true);
                assert!(!is_new || rx.borrow().has_changed(), "new, and then not");
            }
        }
    }
}
