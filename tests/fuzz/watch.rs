//! `watch`.
//!
//! No drop of a value panics here: `arc_swap` may then leak another one.

use crate::mishaps::{Bytes, Ledger, Lender, Sleeper, Value, caught, strike};
use futures::Stream;
use overwrite_channel::watch::{
    ChangedFuture, ClosedFuture, Receiver, Ref, Sender, WaitForFuture, channel,
    error::{RecvTimeoutError, SendError},
};
use std::{
    future::Future,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
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

/// How often any value was cloned, or was to be, and how often a predicate looked at one.
#[derive(Default)]
struct Notes {
    clones: AtomicUsize,
    looks: AtomicUsize,
}

/// A value whose clones are values of their own.
struct Setting {
    value: Value,
    ledger: Ledger,
    notes: Arc<Notes>,
    /// Panics when it is cloned.
    is_brittle: bool,
}

impl Setting {
    fn id(&self) -> usize {
        self.value.id()
    }
}

impl Clone for Setting {
    fn clone(&self) -> Self {
        self.notes.clones.fetch_add(1, SeqCst);
        if self.is_brittle {
            strike();
        }
        let value = self.ledger.issue(self.value.rank, false);
        let Self { ledger, notes, .. } = self;
        Self { value, ledger: ledger.clone(), notes: Arc::clone(notes), is_brittle: false }
    }
}

/// What is sent in the middle of something else, in the order in which it is stored.
type Log = Arc<Mutex<Vec<usize>>>;

/// Sends in the middle of something else.
fn meddle(tx: &Sender<Setting>, ledger: &Ledger, notes: &Arc<Notes>, log: &Log) {
    let value = ledger.issue(0, false);
    let notes = Arc::clone(notes);
    // Before it is sent: what it wakes may send, too.
    log.lock().unwrap().push(value.id());
    let setting = Setting { value, ledger: ledger.clone(), notes, is_brittle: false };
    if tx.send(setting).is_err() {
        log.lock().unwrap().pop();
    }
}

/// A sender that a waker uses when it is woken.
struct Meddler {
    tx: Sender<Setting>,
    ledger: Ledger,
    notes: Arc<Notes>,
    log: Log,
    alive: Arc<AtomicUsize>,
}

impl Drop for Meddler {
    fn drop(&mut self) {
        self.alive.fetch_sub(1, SeqCst);
    }
}

enum Wait {
    Changed(ChangedFuture<'static, Setting>),
    /// And was it polled?
    For(WaitForFuture<'static, Setting, fn(&Setting) -> bool>, bool),
}

/// A receiver, and what the model knows of it.
struct Seat {
    /// First, because what it borrows is dropped last.
    wait: Option<Wait>,
    rx: Lender<Receiver<Setting>>,
    seen: u64,
    is_marked: bool,
    skipped: u64,
    /// Who was told `Pending`, and at which version.
    sleeper: Option<(Sleeper, u64)>,
}

impl Seat {
    fn new(rx: Receiver<Setting>, seen: u64) -> Self {
        let rx = Lender::new(rx);
        Self { wait: None, rx, seen, is_marked: false, skipped: 0, sleeper: None }
    }

    /// Nobody waits in it.
    fn idle(&mut self) -> &mut Receiver<Setting> {
        assert!(self.wait.is_none());
        // SAFETY: no future is there, and the borrow ends with the call of the caller's.
        unsafe { self.rx.lend() }
    }

    fn is_new(&self, version: u64) -> bool {
        self.is_marked || version > self.seen
    }

    fn see(&mut self, version: u64) {
        self.is_marked = false;
        if version > self.seen {
            self.skipped += version - self.seen - 1;
            self.seen = version;
        }
    }
}

/// A sender, and who borrows from it.
struct Desk {
    kept: Vec<(usize, Ref<'static, Setting>)>,
    closed: Option<(ClosedFuture<'static>, Option<Sleeper>)>,
    tx: Lender<Sender<Setting>>,
}

impl Desk {
    fn new(tx: Sender<Setting>) -> Self {
        Self { kept: Vec::new(), closed: None, tx: Lender::new(tx) }
    }

    fn tx(&self) -> &'static Sender<Setting> {
        // SAFETY: what borrows from it is used in the same step, or lies before it in its desk. Nobody
        // borrows it mutably.
        unsafe { self.tx.share() }
    }
}

struct World {
    ledger: Ledger,
    notes: Arc<Notes>,
    /// The model: the version and the value that are there.
    version: u64,
    present: usize,
    rank: usize,
    is_brittle: bool,
    desks: Vec<Desk>,
    seats: Vec<Seat>,
    /// Values that were replaced, by who replaced them.
    replaced: Vec<(usize, Ref<'static, Setting>)>,
    meddlers: Arc<AtomicUsize>,
    log: Log,
}

/// What a step is about to send.
struct Plan {
    setting: Setting,
    id: usize,
    rank: usize,
    is_brittle: bool,
}

impl World {
    fn new() -> Self {
        let (ledger, notes) = (Ledger::default(), Arc::default());
        let value = ledger.issue(0, false);
        let present = value.id();
        let first =
            Setting { value, ledger: ledger.clone(), notes: Arc::clone(&notes), is_brittle: false };
        let (tx, rx) = channel(first);
        Self {
            ledger,
            notes,
            version: 0,
            present,
            rank: 0,
            is_brittle: false,
            desks: vec![Desk::new(tx)],
            seats: vec![Seat::new(rx, 0)],
            replaced: Vec::new(),
            meddlers: Arc::default(),
            log: Log::default(),
        }
    }

    fn senders(&self) -> usize {
        self.desks.len() + self.meddlers.load(SeqCst)
    }

    fn store(&mut self, id: usize, rank: usize, is_brittle: bool) {
        self.version += 1;
        (self.present, self.rank, self.is_brittle) = (id, rank, is_brittle);
    }

    /// What was sent in the middle of it.
    fn store_all(&mut self, meddled: &[usize]) {
        for id in meddled {
            self.store(*id, 0, false);
        }
    }

    fn step(&mut self, bytes: &mut Bytes<'_>) {
        let what = bytes.below(22);
        if what < 11 {
            if !self.desks.is_empty() {
                let desk = bytes.below(self.desks.len());
                self.sender(what, desk, bytes);
            }
        } else if !self.seats.is_empty() {
            let seat = bytes.below(self.seats.len());
            self.receiver(what, seat, bytes);
        }
        let meddled = mem::take(&mut *self.log.lock().unwrap());
        self.store_all(&meddled);
    }

    fn plan(&self, bytes: &mut Bytes<'_>) -> Plan {
        let (rank, is_brittle) = (bytes.below(RANKS), bytes.one_in(8));
        let value = self.ledger.issue(rank, false);
        let (ledger, notes) = (self.ledger.clone(), Arc::clone(&self.notes));
        Plan {
            id: value.id(),
            rank,
            is_brittle,
            setting: Setting { value, ledger, notes, is_brittle },
        }
    }

    fn sender(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let tx = self.desks[index].tx();
        match what {
            0 | 1 => {
                let Plan { setting, id, rank, is_brittle } = self.plan(bytes);
                if let Some(Err(SendError(back))) = caught(|| tx.send(setting)) {
                    assert_eq!((back.id(), self.seats.len()), (id, 0), "it was refused");
                } else {
                    // A waker may have panicked.
                    assert!(!self.seats.is_empty(), "nobody is there");
                    self.store(id, rank, is_brittle);
                }
            }
            2 => {
                let old = self.present;
                let Plan { setting, id, rank, is_brittle } = self.plan(bytes);
                let replaced = caught(|| tx.send_replace(setting));
                self.store(id, rank, is_brittle);
                if let Some(replaced) = replaced {
                    assert_eq!(replaced.id(), old, "it replaced another one");
                    self.keep(replaced, bytes);
                }
            }
            3 | 4 => self.modify(tx, bytes),
            5 => {
                let look = tx.borrow();
                assert_eq!((look.id(), look.has_changed()), (self.present, false));
                let kept = &mut self.desks[index].kept;
                if kept.len() < MOST_KEPT {
                    kept.push((self.present, look));
                } else {
                    kept.clear();
                }
            }
            6 if self.desks.len() < MOST_HANDLES => self.desks.push(Desk::new(tx.clone())),
            7 => {
                let old = self.desks.swap_remove(index);
                caught(|| drop(old));
            }
            8 if self.seats.len() < MOST_HANDLES => {
                self.seats.push(Seat::new(tx.subscribe(), self.version));
            }
            _ => self.closed(index, bytes),
        }
    }

    /// It is the value itself, if nobody else looks at it.
    fn keep(&mut self, replaced: Ref<'static, Setting>, bytes: &mut Bytes<'_>) {
        let id = replaced.id();
        if bytes.one_in(3) && self.replaced.len() < MOST_KEPT {
            self.replaced.push((id, replaced));
            return;
        }
        let kept = self.desks.iter().flat_map(|desk| &desk.kept).chain(&self.replaced);
        let is_looked_at = kept.into_iter().any(|(kept, _)| *kept == id);
        match Ref::try_unwrap(replaced) {
            Ok(setting) => assert!(!is_looked_at && setting.id() == id),
            Err(look) => assert!(is_looked_at && look.id() == id, "nobody else looks at it"),
        }
    }

    fn modify(&mut self, tx: &Sender<Setting>, bytes: &mut Bytes<'_>) {
        let (strikes, interferes) = (bytes.one_in(4), bytes.one_in(3));
        let (rank, changes) = (bytes.below(RANKS), !bytes.one_in(4));
        let always = bytes.one_in(2);
        let (ledger, notes, log) = (&self.ledger, &self.notes, &self.log);
        // Of the last call, if it came to its end: what it modified, and how much was sent before.
        let (mut calls, mut last) = (0, None);
        let mut modify = |setting: &mut Setting| {
            last = None;
            calls += 1;
            if interferes && calls == 1 {
                meddle(tx, ledger, notes, log);
            }
            if strikes {
                strike();
            }
            setting.value.rank = rank;
            last = Some((setting.id(), log.lock().unwrap().len()));
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
        assert!(calls <= 2, "called again though nobody was faster");
        let meddled = mem::take(&mut *self.log.lock().unwrap());
        let (before, after) = meddled.split_at(last.map_or(meddled.len(), |(_, sent)| sent));
        self.store_all(before);
        if let (Some((id, _)), true) = (last, stores) {
            self.store(id, rank, false);
        }
        self.store_all(after);
    }

    fn closed(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let is_closed = self.seats.is_empty();
        let desk = &mut self.desks[index];
        let Some((closed, last)) = &mut desk.closed else {
            desk.closed = Some((desk.tx().closed(), None));
            return;
        };
        let sleeper = Sleeper::new(bytes, || Box::new(|| ()));
        let poll = caught(|| sleeper.poll(|cx| Pin::new(closed).poll(cx)));
        *last = Some(sleeper);
        if let Some(poll) = &poll {
            assert_eq!(poll.is_ready(), is_closed);
        }
        if poll.is_none_or(|poll| poll.is_ready()) || bytes.one_in(4) {
            let closed = desk.closed.take();
            caught(|| drop(closed));
        }
    }

    fn receiver(&mut self, what: usize, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present) = (self.version, self.present);
        let (is_full, is_closed) = (self.seats.len() >= MOST_HANDLES, self.senders() == 0);
        let seat = &mut self.seats[index];
        let is_new = seat.is_new(version);
        match what {
            11 | 12 => self.poll(index, bytes),
            13 => {
                let old = self.seats.swap_remove(index);
                caught(|| drop(old));
            }
            14 => {
                let wait = seat.wait.take();
                if bytes.one_in(3) {
                    // Its waker stays where it is.
                    mem::forget(wait);
                } else if wait.is_some() {
                    let last = seat.sleeper.take();
                    // Where the last sender is the waker's, it goes, and the channel is closed, in the first
                    // of these drops or in the second.
                    caught(|| drop(wait));
                    caught(|| drop(last));
                }
            }
            _ if seat.wait.is_some() => {}
            15 if !is_full => {
                let Seat { seen, is_marked, skipped, .. } = *seat;
                let rx = seat.idle().clone();
                self.seats.push(Seat { is_marked, skipped, ..Seat::new(rx, seen) });
            }
            16 => {
                // SAFETY: the future is dropped before anything else uses the receiver, and before it goes.
                let rx = unsafe { seat.rx.lend() };
                seat.wait = Some(if bytes.one_in(2) {
                    Wait::For(rx.wait_for(wanted), false)
                } else {
                    Wait::Changed(rx.changed())
                });
                self.poll(index, bytes);
            }
            17 => {
                let look = seat.idle().borrow();
                assert_eq!((look.id(), look.has_changed()), (present, is_new));
            }
            18 => {
                let look = seat.idle().borrow_and_update();
                assert_eq!((look.id(), look.has_changed()), (present, is_new));
                drop(look);
                seat.see(version);
            }
            19 => {
                seat.idle().mark_changed();
                seat.is_marked = true;
            }
            20 => {
                seat.idle().mark_unchanged();
                seat.see(version);
            }
            _ => {
                let end = || {
                    if is_closed {
                        RecvTimeoutError::Disconnected
                    } else {
                        RecvTimeoutError::Timeout
                    }
                };
                if bytes.one_in(2) {
                    let result = seat.idle().blocking_changed_timeout(Duration::ZERO);
                    assert_eq!(result, if is_new { Ok(()) } else { Err(end()) });
                    if is_new {
                        seat.see(version);
                    }
                } else {
                    let rx = seat.idle();
                    let result = caught(|| {
                        rx.blocking_wait_for_timeout(Duration::ZERO, wanted).map(|look| look.id())
                    });
                    let expected = if self.rank % 2 == 0 { Ok(present) } else { Err(end()) };
                    assert_eq!(result, (self.rank != POISON).then_some(expected));
                    seat.see(version);
                }
            }
        }
    }

    /// By its future if there is one, else as a stream.
    fn poll(&mut self, index: usize, bytes: &mut Bytes<'_>) {
        let (version, present, is_closed) = (self.version, self.present, self.senders() == 0);
        let rank = self.rank;
        let now = self.sleeper(bytes);
        let seat = &mut self.seats[index];
        let is_new = seat.is_new(version);
        let Seat { wait, rx, .. } = &mut *seat;
        let Notes { clones, looks } = &*self.notes;
        clones.store(0, SeqCst);
        looks.store(0, SeqCst);
        // What was found; nothing if it has panicked. And was the value looked at?
        let (poll, has_looked) = match wait {
            Some(Wait::Changed(future)) => {
                let poll = caught(|| now.poll(|cx| Pin::new(future).poll(cx)));
                let has_looked = matches!(poll, Some(Poll::Ready(Ok(()))));
                (poll.map(|poll| poll.map_ok(|()| present).map_err(drop)), has_looked)
            }
            Some(Wait::For(future, was_polled)) => {
                let poll = caught(|| now.poll(|cx| Pin::new(future).poll(cx)));
                let poll = poll.map(|poll| poll.map_ok(|look| look.id()).map_err(drop));
                let has_looked = looks.load(SeqCst) > 0;
                if let Some(poll) = &poll {
                    let looks_at_first = !mem::replace(was_polled, true);
                    assert!(has_looked || !looks_at_first, "the first value was not looked at");
                    let is_found = matches!(poll, Poll::Ready(Ok(_)));
                    assert_eq!(is_found, has_looked && rank % 2 == 0, "wanted or not");
                    assert!(!has_looked || rank != POISON);
                }
                (poll, has_looked)
            }
            None => {
                // SAFETY: no future is there, and the borrow ends with this poll.
                let rx = Pin::new(unsafe { rx.lend() });
                let poll = caught(|| now.poll(|cx| rx.poll_next(cx)));
                // The clone is a value of its own.
                let poll = poll.map(|poll| poll.map(|next| next.map(|_| present).ok_or(())));
                (poll, clones.load(SeqCst) > 0)
            }
        };
        let is_wait_for = matches!(wait, Some(Wait::For(..)));
        if has_looked {
            assert!(is_new || is_wait_for, "it was not new");
            seat.see(version);
        }
        match poll {
            Some(Poll::Pending) => {
                assert!(!seat.is_new(version) && !is_closed, "it waits, at {version}");
                let last = seat.sleeper.replace((now, version));
                caught(|| drop(last));
                return;
            }
            Some(Poll::Ready(Ok(id))) => assert!(has_looked && id == present),
            Some(Poll::Ready(Err(()))) => assert!(is_closed && !seat.is_new(version), "the end"),
            None => {}
        }
        // It is over; or a panic came out of it, and it has to be dropped.
        let (wait, last) = (seat.wait.take(), seat.sleeper.take());
        caught(|| drop(wait));
        caught(|| drop((last, now)));
    }

    fn sleeper(&self, bytes: &mut Bytes<'_>) -> Sleeper {
        Sleeper::new(bytes, || {
            let Some(desk) = self.desks.first() else { return Box::new(|| ()) };
            let alive = Arc::clone(&self.meddlers);
            alive.fetch_add(1, SeqCst);
            let (tx, ledger) = (desk.tx().clone(), self.ledger.clone());
            let (notes, log) = (Arc::clone(&self.notes), Arc::clone(&self.log));
            let meddler = Meddler { tx, ledger, notes, log, alive };
            Box::new(move || {
                let Meddler { tx, ledger, notes, log, .. } = &meddler;
                meddle(tx, ledger, notes, log);
            })
        })
    }

    /// Whoever must have been woken has been, and every handle says what is so.
    fn check(&mut self) {
        let (senders, receivers, version) = (self.senders(), self.seats.len(), self.version);
        for desk in &self.desks {
            let tx = desk.tx();
            assert_eq!((tx.sender_count(), tx.receiver_count()), (senders, receivers));
            assert_eq!(tx.is_closed(), receivers == 0);
            assert_eq!(tx.borrow().id(), self.present);
            if let (0, Some((_, Some(sleeper)))) = (receivers, &desk.closed) {
                assert!(sleeper.was_called(), "`closed` sleeps");
            }
        }
        for (id, kept) in self.desks.iter().flat_map(|desk| &desk.kept).chain(&self.replaced) {
            assert!(
                kept.id() == *id && self.ledger.is_alive(*id),
                "it changed while it was looked at"
            );
        }
        for seat in &mut self.seats {
            if let Some((sleeper, since)) = &seat.sleeper {
                let must = version > *since || senders == 0;
                assert!(!must || sleeper.was_called(), "it sleeps, since {since}");
            }
            if seat.wait.is_some() {
                continue;
            }
            let (is_new, skipped) = (seat.is_new(version), seat.skipped);
            let rx = seat.idle();
            assert_eq!((rx.is_closed(), rx.skipped()), (senders == 0, skipped));
            assert_eq!(rx.has_changed().ok(), (senders > 0).then_some(is_new));
        }
    }

    fn end(self) {
        let Self { ledger, desks, seats, replaced, .. } = self;
        for desk in desks {
            caught(|| drop(desk));
        }
        for seat in seats {
            caught(|| drop(seat));
        }
        drop(replaced);
        ledger.close();
    }
}

fn wanted(setting: &Setting) -> bool {
    setting.notes.looks.fetch_add(1, SeqCst);
    if setting.value.rank == POISON {
        strike();
    }
    setting.value.rank % 2 == 0
}
