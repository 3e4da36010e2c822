//! One send: while nobody receives, while a receiver polls, while others send.

use super::{Cell, Group, poll, timed};
use crate::{
    cores::Pair,
    peers::{Peer, Visit, VisitSenders, each_with_senders, each_word, open_elsewhere},
};
use crossbeam_utils::CachePadded;
use std::{
    hint::{black_box, spin_loop},
    sync::{
        Arc, Barrier,
        atomic::{
            AtomicBool, AtomicU64,
            Ordering::{AcqRel, Acquire, Relaxed, Release},
        },
    },
    thread,
};

/// Samples in a cell: less than a millisecond, where all is well.
const COUNT: usize = 4_000;

/// The floor: a word, exchanged by the sender, and by the receiver if there is something in it.
struct Swap;

impl Peer<u64> for Swap {
    const NAME: &'static str = "bare swap";
    /// It says 0 if there was nothing: to look at that would cost something.
    const TELLS: bool = false;
    type Tx = Arc<CachePadded<AtomicU64>>;
    type Rx = Self::Tx;

    fn open() -> (Self::Tx, Self::Rx) {
        let word = Arc::default();
        (Arc::clone(&word), word)
    }

    #[inline]
    fn send(tx: &mut Self::Tx, value: u64) -> Option<u64> {
        Some(tx.swap(value, AcqRel))
    }

    #[inline]
    fn try_recv(rx: &mut Self::Rx) -> Option<u64> {
        (rx.load(Relaxed) != 0).then(|| rx.swap(0, AcqRel)).filter(|value| *value != 0)
    }
}

struct NobodyReceives(Vec<(&'static str, Cell)>);

impl Visit<u64> for NobodyReceives {
    fn visit<P: Peer<u64>>(&mut self) {
        let cell = || {
            let (mut tx, mut rx) = P::open();
            let mut last = 0;
            let nanos = timed(COUNT, |number| {
                black_box(P::send(&mut tx, number));
                last = number;
            });
            assert_eq!(P::try_recv(&mut rx), Some(last), "{} keeps the newest", P::NAME);
            vec![nanos]
        };
        self.0.push((P::NAME, Box::new(cell)));
    }
}

pub(super) fn nobody_receives() -> Group {
    let mut cells = NobodyReceives(Vec::new());
    Visit::visit::<Swap>(&mut cells);
    let nothing = || vec![timed(COUNT, |number| _ = black_box(number))];
    cells.0.push(("nothing: the clock alone", Box::new(nothing)));
    each_word(&mut cells);
    Group { titles: vec!["send, nobody receives"], cells: cells.0 }
}

struct AReceiverPolls(Pair, Vec<(&'static str, Cell)>);

impl Visit<u64> for AReceiverPolls {
    fn visit<P: Peer<u64>>(&mut self) {
        let pair = self.0;
        self.1.push((P::NAME, Box::new(move || vec![beside_a_receiver::<P>(pair)])));
    }
}

fn beside_a_receiver<P: Peer<u64>>(pair: Pair) -> Vec<u64> {
    let (mut tx, mut rx, _kept) = open_elsewhere::<u64, P>();
    let (started, ended) = (&AtomicBool::new(false), &AtomicBool::new(false));
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            pair.go_there();
            started.store(true, Release);
            let mut last = 0;
            loop {
                // Looked at first: what is received then is the last.
                let is_over = ended.load(Acquire);
                if let Some(value) = P::try_recv(&mut rx) {
                    assert!(value > last, "{} delivers in order, each once", P::NAME);
                    last = value;
                } else if is_over {
                    break last;
                }
                spin_loop();
            }
        });
        poll(|| started.load(Acquire).then_some(()));
        let mut last = 0;
        let nanos = timed(COUNT, |number| {
            black_box(P::send(&mut tx, number));
            last = number;
        });
        ended.store(true, Release);
        let received = thread.join().expect("the receiver ends well");
        assert_eq!(received, last, "{} delivers the newest", P::NAME);
        nanos
    })
}

pub(super) fn a_receiver_polls(pair: Pair) -> Group {
    let mut cells = AReceiverPolls(pair, Vec::new());
    Visit::visit::<Swap>(&mut cells);
    each_word(&mut cells);
    Group { titles: vec!["send, a receiver polls"], cells: cells.1 }
}

struct Senders {
    count: usize,
    pair: Option<Pair>,
    cells: Vec<(&'static str, Cell)>,
}

impl VisitSenders<u64> for Senders {
    fn visit<P: Peer<u64, Tx: Clone>>(&mut self) {
        let (count, pair) = (self.count, self.pair);
        self.cells.push((P::NAME, Box::new(move || vec![together::<P>(count, pair)])));
    }
}

fn together<P: Peer<u64, Tx: Clone>>(count: usize, pair: Option<Pair>) -> Vec<u64> {
    let (tx, mut rx, _kept) = open_elsewhere::<u64, P>();
    let start = &Barrier::new(count);
    let mut handles = vec![tx];
    while handles.len() < count {
        handles.push(handles[0].clone());
    }
    let (nanos, _handles): (Vec<_>, Vec<_>) = thread::scope(|scope| {
        let senders = handles.into_iter().enumerate().map(|(sender, mut tx)| {
            scope.spawn(move || {
                if let (Some(pair), 1) = (pair, sender % 2) {
                    pair.go_there();
                }
                start.wait();
                let nanos = timed(COUNT, |number| _ = black_box(P::send(&mut tx, number)));
                // Some report the senders' end rather than the last value.
                (nanos, tx)
            })
        });
        let senders = senders.collect::<Vec<_>>().into_iter();
        senders.map(|sender| sender.join().expect("a sender ends well")).unzip()
    });
    assert!(P::try_recv(&mut rx).is_some(), "{} keeps a value", P::NAME);
    nanos.concat()
}

pub(super) fn senders(title: &'static str, count: usize, pair: Option<Pair>) -> Group {
    let mut senders = Senders { count, pair, cells: Vec::new() };
    VisitSenders::visit::<Swap>(&mut senders);
    each_with_senders(&mut senders);
    Group { titles: vec![title], cells: senders.cells }
}
