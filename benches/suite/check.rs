//! Before anything is timed: does each contender do what the others do?

use super::prelude::*;
use std::thread::{self, ScopedJoinHandle};
use support::{sleeper::asleep, watchdog::watched};

const SENDERS: u64 = 4;
/// The values that each of them sends.
const EACH: u64 = 500;

/// Panics if a contender does anything else.
pub(crate) fn all() {
    Check.shared(bare_swap::<false>());
    Check.shared(bare_swap::<true>());
    Check.visit(bare_flag());
    Check.visit(bare_slot::<u64>());
    Check.visit(bare_slot::<Words<8>>());
    Check.visit(bare_slot::<Words<128>>());
    Check.visit(bare_slot::<String>());
    Check.visit(flag_and_value::<Words<8>>());
    Check.visit(flag_and_value::<Words<128>>());
    each_word(&mut Check);
    each_copy::<Words<8>, _>(&mut Check);
    each_copy::<Words<128>, _>(&mut Check);
    each::<String, _>(&mut Check);
    for contender in blocking() {
        (contender.check)(());
    }
    Check.visit(bare_place::<Whole<128>, false>());
    Check.visit(bare_place::<Whole<128>, true>());
    each_in_place::<Whole<128>, _>(&mut Check);
    each_in_place::<Whole<128>, _>(&mut Crossing);
    for contender in waiting_in_place::<Whole<128>>() {
        (contender.check)(());
    }
}

/// Words of which every one is looked at.
#[derive(Clone, Copy, Default)]
struct Whole<const COUNT: usize>(Words<COUNT>);

impl<const COUNT: usize> Payload for Whole<COUNT> {
    fn size() -> String {
        Words::<COUNT>::size()
    }

    fn new(number: u64) -> Self {
        Self(Words::new(number))
    }

    fn number(&self) -> u64 {
        let Self(Words(words)) = self;
        assert!(words.iter().all(|word| *word == words[0]), "a torn value");
        words[0]
    }

    fn fill(&mut self, number: u64) {
        self.0.fill(number);
    }
}

/// A thread sends, while another receives.
struct Crossing;

impl Visit<u64> for Crossing {
    type Found = ();

    /// The values come in order, each once, and the newest last.
    fn visit<C: Overwrites<u64>>(&mut self, contender: C) -> Option<()> {
        let (mut tx, mut rx) = contender.open(1);
        let sender = thread::spawn(move || {
            (1..=EACH).for_each(|value| _ = contender.send(&mut tx, value));
            tx
        });
        let mut last = 0;
        while last != EACH {
            let value = poll(LOOKS, || contender.try_recv(&mut rx));
            assert!(value > last, "{} delivers in order, each once", contender.name());
            last = value;
        }
        sender.join().expect("the sender ends well");
        None
    }
}

struct Check;

impl<T: Payload> Visit<T> for Check {
    type Found = ();

    /// The contender keeps the newest value.
    fn visit<C: Overwrites<T>>(&mut self, contender: C) -> Option<()> {
        let name = contender.name();
        let number = |value: Option<T>| value.as_ref().map(T::number);
        let (mut tx, mut rx) = contender.open(1);
        for round in 1..100 {
            let (stale, newest) = (2 * round, 2 * round + 1);
            assert_eq!(number(contender.try_recv(&mut rx)), None, "{name} is empty");
            for (value, displaces) in [(stale, None), (newest, Some(stale))] {
                let displaced = number(contender.send(&mut tx, T::new(value)));
                let as_promised = !contender.keeps_all() || displaced == displaces;
                assert!(as_promised, "{name} returns {displaced:?}, not {displaces:?}");
            }
            let received = number(contender.try_recv(&mut rx));
            assert_eq!(received, Some(newest), "{name} keeps the newest {}", T::size());
        }
        None
    }

    fn shared<C: Overwrites<T, Tx: Clone>>(&mut self, contender: C) -> Option<()> {
        senders_meet(contender);
        self.visit(contender)
    }
}

/// Several threads send, while another receives.
fn senders_meet<T: Payload, C: Overwrites<T, Tx: Clone>>(contender: C) {
    let name = contender.name();
    let (tx, mut rx) = contender.open(1);
    let mut received = Vec::new();
    let mut displaced: Vec<u64> = thread::scope(|scope| {
        let senders: Vec<_> = (0..SENDERS)
            .map(|sender| {
                let mut tx = tx.clone();
                scope.spawn(move || {
                    let values = (1..=EACH).map(|value| T::new(sender * EACH + value));
                    let displaced = values.filter_map(|value| contender.send(&mut tx, value));
                    displaced
                        .map(|value| if contender.keeps_all() { value.number() } else { 0 })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        while !senders.iter().all(ScopedJoinHandle::is_finished) {
            received.extend(contender.try_recv(&mut rx).as_ref().map(T::number));
            thread::yield_now();
        }
        senders.into_iter().flat_map(|sender| sender.join().expect("a sender ends well")).collect()
    });
    received.extend(contender.try_recv(&mut rx).as_ref().map(T::number));
    assert!(contender.try_recv(&mut rx).is_none(), "{name} is empty in the end");

    let last = *received.last().expect("something was received");
    assert_eq!(last % EACH, 0, "{name} kept the last value of one of its senders");
    for sender in 0..SENDERS {
        let mine = received.iter().filter(|value| (**value - 1) / EACH == sender);
        assert!(mine.is_sorted_by(|a, b| a < b), "{name} delivers in order, each once");
    }
    if contender.keeps_all() {
        displaced.append(&mut received);
        displaced.sort_unstable();
        let all = (1..=SENDERS * EACH).collect::<Vec<_>>();
        assert!(displaced == all, "{name} delivers or returns each value once");
    }
}

/// A receiver that sleeps gets the value that comes.
pub(crate) fn wakes(contender: impl Blocks<u64>) {
    watched(move |watchdog| {
        let _running = watchdog.running(contender.name());
        for value in 1..50 {
            let (mut tx, mut rx) = contender.open(1);
            let received = asleep(|| contender.recv(&mut rx), || contender.put(&mut tx, value));
            assert_eq!(received, value, "{} wakes", contender.name());
        }
    });
}
