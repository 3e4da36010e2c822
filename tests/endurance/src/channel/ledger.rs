//! The account of one world's values: each is numbered, and its fate is written down.

use crate::tally::Count;
use std::{
    cell::Cell,
    cmp::Ordering,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use support::panics::strike;

/// What becomes of a value, exactly once. Each is a bit of its own, so that a second one shows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(super) enum Fate {
    Received = 1,
    /// Handed back by the send that replaced it, or dropped by a `Sink`, which hands nothing back.
    Displaced = 2,
    /// Handed back in a `SendError`.
    HandedBack = 4,
    /// Taken by a predicate that did not want it.
    Unwanted = 8,
    /// Dropped while a panic unwound.
    Lost = 16,
    /// Dropped with the channel, and never handed out.
    Left = 32,
}

const FATES: [(Fate, Count); 6] = [
    (Fate::Received, Count::Received),
    (Fate::Displaced, Count::Displaced),
    (Fate::HandedBack, Count::HandedBack),
    (Fate::Unwanted, Count::Unwanted),
    (Fate::Lost, Count::Lost),
    (Fate::Left, Count::Left),
];
const DROPPED: u8 = 128;

pub(super) struct Ledger {
    world: u64,
    values: Box<[AtomicU8]>,
    issued: AtomicUsize,
    /// Values that are in no channel any more and were not displaced.
    pub(super) taken: AtomicUsize,
    /// Clones that are alive: `send_newest` compares with them.
    clones: AtomicI64,
}

impl Ledger {
    /// Makes a ledger for at most so many values.
    pub(super) fn new(world: u64, room: usize) -> Arc<Self> {
        let values = (0..room).map(|_| AtomicU8::new(0)).collect();
        let [issued, taken] = [const { AtomicUsize::new(0) }; 2];
        Arc::new(Self { world, values, issued, taken, clones: AtomicI64::new(0) })
    }

    /// Issues the next value. The numbers of a thread's values rise.
    pub(super) fn issue(self: &Arc<Self>, sender: usize, is_bomb: bool) -> Value {
        let number = self.issued.fetch_add(1, SeqCst);
        let check = self.check(number, sender);
        Value { number, sender, check, ledger: Arc::clone(self), is_bomb, is_clone: false }
    }

    /// Returns `true` if the value with this number has met its fate.
    pub(super) fn is_settled(&self, number: usize) -> bool {
        self.values[number].load(SeqCst) != 0
    }

    fn write(&self, number: usize, fate: Fate) {
        self.taken.fetch_add(usize::from(fate != Fate::Displaced), SeqCst);
        let before = self.values[number].fetch_or(fate as u8, SeqCst);
        let before = FATES.map(|(fate, _)| (before & fate as u8 != 0).then_some(fate));
        let world = self.world;
        assert_eq!(
            before, [None; 6],
            "world {world}: value {number} met another fate than {fate:?}"
        );
    }

    fn check(&self, number: usize, sender: usize) -> u64 {
        let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        !(mixed ^ self.world.rotate_left(40)).wrapping_add(sender as u64)
    }

    /// Checks the account when every handle is gone. At most `most_lost` values may be lost to panics, at most
    /// `most_left` may be left in their channels, and the newest must not be displaced if it `stays`.
    pub(super) fn close(&self, most_lost: u64, most_left: u64, newest_stays: bool) {
        let Self { world, values, issued, clones, .. } = self;
        let issued = issued.load(SeqCst);
        let values: Vec<u8> = values[..issued].iter().map(|value| value.load(SeqCst)).collect();
        let kept = values.iter().position(|value| value & DROPPED == 0);
        assert_eq!(kept, None, "world {world}: a value that was never dropped");
        let met = |fate| move |value: &&u8| *value & fate as u8 != 0;
        let sums = FATES.map(|(fate, _)| values.iter().filter(met(fate)).count() as u64);
        let [.., lost, left] = sums;
        assert_eq!(
            sums.iter().sum::<u64>(),
            issued as u64,
            "world {world}: the fates are {sums:?}"
        );
        assert!(left <= most_left, "world {world}: {left} values vanished");
        assert!(lost <= most_lost, "world {world}: {lost} values lost to {most_lost} panics");
        let was_displaced = values.last().is_some_and(|last| met(Fate::Displaced)(&last));
        assert!(!(newest_stays && was_displaced), "world {world}: the newest value was displaced");
        assert_eq!(clones.load(SeqCst), 0, "world {world}: clones made and not dropped");
        Count::Sent.add(issued as u64);
        for ((_, count), sum) in FATES.into_iter().zip(sums) {
            count.add(sum);
        }
    }
}

/// What is sent. A torn copy, or one that no ledger issued, does not pass for it.
pub(super) struct Value {
    number: usize,
    pub(super) sender: usize,
    check: u64,
    ledger: Arc<Ledger>,
    /// Panics when the library drops it.
    is_bomb: bool,
    /// Only to compare with.
    is_clone: bool,
}

thread_local! {
    /// Is `true` while a `Sink` sends in this thread. It drops what it displaces.
    pub(super) static IN_SINK: Cell<bool> = const { Cell::new(false) };
}

impl Value {
    pub(super) fn number(&self) -> usize {
        let check = self.ledger.check(self.number, self.sender);
        assert_eq!(self.check, check, "world {}: a value that no sender sent", self.ledger.world);
        self.number
    }

    /// Notes that a predicate has decided against the value, which is dropped next.
    pub(super) fn reject(&self) {
        self.ledger.write(self.number(), Fate::Unwanted);
    }

    /// Ends the value in the hand of an actor.
    pub(super) fn settle(mut self, fate: Fate) {
        let number = self.number();
        assert!(!self.is_clone, "a clone of value {number} came instead of it");
        self.ledger.write(number, fate);
        self.is_bomb = false;
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.ledger.clones.fetch_add(1, SeqCst);
        Self { ledger: Arc::clone(&self.ledger), is_bomb: false, is_clone: true, ..*self }
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let number = self.number();
        if self.is_clone {
            self.ledger.clones.fetch_sub(1, SeqCst);
            return;
        }
        if !self.ledger.is_settled(number) {
            let fate = match () {
                () if thread::panicking() => Fate::Lost,
                () if IN_SINK.get() => Fate::Displaced,
                () => Fate::Left,
            };
            self.ledger.write(number, fate);
        }
        let before = self.ledger.values[number].fetch_or(DROPPED, SeqCst);
        assert_eq!(before & DROPPED, 0, "value {number} was dropped twice");
        if self.is_bomb {
            strike();
        }
    }
}

/// Later values are newer.
impl Ord for Value {
    fn cmp(&self, other: &Self) -> Ordering {
        self.number().cmp(&other.number())
    }
}

impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Value {}
