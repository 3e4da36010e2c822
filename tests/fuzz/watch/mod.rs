//! `watch`. The model is a version and a value, and what each receiver has seen of them.
//!
//! No drop of a value panics here: `arc_swap` may then leak another one.

mod handles;
mod receiving;
mod setting;

use crate::mishaps::{Bytes, Ledger, Sleeper, caught, strike};
use handles::{Desk, Meddler, Seat};
use overwrite_channel::watch::{Receiver, Ref, Sender, channel, error::SendError};
use setting::{Setting, Source};
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

const MOST_HANDLES: usize = 4;
const MOST_KEPT: usize = 3;
const RANKS: usize = 6;
/// Predicates panic when they see it.
const POISON: usize = RANKS - 1;

pub(crate) fn run(bytes: &[u8]) {
    let mut bytes = Bytes::new(bytes);
    let mut world = World::new();
    while !bytes.is_empty() {
        world.step(&mut bytes);
        world.check();
    }
    world.end();
}

/// A `Ref` that is kept, and what it showed at first.
struct Look {
    shows: Ref<'static, Setting>,
    id: usize,
    was_new: bool,
}

impl Look {
    fn new(shows: Ref<'static, Setting>) -> Self {
        Self { id: shows.id(), was_new: shows.has_changed(), shows }
    }

    fn check(&self, ledger: &Ledger) {
        let shown = (self.shows.id(), self.shows.has_changed());
        assert_eq!(shown, (self.id, self.was_new), "it changed while it was looked at");
        assert!(ledger.is_alive(self.id), "it is gone while it is looked at");
    }
}

/// The value that is there.
#[derive(Clone, Copy)]
struct Present {
    id: usize,
    rank: usize,
    is_brittle: bool,
}

struct World {
    source: Source,
    version: u64,
    present: Present,
    desks: Vec<Desk>,
    seats: Vec<Seat>,
    /// Values that were replaced, from who replaced them.
    replaced: Vec<Look>,
    /// How many handles wakers have.
    meddling_senders: Arc<AtomicUsize>,
    meddling_receivers: Arc<AtomicUsize>,
    /// Of another channel.
    strangers: (Sender<Setting>, Receiver<Setting>),
}

impl World {
    fn new() -> Self {
        let source = Source::default();
        let strangers = channel(source.issue(0, false));
        let first = source.issue(0, false);
        let present = Present { id: first.id(), rank: 0, is_brittle: false };
        let (tx, rx) = channel(first);
        Self {
            source,
            version: 0,
            present,
            desks: vec![Desk::new(tx)],
            seats: vec![Seat::new(rx, 0)],
            replaced: Vec::new(),
            meddling_senders: Arc::default(),
            meddling_receivers: Arc::default(),
            strangers,
        }
    }

    fn senders(&self) -> usize {
        self.desks.len() + self.meddling_senders.load(SeqCst)
    }

    fn receivers(&self) -> usize {
        self.seats.len() + self.meddling_receivers.load(SeqCst)
    }

    fn store(&mut self, present: Present) {
        self.version += 1;
        self.present = present;
    }

    /// What was sent in the middle of something else.
    fn store_all(&mut self, meddled: &[usize]) {
        for id in meddled {
            self.store(Present { id: *id, rank: 0, is_brittle: false });
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.below(26);
        if what >= 23 {
            self.crowd(bytes);
        } else if what < 11 {
            if !self.desks.is_empty() {
                let desk = bytes.below(self.desks.len());
                self.sender(what, desk, bytes);
            }
        } else if !self.seats.is_empty() {
            let seat = bytes.below(self.seats.len());
            self.receiver(what, seat, bytes);
        }
        self.catch_up();
    }

    /// What was sent in the middle of something else is in the model, too.
    fn catch_up(&mut self) {
        let meddled = self.source.take_meddled();
        self.store_all(&meddled);
    }

    /// Something to send, and what the model says when it is there.
    fn issue(&self, bytes: &mut Bytes<'_>) -> (Setting, Present) {
        let (rank, is_brittle) = (bytes.below(RANKS), bytes.one_in(8));
        let setting = self.source.issue(rank, is_brittle);
        let id = setting.id();
        (setting, Present { id, rank, is_brittle })
    }

    fn sender(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let (receivers, is_last) = (self.receivers(), self.desks.len() == 1);
        let tx = self.desks[index].tx();
        match what {
            0 | 1 => {
                let (setting, sent) = self.issue(bytes);
                if let Some(Err(SendError(back))) = caught(|| tx.send(setting)) {
                    assert_eq!((back.id(), receivers), (sent.id, 0), "it was refused");
                } else {
                    // A waker may have panicked.
                    assert!(receivers > 0, "nobody is there");
                    self.store(sent);
                }
            }
            2 => {
                let old = self.present;
                let (setting, sent) = self.issue(bytes);
                let replaced = caught(|| tx.send_replace(setting));
                self.store(sent);
                if let Some(replaced) = replaced {
                    let look = Look::new(replaced);
                    assert_eq!((look.id, look.was_new), (old.id, false), "it replaced another");
                    if bytes.one_in(3) && self.replaced.len() < MOST_KEPT {
                        self.replaced.push(look);
                    } else {
                        // What was sent by those who were woken is there by now.
                        self.catch_up();
                        self.part(look);
                    }
                }
            }
            3 | 4 => self.modify(tx, bytes),
            5 => {
                let look = Look::new(tx.borrow());
                assert_eq!((look.id, look.was_new), (self.present.id, false));
                let kept = &mut self.desks[index].kept;
                kept.push(look);
                if kept.len() > MOST_KEPT {
                    let first = kept.remove(0);
                    self.part(first);
                }
            }
            6 if self.desks.len() < MOST_HANDLES => self.desks.push(Desk::new(tx.clone())),
            // Without a sender little happens any more.
            7 if !is_last || bytes.one_in(4) => {
                let old = self.desks.swap_remove(index);
                caught(|| drop(old));
            }
            8 if self.seats.len() < MOST_HANDLES => {
                self.seats.push(Seat::new(tx.subscribe(), self.version));
            }
            _ => self.closed(index, bytes),
        }
    }

    /// It is the value itself, if that was replaced and nobody else looks at it.
    fn part(&self, look: Look) {
        let Look { shows, id, was_new } = look;
        let by_senders = self.desks.iter().flat_map(|desk| &desk.kept);
        let by_receivers = self.seats.iter().filter_map(|seat| seat.kept.as_ref());
        let mut kept = by_senders.chain(by_receivers).chain(&self.replaced);
        let is_shared = id == self.present.id || kept.any(|other| other.id == id);
        match Ref::try_unwrap(shows) {
            Ok(setting) => assert_eq!((setting.id(), is_shared), (id, false), "it is shared"),
            Err(shows) => {
                assert!(is_shared, "nobody else looks at it");
                Look { shows, id, was_new }.check(&self.source.ledger);
            }
        }
    }

    fn modify(&mut self, tx: &Sender<Setting>, bytes: &mut Bytes<'_>) {
        let (strikes, interferes) = (bytes.one_in(4), bytes.one_in(3));
        let (rank, changes) = (bytes.below(RANKS), !bytes.one_in(4));
        let always = bytes.one_in(2);
        let is_brittle = self.present.is_brittle;
        let source = &self.source;
        // Of the last call, if it came to its end: what it modified, and how much was sent before.
        let (mut calls, mut last) = (0, None);
        let mut modify = |setting: &mut Setting| {
            last = None;
            calls += 1;
            if interferes && calls == 1 {
                source.meddle(tx);
            }
            if strikes {
                strike();
            }
            setting.value.rank = rank;
            last = Some((setting.id(), source.count_meddled()));
        };
        let result = caught(|| {
            if always {
                tx.send_modify(modify);
                true
            } else {
                tx.send_if_modified(|setting| {
                    modify(setting);
                    changes
                })
            }
        });
        let stores = always || changes;
        // Else the clone or the closure has panicked, or a waker after them.
        if let Some(modified) = result {
            assert!(last.is_some() && modified == stores);
        }
        assert_eq!(calls == 0, is_brittle, "a value that cannot be cloned cannot be modified");
        assert!(calls <= 2, "called again though nobody was faster");
        let meddled = self.source.take_meddled();
        let (before, after) = meddled.split_at(last.map_or(meddled.len(), |(_, sent)| sent));
        self.store_all(before);
        if let (Some((id, _)), true) = (last, stores) {
            self.store(Present { id, rank, is_brittle: false });
        }
        self.store_all(after);
    }

    fn closed(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let is_closed = self.receivers() == 0;
        let desk = &mut self.desks[index];
        if bytes.one_in(4) {
            let tx = desk.tx();
            return desk.closing.change(bytes, is_closed, &mut desk.in_a_row, || tx.closed());
        }
        let Some((closed, last)) = &mut desk.closed else {
            desk.closed = Some((desk.tx().closed(), None));
            return;
        };
        let sleeper = Sleeper::new(bytes, |_| Box::new(|| ()));
        let poll = caught(|| sleeper.poll(|cx| Pin::new(closed).poll(cx)));
        desk.in_a_row.closed(poll, is_closed, &sleeper);
        *last = Some(sleeper);
        if poll.is_none_or(|poll| poll.is_ready()) || bytes.one_in(4) {
            let closed = desk.closed.take();
            if bytes.one_in(4) {
                mem::forget(closed.map(|(future, _)| future));
            } else {
                caught(|| drop(closed));
            }
        }
    }

    /// One that may send, or look, in the middle of what wakes it.
    fn sleeper(&self, bytes: &mut Bytes<'_>) -> Sleeper {
        let source = self.source.clone();
        Sleeper::new(bytes, |bytes| {
            let rx = self.seats.iter().find_map(Seat::rx);
            match (self.desks.first(), rx) {
                (_, Some(rx)) if bytes.one_in(2) => {
                    let rx = Mutex::new(rx.clone());
                    let meddler = Meddler::new(rx, &self.meddling_receivers);
                    Box::new(move || {
                        let rx = &meddler.handle;
                        look(&mut rx.lock().unwrap_or_else(PoisonError::into_inner), &source);
                    })
                }
                (Some(desk), _) => {
                    let meddler = Meddler::new(desk.tx().clone(), &self.meddling_senders);
                    Box::new(move || source.meddle(&meddler.handle))
                }
                _ => Box::new(|| ()),
            }
        })
    }

    /// Whoever must have been woken has been, and every handle says what is so.
    fn check(&self) {
        let (senders, receivers, version) = (self.senders(), self.receivers(), self.version);
        let Self { source: Source { ledger, .. }, present, desks, seats, .. } = self;
        assert!(senders + receivers == 0 || ledger.is_alive(present.id), "the value is gone");
        for desk in desks {
            let tx = desk.tx();
            assert_eq!((tx.sender_count(), tx.receiver_count()), (senders, receivers));
            assert_eq!(tx.is_closed(), receivers == 0);
            assert_eq!(tx.borrow().id(), present.id);
            assert!(tx.same_channel(desks[0].tx()) && !tx.same_channel(&self.strangers.0));
            if let (0, Some((_, Some(sleeper)))) = (receivers, &desk.closed) {
                assert!(sleeper.was_called(), "`closed` sleeps");
            }
            assert!(receivers > 0 || desk.closing.all_called(), "`closed` sleeps in a crowd");
        }
        for look in desks.iter().flat_map(|desk| &desk.kept).chain(&self.replaced) {
            look.check(ledger);
        }
        let first = seats.iter().find_map(Seat::rx);
        for seat in seats {
            seat.check(version, senders, ledger);
            let Some(rx) = seat.rx() else { continue };
            assert!(first.is_some_and(|first| rx.same_channel(first)));
            assert!(!rx.same_channel(&self.strangers.1));
        }
    }

    fn end(self) {
        let Self { source, desks, seats, replaced, strangers, .. } = self;
        for desk in desks {
            caught(|| drop(desk));
        }
        for seat in seats {
            caught(|| drop(seat));
        }
        drop(replaced);
        drop(strangers);
        source.ledger.close();
    }
}

/// With a receiver, in the middle of something else.
fn look(rx: &mut Receiver<Setting>, source: &Source) {
    let id = rx.borrow_and_update().id();
    assert!(source.ledger.is_alive(id), "a value that is gone");
    assert_ne!(rx.has_changed(), Ok(true), "it was seen");
    let clone = rx.clone();
    assert_eq!((clone.borrow().id(), clone.skipped()), (id, rx.skipped()));
}
