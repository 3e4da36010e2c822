//! What is done with senders.

use super::{Look, Present, Register, Sender, Setting};
use crate::shared::{Bytes, Interpreter, RANKS, RECEIVERS};
use std::{cell::Cell, mem};
use support::{
    panics::{caught, strike},
    waker::Event,
};

/// Ways to modify a value.
const MODIFY: usize = 0;
/// Without a clone.
const UPDATE: usize = 1;

impl Register {
    pub(super) fn send(&mut self, tx: &Sender<Setting>, bytes: &mut Bytes<'_>) {
        let (setting, sent) = self.issue(bytes);
        let receivers = self.counts()[RECEIVERS];
        if let Some(Err(refused)) = caught(|| tx.send(setting)) {
            assert_eq!((refused.into_inner().value.id(), receivers), (sent.id, 0));
        } else {
            // A waker may have panicked.
            assert!(receivers > 0, "no receiver is left");
            self.store(sent);
        }
    }

    /// The value that was replaced is kept; or the first that is kept is let go.
    pub(super) fn replace(&mut self, tx: &Sender<Setting>, bytes: &mut Bytes<'_>) {
        let old = self.present.id;
        let (setting, sent) = self.issue(bytes);
        let replaced = caught(|| Look::new(tx.send_replace(setting), old, false));
        self.store(sent);
        // What was sent by those that were woken is there by now.
        self.catch_up();
        self.replaced.extend(replaced);
        if bytes.one_in(2) && !self.replaced.is_empty() {
            let first = self.replaced.remove(0);
            self.part(first);
        }
    }

    /// Returns something to send, and what the model says when it is there.
    fn issue(&self, bytes: &mut Bytes<'_>) -> (Setting, Present) {
        let (rank, is_brittle) = (bytes.below(RANKS), bytes.one_in(8));
        let mut setting = self.notes.issue(rank);
        if is_brittle {
            setting.value = setting.value.panicking_in(Event::Clone);
        }
        let id = setting.value.id();
        (setting, Present { id, rank, is_brittle })
    }

    pub(super) fn modify(&mut self, tx: &Sender<Setting>, bytes: &mut Bytes<'_>) {
        let (strikes_in, interferes) = (bytes.one_in(4).then(|| bytes.below(2)), bytes.one_in(3));
        let (rank, changes, how) = (bytes.below(RANKS), !bytes.one_in(4), bytes.below(3));
        let Present { rank: old, is_brittle, .. } = self.present;
        let notes = &self.notes;
        // Of the last call, if it came to its end: what it made, and how much was sent before.
        let (mut calls, last) = (0, Cell::new(None));
        let mut look = |setting: &Setting| {
            last.set(None);
            assert_eq!(setting.value.rank, if calls == 0 { old } else { 0 }, "it is another");
            calls += 1;
            if interferes && calls == 1 {
                notes.meddle(tx);
            }
            if strikes_in == Some(calls - 1) {
                strike();
            }
        };
        let change = |setting: &mut Setting| {
            setting.value.rank = rank;
            last.set(Some((setting.value.id(), notes.meddled.lock().unwrap().len())));
        };
        let result = caught(|| match how {
            MODIFY => {
                tx.send_modify(|setting| {
                    look(setting);
                    change(setting);
                });
                true
            }
            UPDATE => tx.update(|current| {
                look(current);
                changes.then(|| {
                    let mut made = notes.issue(rank);
                    change(&mut made);
                    made
                })
            }),
            _ => tx.send_if_modified(|setting| {
                look(setting);
                change(setting);
                changes
            }),
        });
        let last = last.get();
        let stores = how == MODIFY || changes;
        // Else the clone or the closure has panicked, or a waker after them.
        if let Some(modified) = result {
            assert_eq!((modified, last.is_some()), (stores, stores || how != UPDATE));
        }
        assert_eq!(
            calls == 0,
            is_brittle && how != UPDATE,
            "a value that cannot be cloned cannot be modified"
        );
        assert!(calls <= 1 + usize::from(interferes), "called again, with no other store");
        let meddled = mem::take(&mut *self.notes.meddled.lock().unwrap());
        let (before, after) = meddled.split_at(last.map_or(meddled.len(), |(_, sent)| sent));
        self.store_all(before);
        if let (Some((id, _)), true) = (last, stores) {
            self.store(Present { id, rank, is_brittle: false });
        }
        self.store_all(after);
    }
}
