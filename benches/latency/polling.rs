//! One hand-over to a thread that polls on another core.

use super::{Cell, Group, WARM_UP, poll, since};
use crate::{
    cores::Pair,
    peers::{BareFlag, Peer, Visit, each_word, open_elsewhere},
};
use crossbeam_utils::CachePadded;
use std::{
    sync::atomic::{
        AtomicUsize,
        Ordering::{Acquire, Release},
    },
    thread,
    time::Instant,
};

const COUNT: usize = 1_000;
const STOP: u64 = u64::MAX;

struct Polling(Pair, Vec<(&'static str, Cell)>);

impl Visit<u64> for Polling {
    fn visit<P: Peer<u64>>(&mut self) {
        let pair = self.0;
        self.1.push((P::NAME, Box::new(move || vec![hand_overs::<P>(pair)])));
    }
}

fn hand_overs<P: Peer<u64>>(pair: Pair) -> Vec<u64> {
    let (mut tx, mut rx, _kept) = open_elsewhere::<u64, P>();
    let epoch = Instant::now();
    // How many have come.
    let count = &CachePadded::new(AtomicUsize::new(0));
    thread::scope(|scope| {
        let thread = scope.spawn(move || {
            pair.go_there();
            let mut nanos = vec![1; WARM_UP + COUNT];
            for (number, nanos) in (1..).zip(&mut nanos) {
                let sent = poll(|| P::try_recv(&mut rx));
                *nanos = since(epoch).saturating_sub(sent);
                count.store(number, Release);
            }
            assert_eq!(poll(|| P::try_recv(&mut rx)), STOP, "{} delivers each", P::NAME);
            nanos.split_off(WARM_UP)
        });
        for number in 1..=WARM_UP + COUNT {
            P::send(&mut tx, since(epoch));
            poll(|| (count.load(Acquire) == number).then_some(()));
        }
        P::send(&mut tx, STOP);
        thread.join().expect("the receiver ends well")
    })
}

pub(super) fn group(pair: Pair) -> Group {
    let mut cells = Polling(pair, Vec::new());
    Visit::visit::<BareFlag>(&mut cells);
    each_word(&mut cells);
    Group { titles: vec!["hand-over between two polling threads"], cells: cells.1 }
}
