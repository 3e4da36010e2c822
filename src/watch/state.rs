//! The word by which senders and receivers meet: the version that was published last, and two flags.
//!
//! | call          | before                       | after                     | and then                                 |
//! |---------------|------------------------------|---------------------------|------------------------------------------|
//! | `publish`     | older version                | newer version             |                                          |
//! |               | older version, `WAITING`     | newer version             | the sender notifies all                  |
//! |               | same or newer version        | unchanged                 |                                          |
//! |               | same or newer, `WAITING`     | unchanged                 | the sender notifies all                  |
//! | `raise`       | older version (`WAITING`?)   | newer version, same flags | its sender has not published yet         |
//! |               | same or newer (any flags)    | unchanged                 |                                          |
//! | `set_waiting` | version (`WAITING`?)         | version, `WAITING`        | the receiver sleeps, if it has seen that |
//! |               | version, `CLOSED`            | same, `WAITING`           | the receiver does not sleep              |
//! | `close`       | version (`WAITING`?)         | same, `CLOSED`            | the sender notifies all                  |
//!
//! Every write is a read-modify-write. A receiver arms its node, announces, and sleeps only if the word
//! had nothing new before that. Either its announcement comes first: then the next sender's
//! read-modify-write acquires it, and finds the node armed. Or the sender's does: then the receiver reads
//! that, and does not sleep.
//!
//! A look that finds a value whose sender has not published it yet raises the word in its place, but notifies no receiver:
//! a look runs no waker. So it leaves `WAITING`, and the sender notifies, although it raises nothing then.
//!
//! * **W1** *A version is in the word only after its value is in the slot, and before a look at that value returns.* So a
//!   thread that acquires a version from the word finds that value, or a newer one. The version in the word never falls.
//! * **W2** *`WAITING` is set after a node was armed, and removed only by a sender that raises the word.* A sender that finds
//!   it notifies all, whether it raises the word or not. `CLOSED` stays, because no sender is left to publish, and the last
//!   sender notifies all, too.
//! * **W3** *A receiver's `seen` never falls, and is never newer than the word.* It comes from the word, or from a look (W1).

#![forbid(unsafe_code)]

use crate::sync::AtomicU64;
use core::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release};

const WAITING: u64 = 0b01;
const CLOSED: u64 = 0b10;
const FLAGS: u64 = WAITING | CLOSED;
/// The bits above the flags count versions; 2^62 of them are more than a century of sends.
const VERSION: u32 = 2;

/// The word as it was at one moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct Snapshot(u64);

impl Snapshot {
    pub(super) fn version(self) -> u64 {
        self.0 >> VERSION
    }

    /// Returns `true` if every sender is gone. Then the version is the last.
    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }
}

pub(super) struct State(AtomicU64);

impl State {
    /// Makes a word with version 0, and without flags.
    pub(super) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    #[inline]
    pub(super) fn load(&self) -> Snapshot {
        // ORDERING: Acquire pairs with the Release in `publish`, `raise` and `close`: the next look at the value finds
        // this version, or a newer one.
        Snapshot(self.0.load(Acquire))
    }

    /// Publishes a version, after its value was stored. If it returns `true`, the caller must notify all.
    pub(super) fn publish(&self, version: u64) -> bool {
        // The flags count in the comparison, too. So an older version loses its `WAITING`; the same version, which a
        // look has raised, keeps it. `CLOSED` is not there: the caller is a sender.
        // ORDERING: AcqRel. Release pairs with the Acquire in `load` and `set_waiting`: the value is there.
        // Acquire pairs with the Release in `set_waiting`: the nodes of the receivers that wait are armed.
        self.0.fetch_max(version << VERSION, AcqRel) & WAITING != 0
    }

    /// Publishes the version of a value that the caller has found, if its sender has not yet. Leaves the flags: the sender
    /// notifies. Lock-free: if it has to try again, another thread has raised the word or set a flag.
    #[inline]
    pub(super) fn raise(&self, version: u64) {
        // ORDERING: Relaxed; a word that is out of date costs an attempt.
        let found = Snapshot(self.0.load(Relaxed));
        if found.version() < version {
            self.raise_from(found, version);
        }
    }

    #[cold]
    fn raise_from(&self, mut found: Snapshot, version: u64) {
        while found.version() < version {
            // It compares, so that a `WAITING` that comes meanwhile stays: a maximum would overwrite it.
            // ORDERING: Release pairs with the Acquire in `load` and `set_waiting`: the value, which the caller acquired
            // from the slot, is there. Relaxed when it fails, as in `raise`.
            let word = version << VERSION | found.0 & FLAGS;
            match self.0.compare_exchange(found.0, word, Release, Relaxed) {
                Ok(_) => return,
                Err(newer) => found = Snapshot(newer),
            }
        }
    }

    /// Announces that a receiver, whose node is armed, waits for a newer version than the one returned.
    pub(super) fn set_waiting(&self) -> Snapshot {
        // ORDERING: AcqRel. Release pairs with the Acquire in `publish` and `close`: the node is armed.
        // Acquire as in `load`.
        Snapshot(self.0.fetch_or(WAITING, AcqRel))
    }

    /// Marks the word closed, for the last sender, which must notify all.
    pub(super) fn close(&self) {
        // ORDERING: AcqRel. Release pairs with the Acquire in `load` and `set_waiting`: everything that the senders
        // did has happened. Acquire pairs with the Release in `set_waiting`: the nodes are armed.
        self.0.fetch_or(CLOSED, AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::State;

    /// A look may raise the word to the version of a sender that has yet to publish, or beyond, and leaves `WAITING`.
    #[test]
    fn a_sender_notifies_whatever_a_look_has_raised() {
        for raised in 0..=3 {
            let state = State::new();
            state.set_waiting();
            state.raise(raised);
            assert!(state.publish(2), "{raised}");
            assert_eq!(state.load().version(), raised.max(2));
        }
    }
}
