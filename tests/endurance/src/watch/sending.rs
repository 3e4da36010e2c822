//! What a sender does, as a thread or as a task: one change, or whatever else, and then a pause.

use super::{Setting, World};
use crate::{
    dice::Dice,
    mishaps,
    posts::Post,
    tally::{TALLY, add, cancelled},
};
use futures::{FutureExt, future::join_all};
use overwrite_channel::watch::{Ref, Sender, error::SendError};
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{Arc, atomic::Ordering::SeqCst},
    task::{Context, Waker},
    time::Duration,
};

/// More looks than a thread can have for nothing.
const MOST_KEPT: usize = 12;

pub(super) struct Writer {
    pub(super) world: Arc<World>,
    pub(super) post: Post,
    pub(super) dice: Dice,
    index: usize,
    quota: usize,
    turn: u64,
    pub(super) tx: Option<Sender<Setting>>,
    /// What was replaced, and is still looked at, with its number.
    kept: Vec<(u64, Ref<'static, Setting>)>,
    has_reopened: bool,
}

/// What comes after a step.
pub(super) enum Next {
    Go,
    Yield,
    Nap(Duration),
    /// Until all receivers have seen so many changes.
    UntilSeen(u64),
    /// Until there is no receiver; or only for a moment, if there is a limit.
    UntilClosed(Option<Duration>),
    End,
}

/// What a change came to.
#[derive(PartialEq)]
enum Change {
    Made,
    NotMade,
    Refused,
}

impl Writer {
    pub(super) fn new(
        world: &Arc<World>,
        index: usize,
        quota: usize,
        tx: Sender<Setting>,
        dice: Dice,
    ) -> Self {
        let name = ["sender 1", "sender 2", "sender 3"][index];
        let post = Post::new(world.number, name);
        let world = Arc::clone(world);
        let kept = Vec::with_capacity(MOST_KEPT);
        let (tx, has_reopened) = (Some(tx), false);
        Self { world, post, dice, index, quota, turn: 0, tx, kept, has_reopened }
    }

    pub(super) fn tx(&self) -> &Sender<Setting> {
        self.tx.as_ref().expect("it goes last")
    }

    pub(super) fn step(&mut self) -> Next {
        let world = Arc::clone(&self.world);
        if self.dice.one_in(20) {
            world.mishaps.catch(|| self.something_else());
        }
        let is_over = self.quota == 0 || (!world.senders_first && self.tx().is_closed());
        if is_over {
            return match self.has_reopened {
                _ if world.senders_first => Next::End,
                true => Next::End,
                // It comes back here when all are gone.
                false if !self.tx().is_closed() => Next::UntilClosed(None),
                false => {
                    self.reopen();
                    Next::Go
                }
            };
        }
        self.quota -= 1;
        match self.change() {
            Change::Refused => {
                assert!(!world.senders_first, "refused, and a receiver is left");
                return Next::UntilClosed(None);
            }
            Change::NotMade => {}
            Change::Made => {
                let changes = world.changes.load(SeqCst);
                if world.senders_first && self.dice.one_in(world.wait_one_in) {
                    return Next::UntilSeen(changes);
                }
            }
        }
        if !self.dice.one_in(world.pause_one_in) {
            return Next::Go;
        }
        match self.dice.below(20) {
            0 => Next::Nap(self.dice.moment()),
            1 => Next::UntilClosed(Some(self.dice.moment())),
            _ => Next::Yield,
        }
    }

    /// One change of any kind, counted.
    fn change(&mut self) -> Change {
        let world = Arc::clone(&self.world);
        let mut before_the_change = false;
        // A waker that panics does so when the change is made.
        let made = world.mishaps.catch(|| self.make_change(&mut before_the_change));
        let change = match made {
            Some(change) => change,
            None if before_the_change => Change::NotMade,
            None => Change::Made,
        };
        if change == Change::Made {
            world.changes.fetch_add(1, SeqCst);
        }
        change
    }

    /// `panics` is told when a closure is about to panic.
    fn make_change(&mut self, panics: &mut bool) -> Change {
        self.turn += 1;
        let Self { index, turn, .. } = *self;
        let may_panic = self.world.rough && self.dice.one_in(20);
        let kind = self.dice.within(if self.world.counted { 2 } else { 0 }, 3);
        let mut modify = |setting: &mut Setting| {
            setting.by[index] += 1;
            setting.sign(index, turn);
            if may_panic {
                *panics = true;
                mishaps::strike();
            }
        };
        match kind {
            0 => {
                let setting = self.world.book.setting(index, turn);
                self.post.doing("watch::Sender::send");
                match self.tx().send(setting) {
                    Ok(()) => Change::Made,
                    Err(SendError(setting)) => {
                        assert_eq!((setting.sender, setting.turn), (index, turn));
                        Change::Refused
                    }
                }
            }
            1 => {
                let setting = self.world.book.setting(index, turn);
                self.post.doing("watch::Sender::send_replace");
                let replaced = self.tx().send_replace(setting);
                replaced.verify();
                self.keep(replaced);
                Change::Made
            }
            2 => {
                self.post.doing("watch::Sender::send_modify");
                self.tx().send_modify(modify);
                Change::Made
            }
            _ => {
                let changes = self.dice.one_in(2);
                self.post.doing("watch::Sender::send_if_modified");
                let is_modified = self.tx().send_if_modified(|setting| {
                    modify(setting);
                    changes
                });
                assert_eq!(is_modified, changes);
                if changes { Change::Made } else { Change::NotMade }
            }
        }
    }

    /// What is looked at must not change, whatever is sent meanwhile.
    fn keep(&mut self, replaced: Ref<'static, Setting>) {
        for (number, kept) in &self.kept {
            kept.verify();
            assert_eq!(kept.number, *number, "it changed while it was looked at");
        }
        if self.kept.len() == MOST_KEPT || self.dice.one_in(4) {
            drop(self.kept.pop().map(|(_, kept)| Ref::try_unwrap(kept)));
        }
        if self.dice.one_in(2) {
            self.kept.push((replaced.number, replaced));
        }
    }

    fn something_else(&mut self) {
        self.post.doing("subscribe, borrow, clone, and so on");
        let tx = self.tx.as_ref().expect("it goes last");
        match self.dice.below(5) {
            0 => {
                let clone = tx.clone();
                assert!(clone.same_channel(tx) && tx.sender_count() > 1);
                self.tx = Some(clone);
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
                assert!(looks.is_sorted_by_key(|look| if self.world.counted {
                    look.count()
                } else {
                    0
                }));
            }
            3 => {
                let mut closed = tx.closed();
                let poll = Pin::new(&mut closed).poll(&mut Context::from_waker(Waker::noop()));
                let expected = self.world.senders_first;
                assert!(!expected || poll.is_pending(), "closed, and a receiver is left");
                if self.dice.one_in(2) {
                    mem::forget(closed);
                }
                cancelled();
            }
            _ => drop(mem::take(&mut self.kept)),
        }
    }

    /// Waits for the receivers' end, in one future, or in many at once.
    pub(super) fn closed(&mut self) -> impl Future<Output = ()> {
        let futures = if self.dice.one_in(4) { self.dice.crowd() } else { 1 };
        join_all((0..futures).map(|_| self.tx().closed())).map(drop)
    }

    /// There was no receiver: with a new one the channel is open again.
    fn reopen(&mut self) {
        self.post.doing("opens the channel again");
        self.has_reopened = true;
        let world = Arc::clone(&self.world);
        let mut rx = self.tx().subscribe();
        assert!(!self.tx().is_closed(), "it has a receiver");
        let change = self.change();
        assert!(change != Change::Refused, "refused, and a receiver is there");
        world.mishaps.catch(|| {
            let seen = rx.borrow_and_update();
            assert!(seen.has_changed() || change != Change::Made, "a change that is not new");
        });
        add(&TALLY.reopened, 1);
        world.mishaps.catch(|| drop(rx));
    }

    pub(super) fn leave(&mut self) {
        self.post.doing("a sender is dropped");
        self.kept.clear();
        let tx = self.tx.take();
        self.world.mishaps.catch(|| drop(tx));
    }
}
