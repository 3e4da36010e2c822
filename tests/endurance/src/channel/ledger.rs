//! The account of one world's values: each is numbered, and what became of it is written down.

use crate::{
    mishaps,
    posts::fail,
    tally::{TALLY, add},
};
use std::{
    cell::Cell,
    cmp::Ordering,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// What becomes of a value, exactly once. Each is a bit of its own, so that a second one shows.
#[derive(Clone, Copy, Debug, PartialEq)]
#[repr(u8)]
pub(crate) enum Fate {
    Received = 1,
    /// Handed back by the send that replaced it, or dropped by a `Sink`, which hands nothing back.
    Displaced = 2,
    /// Handed back in a `SendError`.
    Refused = 4,
    /// Taken by a predicate that did not want it.
    Unwanted = 8,
    /// Dropped while a panic unwound.
    Lost = 16,
    /// Dropped, and nobody has had it: with the channel.
    Left = 32,
}

const FATES: [Fate; 6] =
    [Fate::Received, Fate::Displaced, Fate::Refused, Fate::Unwanted, Fate::Lost, Fate::Left];
const DROPPED: u8 = 128;

pub(crate) struct Ledger {
    world: u64,
    values: Box<[AtomicU8]>,
    issued: AtomicUsize,
    /// Received, or lost on the way.
    taken: AtomicUsize,
    /// Clones that `send_newest` compares with.
    clones: AtomicI64,
}

impl Ledger {
    /// For at most so many values.
    pub(crate) fn new(world: u64, room: usize) -> Self {
        let values = (0..room).map(|_| AtomicU8::new(0)).collect();
        let [issued, taken] = [const { AtomicUsize::new(0) }; 2];
        Self { world, values, issued, taken, clones: AtomicI64::new(0) }
    }

    /// The next value; numbers rise in each thread.
    pub(crate) fn issue(self: &Arc<Self>, sender: usize, bomb: bool) -> Value {
        let number = self.issued.fetch_add(1, SeqCst);
        let check = check(self.world, number, sender);
        Value { number, sender, check, ledger: Arc::clone(self), bomb, is_clone: false }
    }

    /// Has anything become of the value with this number?
    pub(crate) fn is_settled(&self, number: usize) -> bool {
        self.values[number].load(SeqCst) != 0
    }

    pub(crate) fn taken(&self) -> usize {
        self.taken.load(SeqCst)
    }

    fn write(&self, number: usize, fate: Fate) {
        self.taken.fetch_add(usize::from(fate != Fate::Displaced), SeqCst);
        let before = self.values[number].fetch_or(fate as u8, SeqCst);
        if before != 0 {
            let before: Vec<_> = FATES.iter().filter(|fate| before & **fate as u8 != 0).collect();
            let world = self.world;
            fail(&format!("world {world}: value {number} doubled: {before:?}, and then {fate:?}"));
        }
    }

    /// When every handle is gone. `lost`: how many values may be lost to panics; `most_left`: how
    /// many may be left in their channels. `newest`: the last number must not have been displaced.
    pub(crate) fn close(&self, lost: u64, most_left: u64, newest: bool) {
        let issued = self.issued.load(SeqCst);
        let mut sums = [0; FATES.len()];
        for (number, value) in self.values[..issued].iter().enumerate() {
            let value = value.load(SeqCst);
            if value & DROPPED == 0 {
                fail(&format!("world {}: value {number} was never dropped", self.world));
            }
            for (sum, fate) in sums.iter_mut().zip(FATES) {
                *sum += u64::from(value & fate as u8 != 0);
            }
        }
        let [received, displaced, refused, unwanted, were_lost, left] = sums;
        let sent = issued as u64;
        if received + displaced + refused + unwanted + were_lost + left != sent {
            fail(&format!("world {}: {sent} sent, but {FATES:?} are {sums:?}", self.world));
        }
        if left > most_left {
            fail(&format!("world {}: {left} values vanished, at most {most_left} may", self.world));
        }
        if were_lost > lost {
            let lost = format!("{were_lost} values lost to {lost} panics");
            fail(&format!("world {}: {lost}", self.world));
        }
        if newest && issued > 0 && self.values[issued - 1].load(SeqCst) & Fate::Displaced as u8 != 0
        {
            fail(&format!("world {}: the newest value was displaced", self.world));
        }
        let clones = self.clones.load(SeqCst);
        if clones != 0 {
            fail(&format!("world {}: {clones} clones more were made than dropped", self.world));
        }
        for (to, sum) in [
            (&TALLY.sent, sent),
            (&TALLY.received, received),
            (&TALLY.displaced, displaced),
            (&TALLY.refused, refused),
            (&TALLY.unwanted, unwanted),
            (&TALLY.lost, were_lost),
            (&TALLY.left, left),
        ] {
            add(to, sum);
        }
    }
}

fn check(world: u64, number: usize, sender: usize) -> u64 {
    let mixed = (number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ world.rotate_left(40);
    !mixed.wrapping_add(sender as u64)
}

/// What is sent: a torn copy, or one that nobody issued, does not pass for it.
pub(crate) struct Value {
    number: usize,
    sender: usize,
    check: u64,
    ledger: Arc<Ledger>,
    /// Panics when the library drops it.
    bomb: bool,
    /// Only to compare with.
    is_clone: bool,
}

thread_local! {
    /// Is a `Sink` sending, in this thread? What it displaces it drops.
    static IN_SINK: Cell<bool> = const { Cell::new(false) };
}

/// A send by a `Sink`.
pub(crate) fn in_sink<R>(send: impl FnOnce() -> R) -> R {
    struct Outside;
    impl Drop for Outside {
        fn drop(&mut self) {
            IN_SINK.set(false);
        }
    }
    IN_SINK.set(true);
    let _outside = Outside;
    send()
}

impl Value {
    pub(crate) fn number(&self) -> usize {
        if self.check != check(self.ledger.world, self.number, self.sender) {
            fail(&format!("world {}: a value that nobody sent", self.ledger.world));
        }
        self.number
    }

    pub(crate) fn sender(&self) -> usize {
        self.sender
    }

    /// A predicate has decided against it; it is dropped next.
    pub(crate) fn reject(&self, fate: Fate) {
        self.ledger.write(self.number(), fate);
    }

    /// The end of a value in the hand of whom it was handed to.
    pub(crate) fn settle(mut self, fate: Fate) {
        let number = self.number();
        if self.is_clone {
            let world = self.ledger.world;
            fail(&format!("world {world}: a clone of value {number} came instead of it"));
        }
        self.ledger.write(number, fate);
        self.bomb = false;
    }
}

impl Clone for Value {
    fn clone(&self) -> Self {
        self.ledger.clones.fetch_add(1, SeqCst);
        let &Self { number, sender, check, .. } = self;
        let ledger = Arc::clone(&self.ledger);
        Self { number, sender, check, ledger, bomb: false, is_clone: true }
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
        if self.ledger.values[number].fetch_or(DROPPED, SeqCst) & DROPPED != 0 {
            fail(&format!("world {}: value {number} was dropped twice", self.ledger.world));
        }
        if self.bomb {
            mishaps::strike();
        }
    }
}

/// Later ones are newer.
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
