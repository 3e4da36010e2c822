//! The calls of a receiver, and what it has seen.

use super::World;
use crate::{
    actor::{Actor, Mode, Waited, yield_now},
    receiver::View,
    setting::{MOST_SENDERS, Setting},
    tally::Count,
};
use futures::{FutureExt, StreamExt};
use overwrite_channel::{RecvError, watch::Receiver};
use std::{
    future::Future,
    mem,
    sync::{Arc, atomic::Ordering::SeqCst},
};
use support::panics::strike;

/// A receiver, and what it has seen.
#[derive(Clone)]
pub(super) struct Viewer {
    rx: Receiver<Setting>,
    seen: Seen,
}

#[derive(Clone)]
struct Seen {
    world: Arc<World>,
    /// The number of its actor.
    index: usize,
    /// How many changes were reported to the receiver.
    reports: u64,
    /// The last of them has not been looked at.
    is_unseen: bool,
    /// The number of the setting that was looked at last.
    last: usize,
    /// How many changes there were, by that setting.
    count: u64,
    /// The turn of each sender that was seen last.
    turns: [u64; MOST_SENDERS],
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

    /// Notes that a change was reported, which marks it as seen. It must be looked at next.
    fn report(&mut self) {
        self.reports += 1;
        self.is_unseen = true;
    }
}

impl Viewer {
    pub(super) fn new(world: &Arc<World>, index: usize, rx: Receiver<Setting>) -> Self {
        let (world, turns) = (Arc::clone(world), Default::default());
        let seen = Seen { world, index, reports: 0, is_unseen: false, last: 0, count: 0, turns };
        Self { rx, seen }
    }

    /// Looks at what is there now. Returns `true` if that is another setting than the last.
    fn look(&mut self) -> bool {
        let now = self.rx.borrow_and_update();
        let was_reported = self.seen.is_unseen && !now.has_changed();
        self.seen.is_unseen = was_reported;
        let is_new = self.seen.note(&now);
        assert_eq!(is_new, was_reported || now.has_changed(), "`has_changed` is wrong");
        is_new
    }

    /// Returns how many changes the receiver has seen: what was reported and what was skipped make up all of them.
    fn add_up(&self) -> u64 {
        let Seen { reports, count, .. } = self.seen;
        let skipped = self.rx.skipped();
        if self.seen.world.counted {
            assert_eq!(reports + skipped, count, "{reports} reported and {skipped} skipped");
        }
        reports + skipped
    }
}

impl View for Viewer {
    const ALL_ARE_WOKEN: bool = true;

    fn wait(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, seen } = self;
        rx.changed().map(|changed| changed.map(|()| seen.report()))
    }

    fn next(&mut self) -> impl Future<Output = Result<(), RecvError>> + Unpin + Send {
        let Self { rx, seen } = self;
        let mut note = |setting| assert!(seen.note(&setting), "the stream repeats itself");
        StreamExt::next(rx).map(move |next| next.map(&mut note).ok_or(RecvError))
    }

    fn block(&mut self, wait: Mode) -> Waited<()> {
        let (changed, in_time) = (Receiver::blocking_changed, Receiver::blocking_changed_timeout);
        wait.block(&mut self.rx, changed, in_time).map(|came| came.map(|()| self.seen.report()))
    }

    /// Wants whatever is new, or only some of it if the wait has a limit.
    async fn wait_for(&mut self, actor: &mut Actor, wait: Mode) -> Waited<()> {
        let (rough, mut dice) = (actor.rules.rough, actor.dice.split());
        let Self { rx, seen } = self;
        let wants = |setting: &Setting| {
            let is_new = seen.note(setting);
            if rough && dice.one_in(20) {
                strike();
            }
            is_new && (wait.limit.is_none() || dice.one_in(2))
        };
        if !wait.blocks {
            return wait.until(async { rx.wait_for(wants).await.map(drop) }).await;
        }
        wait.block(
            (rx, wants),
            |(rx, wants)| rx.blocking_wait_for(wants).map(drop),
            |(rx, wants), limit| rx.blocking_wait_for_timeout(limit, wants).map(drop),
        )
    }

    /// Keeps looking at a setting. A task moves between the workers meanwhile.
    async fn own(&mut self, _: &mut Actor, _: Mode) -> Waited<()> {
        let kept = self.rx.borrow();
        let number = kept.number;
        yield_now().await;
        kept.verify();
        assert_eq!(kept.number, number, "it changed while it was looked at");
        None
    }

    fn fiddle(&mut self, actor: &mut Actor) {
        let Self { rx, seen } = self;
        match actor.dice.below(5) {
            0 => rx.borrow().verify(),
            1 => {
                self.look();
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

    /// Notes how many changes they all have seen. A crowd looks until all have seen the same one: a receiver that is
    /// behind may not wait next, and senders wait for it.
    fn report_progress(viewers: &mut [Self]) {
        let is_crowd = viewers.len() > 1;
        loop {
            let looks = viewers.iter_mut().map(|viewer| {
                if is_crowd || viewer.seen.is_unseen {
                    viewer.look();
                }
                viewer.add_up()
            });
            let seen: Vec<_> = looks.collect();
            assert!(seen.is_sorted(), "a later look went back");
            let Seen { world, index, .. } = &viewers[0].seen;
            world.seen[*index].store(seen[0], SeqCst);
            if seen.first() == seen.last() {
                break;
            }
        }
    }

    /// All changes were seen.
    fn check_end(&mut self, _: &Actor) {
        assert!(self.rx.is_closed(), "no sender is left, but it is not closed");
        assert!(self.rx.has_changed().is_err());
        let World { changes, counted, .. } = &*self.seen.world;
        let changes = changes.load(SeqCst);
        assert_eq!(self.add_up(), changes, "reported and skipped, of all changes");
        if *counted {
            assert_eq!(self.rx.borrow().count(), changes, "changes that are there, of all changes");
        }
    }

    fn leave(self, actor: &Actor) {
        Count::Reported.add(self.seen.reports);
        Count::Skipped.add(self.rx.skipped());
        actor.rules.catch(|| drop(self.rx));
    }
}
