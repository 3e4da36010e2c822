//! An account of every value: each that was sent is taken once, whole, and in order.

#![forbid(unsafe_code)]

use overwrite_channel::SendError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use support::dice::Dice;

static SENT: Tally = Tally::new();
static TAKEN: Tally = Tally::new();
/// Number of values that were torn, or came after a later one of their party, or could not be sent. A handler must not panic.
static FAULTS: AtomicUsize = AtomicUsize::new(0);

/// Checks that every value was taken once. No party is at work.
#[track_caller]
pub(crate) fn check(case: &str) {
    assert_eq!(SENT.sum(), TAKEN.sum(), "{case}: the values that were sent, and those taken");
    assert_eq!(FAULTS.load(Relaxed), 0, "{case}");
}

/// A number of values, and the sum of their prints. That tells different values apart.
struct Tally {
    values: AtomicUsize,
    prints: AtomicU64,
}

impl Tally {
    const fn new() -> Self {
        Self { values: AtomicUsize::new(0), prints: AtomicU64::new(0) }
    }

    fn add(&self, value: &Value) {
        self.values.fetch_add(1, Relaxed);
        self.prints.fetch_add(value.print, Relaxed);
    }

    fn sum(&self) -> (usize, u64) {
        (self.values.load(Relaxed), self.prints.load(Relaxed))
    }
}

/// A numbered value of a party.
pub(crate) struct Value {
    party: usize,
    number: usize,
    /// Follows from the other two, unless the value is torn.
    print: u64,
}

impl Value {
    fn new(party: usize, number: usize) -> Self {
        Self { party, number, print: Dice::new((number << 2 | party) as u64).roll() }
    }
}

/// A thread or a handler, which alone uses it.
pub(crate) struct Party {
    index: usize,
    sent: AtomicUsize,
    /// The newest value of each party that this one has taken.
    newest: [AtomicUsize; 4],
}

impl Party {
    /// Makes one of four.
    pub(crate) const fn new(index: usize) -> Self {
        Self { index, sent: AtomicUsize::new(0), newest: [const { AtomicUsize::new(0) }; 4] }
    }

    /// Sends the next value, and takes the one that it displaces.
    pub(crate) fn send(&self, send: impl FnOnce(Value) -> Result<Option<Value>, SendError<Value>>) {
        let value = Value::new(self.index, self.sent.fetch_add(1, Relaxed) + 1);
        SENT.add(&value);
        match send(value) {
            Ok(displaced) => self.take(displaced),
            Err(_) => _ = FAULTS.fetch_add(1, Relaxed),
        }
    }

    /// Takes a value that was received or displaced, if there is one.
    pub(crate) fn take(&self, value: impl IntoIterator<Item = Value>) {
        for value in value {
            TAKEN.add(&value);
            let before = self.newest[value.party].swap(value.number, Relaxed);
            let whole = Value::new(value.party, value.number);
            if before >= value.number || value.print != whole.print {
                FAULTS.fetch_add(1, Relaxed);
            }
        }
    }
}
