//! Before anything is timed: does each contender do what the others do?

use super::{
    contender::{Blocks, Overwrites, Payload, Visit, Words},
    peers::{BLOCKING, BareFlag, BareSlot, BareSwap, FlagAndValue, each, each_copy, each_word},
    threads::PATIENCE,
};
use std::{
    sync::{
        atomic::{AtomicU64, Ordering::SeqCst},
        mpsc,
    },
    thread,
};

const SENDERS: u64 = 4;
/// The values that each of them sends.
const EACH: u64 = 500;

/// # Panics
///
/// If a contender does anything else.
pub(crate) fn all() {
    Visit::<u64>::visit_shared::<BareSwap<false>>(&mut Check);
    Visit::<u64>::visit_shared::<BareSwap<true>>(&mut Check);
    keeps_the_newest::<u64, BareFlag>();
    keeps_the_newest::<u64, BareSlot>();
    keeps_the_newest::<Words<8>, BareSlot>();
    keeps_the_newest::<Words<128>, BareSlot>();
    keeps_the_newest::<String, BareSlot>();
    keeps_the_newest::<Words<8>, FlagAndValue>();
    keeps_the_newest::<Words<128>, FlagAndValue>();
    each_word(&mut Check);
    each_copy::<Words<8>, _>(&mut Check);
    each_copy::<Words<128>, _>(&mut Check);
    each::<String, _>(&mut Check);
    for contender in BLOCKING {
        (contender.check)();
    }
}

struct Check;

impl<T: Payload> Visit<T> for Check {
    type Found = ();

    fn visit<C: Overwrites<T>>(&mut self) -> Option<()> {
        keeps_the_newest::<T, C>();
        None
    }

    fn visit_shared<C: Overwrites<T, Tx: Clone>>(&mut self) -> Option<()> {
        senders_meet::<T, C>();
        self.visit::<C>()
    }
}

fn keeps_the_newest<T: Payload, C: Overwrites<T>>() {
    let name = C::name();
    let number = |value: Option<T>| value.as_ref().map(T::number);
    let (mut tx, mut rx) = C::open(1);
    for round in 1..100 {
        let (stale, newest) = (2 * round, 2 * round + 1);
        assert_eq!(number(C::try_recv(&mut rx)), None, "{name} is empty");
        let displaced = number(C::send(&mut tx, T::new(stale)));
        assert!(!C::RETURNS_DISPLACED || displaced.is_none(), "{name} displaces nothing");
        let displaced = number(C::send(&mut tx, T::new(newest)));
        assert!(!C::RETURNS_DISPLACED || displaced == Some(stale), "{name} returns the stale one");
        let received = number(C::try_recv(&mut rx));
        assert_eq!(received, Some(newest), "{name} keeps the newest {}", T::NAME);
    }
}

/// Several threads send, while another receives.
fn senders_meet<T: Payload, C: Overwrites<T, Tx: Clone>>() {
    let name = C::name();
    let (tx, mut rx) = C::open(1);
    let ended = AtomicU64::new(0);
    let mut received = Vec::new();
    let mut displaced: Vec<u64> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let (mut tx, ended) = (tx.clone(), &ended);
                scope.spawn(move || {
                    let _end = Ended(ended);
                    let values = (1..=EACH).map(|value| T::new(sender * EACH + value));
                    let displaced = values.filter_map(|value| C::send(&mut tx, value));
                    displaced
                        .map(|value| if C::RETURNS_DISPLACED { value.number() } else { 0 })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        while ended.load(SeqCst) < SENDERS {
            received.extend(C::try_recv(&mut rx).as_ref().map(T::number));
            thread::yield_now();
        }
        senders.into_iter().flat_map(|sender| sender.join().expect("a sender ends well")).collect()
    });
    received.extend(C::try_recv(&mut rx).as_ref().map(T::number));
    assert!(C::try_recv(&mut rx).is_none(), "{name} is empty in the end");

    let last = *received.last().expect("something was received");
    assert_eq!(last % EACH, 0, "{name} kept the last value of one of its senders");
    for sender in 0..SENDERS {
        let mine = received.iter().filter(|value| (**value - 1) / EACH == sender);
        assert!(mine.is_sorted_by(|a, b| a < b), "{name} delivers in order, each once");
    }
    if C::RETURNS_DISPLACED {
        displaced.append(&mut received);
        displaced.sort_unstable();
        let all = (1..=SENDERS * EACH).collect::<Vec<_>>();
        assert!(displaced == all, "{name} delivers or returns each value once");
    }
}

/// Counts a thread that ends, even by a panic.
struct Ended<'a>(&'a AtomicU64);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// A receiver that waits gets the value that comes.
pub(crate) fn wakes<C: Blocks<u64>>() {
    for value in 1..50 {
        let (mut tx, mut rx) = C::open(1);
        let (done, received) = mpsc::channel();
        thread::spawn(move || done.send(C::recv(&mut rx)));
        thread::yield_now();
        C::put(&mut tx, value);
        assert_eq!(received.recv_timeout(PATIENCE), Ok(value), "{} wakes", C::NAME);
    }
}
