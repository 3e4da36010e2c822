//! Before anything is timed: does each peer do what the others do?

use super::{
    BareFlag, BareSlot, BareSwap, FlagAndValue, Payload, Peer, Visit, VisitSenders, Words, each,
    each_copy, each_with_senders, each_word,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    thread,
};

const SENDERS: u64 = 4;
/// Values that each of them sends.
const EACH: u64 = 500;

/// Panics unless they all do.
pub(crate) fn check_all() {
    keeps_the_newest::<u64, BareSwap>();
    senders_meet::<BareSwap>();
    keeps_the_newest::<u64, BareFlag>();
    keeps_the_newest::<u64, BareSlot>();
    keeps_the_newest::<Words<8>, BareSlot>();
    keeps_the_newest::<Words<128>, BareSlot>();
    keeps_the_newest::<String, BareSlot>();
    keeps_the_newest::<Words<8>, FlagAndValue>();
    keeps_the_newest::<Words<128>, FlagAndValue>();
    each_word(&mut Check);
    each_copy::<Words<8>>(&mut Check);
    each_copy::<Words<128>>(&mut Check);
    each::<String>(&mut Check);
    each_with_senders(&mut CheckSenders);
}

struct Check;

impl<T: Payload> Visit<T> for Check {
    fn visit<P: Peer<T>>(&mut self) {
        keeps_the_newest::<T, P>();
        P::check_more();
    }
}

struct CheckSenders;

impl VisitSenders<u64> for CheckSenders {
    fn visit<P: Peer<u64, Tx: Clone>>(&mut self) {
        senders_meet::<P>();
    }
}

fn keeps_the_newest<T: Payload, P: Peer<T>>() {
    let number = |value: Option<T>| value.as_ref().map(T::number);
    let (mut tx, mut rx) = P::open();
    for round in 1..100 {
        let (stale, newest) = (2 * round, 2 * round + 1);
        assert_eq!(number(P::try_recv(&mut rx)), None, "{} is empty", P::NAME);
        let displaced = number(P::send(&mut tx, T::new(stale)));
        assert!(!P::TELLS || displaced.is_none(), "{} displaces nothing", P::NAME);
        let displaced = number(P::send(&mut tx, T::new(newest)));
        assert!(!P::TELLS || displaced == Some(stale), "{} hands the stale one back", P::NAME);
        let received = number(P::try_recv(&mut rx));
        assert_eq!(received, Some(newest), "{} keeps the newest {}", P::NAME, T::NAME);
    }
}

/// Several threads send, while another receives.
fn senders_meet<P: Peer<u64, Tx: Clone>>() {
    let (tx, mut rx) = P::open();
    let done = AtomicUsize::new(0);
    let mut received = Vec::new();
    let mut displaced: Vec<u64> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (mut tx, done) = (tx.clone(), &done);
                scope.spawn(move || {
                    let _end = Done(done);
                    let values = (1..=EACH).map(|value| sender * EACH + value);
                    values.filter_map(|value| P::send(&mut tx, value)).collect::<Vec<_>>()
                })
            })
            .collect();
        while done.load(SeqCst) < senders.len() {
            received.extend(P::try_recv(&mut rx));
            thread::yield_now();
        }
        senders.into_iter().flat_map(|sender| sender.join().expect("a sender ends well")).collect()
    });
    received.extend(P::try_recv(&mut rx));
    assert_eq!(P::try_recv(&mut rx), None, "{} is empty in the end", P::NAME);

    let last = *received.last().expect("something was received");
    assert_eq!(last % EACH, 0, "{} kept the last value of one of its senders", P::NAME);
    for sender in 0..SENDERS {
        let mine = received.iter().filter(|value| (**value - 1) / EACH == sender);
        assert!(mine.is_sorted_by(|a, b| a < b), "{} delivers in order, each once", P::NAME);
    }
    if P::TELLS {
        displaced.append(&mut received);
        displaced.sort_unstable();
        let all = (1..=SENDERS * EACH).collect::<Vec<_>>();
        assert!(displaced == all, "{} hands each value on or back, once", P::NAME);
    }
}

/// Counts a thread that ends, even by a panic.
struct Done<'a>(&'a AtomicUsize);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}
