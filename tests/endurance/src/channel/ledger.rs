//! The account of one world's values: each is numbered, and its fate is written down.

use crate::tally::Count;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU16, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};
use support::panics::strike;

/// What becomes of a value, exactly once: a receiver has it; the send that replaced it hands it back; a `SendError`
/// hands it back; a predicate that did not want it has taken it; it is dropped while a panic unwinds; or with the channel.
const FATES: [Count; 6] = [
    Count::Received,
    Count::Displaced,
    Count::HandedBack,
    Count::Unwanted,
    Count::Lost,
    Count::Left,
];

/// Each fate is a bit of its own, so that a second one shows.
fn bit(fate: Count) -> u16 {
    1 << fate as u16
}

/// No fate has this bit.
const DROPPED: u16 = 1;

pub(super) struct Ledger {
    world: u64,
    values: Box<[AtomicU16]>,
    issued: AtomicUsize,
    /// Values that are in no channel any more and were not displaced.
    pub(super) taken: AtomicUsize,
}

impl Ledger {
    /// Makes a ledger for at most so many values.
    pub(super) fn new(world: u64, room: usize) -> Arc<Self> {
        let values = (0..room).map(|_| AtomicU16::new(0)).collect();
        let [issued, taken] = [const { AtomicUsize::new(0) }; 2];
        Arc::new(Self { world, values, issued, taken })
    }

    /// Issues the next value. The numbers of a thread's values rise.
    pub(super) fn issue(self: &Arc<Self>, sender: usize, is_bomb: bool) -> Value {
        let number = self.issued.fetch_add(1, SeqCst);
        let check = self.check(number, sender);
        Value { number, sender, check, ledger: Arc::clone(self), is_bomb }
    }

    /// Returns `true` if the value with this number has met its fate.
    pub(super) fn is_settled(&self, number: usize) -> bool {
        self.values[number].load(SeqCst) != 0
    }

    fn write(&self, number: usize, fate: Count) {
        self.taken.fetch_add(usize::from(fate != Count::Displaced), SeqCst);
        let before = self.values[number].fetch_or(bit(fate), SeqCst);
        assert_eq!(before, 0, "world {}: value {number} was not only {fate:?}", self.world);
    }

    fn check(&self, number: usize, sender: usize) -> u64 {
        let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        !(mixed ^ self.world.rotate_left(40)).wrapping_add(sender as u64)
    }

    /// Checks the account when every handle is gone. At most `most_lost` values may be lost to panics, at most
    /// `most_left` may be left in their channels, and the newest must not be displaced if it `stays`.
    pub(super) fn close(&self, most_lost: u64, most_left: u64, newest_stays: bool) {
        let (world, issued) = (self.world, self.issued.load(SeqCst));
        let values = self.values[..issued].iter().map(|value| value.load(SeqCst));
        let values: Vec<u16> = values.collect();
        assert!(values.iter().all(|value| value & DROPPED != 0), "world {world}: values are kept");
        let sums = FATES.map(|fate| {
            let sum = values.iter().filter(|&value| value & bit(fate) != 0).count() as u64;
            fate.add(sum);
            sum
        });
        Count::Sent.add(issued as u64);
        assert_eq!(
            sums.iter().sum::<u64>(),
            issued as u64,
            "world {world}: the fates are {sums:?}"
        );
        let [.., lost, left] = sums;
        assert!(left <= most_left, "world {world}: {left} values vanished");
        assert!(lost <= most_lost, "world {world}: {lost} values lost to {most_lost} panics");
        let was_displaced = values.last().is_some_and(|last| last & bit(Count::Displaced) != 0);
        assert!(!(newest_stays && was_displaced), "world {world}: the newest value was displaced");
    }
}

/// What is sent. A torn copy, or a value that no ledger issued, does not pass for it.
pub(super) struct Value {
    number: usize,
    pub(super) sender: usize,
    check: u64,
    ledger: Arc<Ledger>,
    /// Panics when the library drops it.
    is_bomb: bool,
}

impl Value {
    pub(super) fn number(&self) -> usize {
        let check = self.ledger.check(self.number, self.sender);
        assert_eq!(self.check, check, "world {}: a value that no sender sent", self.ledger.world);
        self.number
    }

    /// Notes that a predicate has decided against the value, which is dropped next.
    pub(super) fn reject(&self) {
        self.ledger.write(self.number(), Count::Unwanted);
    }

    /// Ends the value in the hand of an actor.
    pub(super) fn settle(mut self, fate: Count) {
        let number = self.number();
        self.ledger.write(number, fate);
        self.is_bomb = false;
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        let number = self.number();
        if !self.ledger.is_settled(number) {
            let fate = if thread::panicking() { Count::Lost } else { Count::Left };
            self.ledger.write(number, fate);
        }
        let before = self.ledger.values[number].fetch_or(DROPPED, SeqCst);
        assert_eq!(before & DROPPED, 0, "value {number} was dropped twice");
        if self.is_bomb {
            strike();
        }
    }
}
