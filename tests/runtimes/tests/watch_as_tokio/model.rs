//! A model of all calls: a value, and for each receiver whether that value is new to it. Random walks make calls on a
//! changing number of handles, and after each step every handle must be in the model's state. Unlike `tests/fuzz`, it makes
//! the calls that tokio has, and runs on tokio's `watch` too.

use super::Polled;
use crate::{
    FAILED_MODIFICATION_STAYS, WAITED_FOR_IS_NEW, old,
    watch::{Receiver, Sender, channel, error::RecvError},
};
use futures::FutureExt;
use std::{cell::Cell, collections::BTreeSet, future::poll_fn, pin::pin, ptr, rc::Rc, task::Poll};
use support::{dice::Dice, waker::Task, watchdog::watched};

struct Idle {
    rx: Receiver<usize>,
    is_new: bool,
}

/// A receiver in a call of `changed`, or of `wait_for` if a value is wanted.
struct Waiting {
    future: Polled<'static, (Receiver<usize>, End)>,
    wanted: Option<usize>,
    /// How often the predicate was called.
    calls: Rc<Cell<usize>>,
    is_given_up: Rc<Cell<bool>>,
    is_new: bool,
    was_polled: bool,
    is_notified: bool,
}

/// What a wait returned: with `wait_for`, the value, and whether it was new. `None` if it was given up.
type End = Option<Result<Option<(usize, bool)>, RecvError>>;

impl Waiting {
    fn new(Idle { mut rx, is_new }: Idle, wanted: Option<usize>) -> Self {
        let (calls, is_given_up) = <(Rc<Cell<usize>>, Rc<Cell<bool>>)>::default();
        let future = Polled::new({
            let (calls, is_given_up) = (calls.clone(), is_given_up.clone());
            async move {
                let end = {
                    let mut wait = pin!(async {
                        let Some(wanted) = wanted else { return rx.changed().await.map(|()| None) };
                        let mut asked = ptr::null();
                        let is_wanted = |value: &usize| {
                            asked = value;
                            calls.set(calls.get() + 1);
                            *value == wanted
                        };
                        let found = rx.wait_for(is_wanted).await?;
                        assert!(ptr::eq(&raw const *found, asked));
                        Ok(Some((*found, found.has_changed())))
                    });
                    poll_fn(|cx| {
                        if is_given_up.get() {
                            return Poll::Ready(None);
                        }
                        wait.as_mut().poll(cx).map(Some)
                    })
                    .await
                };
                (rx, end)
            }
        });
        let [was_polled, is_notified] = [false; 2];
        Self { future, wanted, calls, is_given_up, is_new, was_polled, is_notified }
    }
}

/// A sender in a call of `closed`.
struct Closing {
    future: Polled<'static, Sender<usize>>,
    is_notified: bool,
}

struct Model {
    dice: Dice,
    value: usize,
    changes: usize,
    senders: Vec<Sender<usize>>,
    closing: Vec<Closing>,
    idle: Vec<Idle>,
    waiting: Vec<Waiting>,
    /// Tasks whose waits were given up, dropped, or moved to another task.
    gone: Vec<Task>,
}

/// Returns the place of any item.
fn any<T>(dice: &mut Dice, items: &[T]) -> Option<usize> {
    (!items.is_empty()).then(|| dice.below(items.len()))
}

impl Model {
    fn new(mut dice: Dice) -> Self {
        let (tx, idle) = match dice.below(3) {
            0 => (Sender::default(), vec![]),
            1 => (Sender::new(0), vec![]),
            _ => {
                let (tx, rx) = channel(0);
                (tx, vec![Idle { rx, is_new: false }])
            }
        };
        let (closing, waiting, gone) = Default::default();
        Self { dice, value: 0, changes: 0, senders: vec![tx], closing, idle, waiting, gone }
    }

    fn sender_count(&self) -> usize {
        self.senders.len() + self.closing.len()
    }

    fn receiver_count(&self) -> usize {
        self.idle.len() + self.waiting.len()
    }

    fn step(&mut self, met: &mut BTreeSet<[&'static str; 3]>) {
        let before = (self.changes, self.sender_count() > 0, self.receiver_count() > 0);
        match self.dice.below(16) {
            0..3 => self.send(),
            3..6 => self.begin_wait(),
            6..9 => self.poll_wait(met),
            9 => self.give_up_wait(),
            10 => self.wait_in_another_task(),
            11 => self.begin_closed(),
            12 => self.poll_closed(),
            13 => self.make_handle(),
            14 => self.drop_handle(),
            _ => self.mark(),
        }
        let senders_end = before.1 && self.sender_count() == 0;
        let receivers_end = before.2 && self.receiver_count() == 0;
        self.check_wakes(self.changes > before.0 || senders_end, receivers_end);
        self.check_handles();
    }

    fn send(&mut self) {
        let Some(tx) = any(&mut self.dice, &self.senders) else { return };
        let is_heard = self.receiver_count() > 0;
        let (tx, value) = (&self.senders[tx], self.dice.below(4));
        let mut calls = 0;
        let mut modify = |before: &mut usize| {
            calls += 1;
            assert_eq!(*before, self.value);
        };
        let is_stored = match self.dice.below(5) {
            0 => {
                assert_eq!(
                    tx.send(value).map_err(|error| error.0),
                    is_heard.then_some(()).ok_or(value)
                );
                is_heard
            }
            1 => {
                assert_eq!(old(tx.send_replace(value)), self.value);
                true
            }
            2 => {
                tx.send_modify(|before| {
                    modify(before);
                    *before = value;
                });
                assert_eq!(calls, 1);
                true
            }
            is_modified => {
                let is_modified = is_modified == 3;
                let returned = tx.send_if_modified(|before| {
                    modify(before);
                    *before = value;
                    is_modified
                });
                assert_eq!((returned, calls), (is_modified, 1));
                if !is_modified && FAILED_MODIFICATION_STAYS {
                    self.value = value;
                }
                is_modified
            }
        };
        if is_stored {
            self.value = value;
            self.changes += 1;
            self.idle.iter_mut().for_each(|idle| idle.is_new = true);
            self.waiting.iter_mut().for_each(|wait| wait.is_new = true);
        }
    }

    /// Makes the future, whose first poll may come later.
    fn begin_wait(&mut self) {
        let Some(at) = any(&mut self.dice, &self.idle) else { return };
        let wanted = self.dice.one_in(2).then(|| self.dice.below(4));
        self.waiting.push(Waiting::new(self.idle.swap_remove(at), wanted));
    }

    fn poll_wait(&mut self, met: &mut BTreeSet<[&'static str; 3]>) {
        let Some(at) = any(&mut self.dice, &self.waiting) else { return };
        let wait = &mut self.waiting[at];
        let is_first = !wait.was_polled;
        // The predicate is asked for the present value, and then for the newest one if a send came between.
        let asks = wait.wanted.is_some() && (is_first || wait.is_new);
        let is_found = match wait.wanted {
            None => wait.is_new,
            Some(wanted) => asks && wanted == self.value,
        };
        let has_ended = self.senders.is_empty() && self.closing.is_empty();
        wait.calls.set(0);
        let poll = wait.future.poll();
        assert_eq!(wait.calls.get(), usize::from(asks));
        met.insert([
            wait.wanted.map_or("changed", |_| "wait_for"),
            if is_found {
                "found"
            } else if has_ended {
                "ended"
            } else {
                "pending"
            },
            if is_first { "at once" } else { "later" },
        ]);
        if let Poll::Ready((rx, end)) = poll {
            match end.expect("it was not given up") {
                Ok(found) => {
                    assert!(is_found);
                    let is_new = if is_first { wait.is_new } else { WAITED_FOR_IS_NEW };
                    assert_eq!(found, wait.wanted.map(|wanted| (wanted, is_new)));
                }
                Err(_) => assert!(has_ended && !is_found),
            }
            self.waiting.swap_remove(at);
            self.idle.push(Idle { rx, is_new: false });
        } else {
            assert!(!is_found && !has_ended, "it sleeps");
            wait.was_polled = true;
            [wait.is_new, wait.is_notified] = [false; 2];
        }
    }

    /// Nothing is marked as seen by that, and what was not polled has not asked its predicate.
    fn give_up_wait(&mut self) {
        let Some(at) = any(&mut self.dice, &self.waiting) else { return };
        let mut wait = self.waiting.swap_remove(at);
        wait.is_given_up.set(true);
        wait.calls.set(0);
        let (rx, end) = wait.future.end();
        assert!(end.is_none() && wait.calls.get() == 0);
        self.idle.push(Idle { rx, is_new: wait.is_new });
        self.gone.push(wait.future.task);
    }

    fn wait_in_another_task(&mut self) {
        let pending = |wait: &&mut Waiting| wait.was_polled && !wait.is_notified;
        if let Some(wait) = self.waiting.iter_mut().find(pending) {
            self.gone.push(wait.future.change_task());
            assert!(wait.future.poll().is_pending());
        }
    }

    fn begin_closed(&mut self) {
        let Some(at) = any(&mut self.dice, &self.senders) else { return };
        let tx = self.senders.swap_remove(at);
        let future = Polled::new(async move {
            tx.closed().await;
            tx
        });
        self.closing.push(Closing { future, is_notified: false });
        self.poll_closing(self.closing.len() - 1);
    }

    fn poll_closed(&mut self) {
        if let Some(at) = any(&mut self.dice, &self.closing) {
            self.poll_closing(at);
        }
    }

    fn poll_closing(&mut self, at: usize) {
        let are_gone = self.receiver_count() == 0;
        let closing = &mut self.closing[at];
        if let Poll::Ready(tx) = closing.future.poll() {
            // Whether it notices a moment without receivers, which is over, is left open.
            assert!(are_gone || closing.is_notified);
            self.closing.swap_remove(at);
            self.senders.push(tx);
        } else {
            assert!(!are_gone, "it sleeps");
            closing.is_notified = false;
        }
    }

    fn make_handle(&mut self) {
        if let Some(at) = any(&mut self.dice, &self.idle).filter(|_| self.dice.one_in(2)) {
            let Idle { rx, is_new } = &self.idle[at];
            self.idle.push(Idle { rx: rx.clone(), is_new: *is_new });
        } else if let Some(at) = any(&mut self.dice, &self.senders) {
            if self.dice.one_in(2) {
                self.senders.push(self.senders[at].clone());
            } else {
                self.idle.push(Idle { rx: self.senders[at].subscribe(), is_new: false });
            }
        }
    }

    fn drop_handle(&mut self) {
        match self.dice.below(4) {
            0 => self.senders.truncate(self.senders.len().saturating_sub(1)),
            1 => self.idle.truncate(self.idle.len().saturating_sub(1)),
            2 => self.gone.extend(self.closing.pop().map(|closing| closing.future.task)),
            _ => self.gone.extend(self.waiting.pop().map(|wait| wait.future.task)),
        }
    }

    fn mark(&mut self) {
        let Some(at) = any(&mut self.dice, &self.idle) else { return };
        let Idle { rx, is_new } = &mut self.idle[at];
        *is_new = match self.dice.below(3) {
            0 => {
                rx.mark_changed();
                true
            }
            1 => {
                rx.mark_unchanged();
                false
            }
            _ => {
                let look = rx.borrow_and_update();
                assert_eq!((*look, look.has_changed()), (self.value, *is_new));
                false
            }
        };
    }

    /// Each task that waits is woken once by what it waits for, and by nothing else.
    fn check_wakes(&mut self, receivers_are_notified: bool, senders_are_notified: bool) {
        let check = |wakes: usize, is_woken: bool, is_notified: &mut bool| {
            assert!(wakes <= usize::from(is_woken), "woken {wakes} times");
            assert!(wakes == 1 || !is_woken || *is_notified, "it sleeps");
            *is_notified |= is_woken;
        };
        for wait in &mut self.waiting {
            let is_woken = receivers_are_notified && wait.was_polled;
            check(wait.future.wakes(), is_woken, &mut wait.is_notified);
        }
        for closing in &mut self.closing {
            check(closing.future.wakes(), senders_are_notified, &mut closing.is_notified);
        }
        assert!(self.gone.iter().all(|task| task.seen().woken == 0), "nothing waits there");
    }

    fn check_handles(&self) {
        let (senders, receivers) = (self.sender_count(), self.receiver_count());
        for tx in &self.senders {
            assert_eq!((tx.sender_count(), tx.receiver_count()), (senders, receivers));
            assert_eq!(tx.is_closed(), receivers == 0);
            assert_eq!((*tx.borrow(), tx.borrow().has_changed()), (self.value, false));
        }
        for Idle { rx, is_new } in &self.idle {
            assert_eq!(rx.is_closed(), senders == 0);
            assert_eq!((*rx.borrow(), rx.borrow().has_changed()), (self.value, *is_new));
            // `has_changed` is an error as soon as every sender is gone, `changed` when the last value was seen, too.
            assert_eq!(rx.has_changed().ok(), (senders > 0).then_some(*is_new));
            let changed = rx.clone().changed().now_or_never();
            assert_eq!(
                changed.map(|end| end.is_ok()),
                (*is_new || senders == 0).then_some(*is_new)
            );
        }
    }
}

#[test]
fn every_call_does_what_the_model_does() {
    watched(|_| {
        let mut dice = Dice::new(0);
        let mut met = BTreeSet::new();
        for _ in 0..2_000 {
            let mut model = Model::new(dice.split());
            (0..60).for_each(|_| model.step(&mut met));
        }
        assert_eq!(met.len(), 2 * 3 * 2, "each outcome of both waits, at once and later: {met:?}");
    });
}
