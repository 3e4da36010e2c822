//! Both ends on one thread, nobody else near.

use crate::contenders::Contender;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

pub(crate) struct Alone<C: Contender> {
    tx: C::Tx,
    rx: C::Rx,
}

impl<C: Contender> Alone<C> {
    pub(crate) fn new() -> Self {
        let (tx, rx) = C::open();
        Self { tx, rx }
    }

    /// How long so many sends take, each of which displaces the one before.
    pub(crate) fn sends(&mut self, count: u64) -> Duration {
        let tx = black_box(&mut self.tx);
        let start = Instant::now();
        let mut sum = 0_u64;
        for value in 1..=count {
            sum = sum.wrapping_add(C::send(tx, value).unwrap_or_default());
        }
        black_box(sum);
        start.elapsed()
    }

    /// How long so many sends take if each value is received before the next.
    pub(crate) fn sends_and_receives(&mut self, count: u64) -> Duration {
        let tx = black_box(&mut self.tx);
        let rx = black_box(&mut self.rx);
        let start = Instant::now();
        let mut sum = 0_u64;
        for value in 1..=count {
            sum = sum.wrapping_add(C::send(tx, value).unwrap_or_default());
            sum = sum.wrapping_add(C::try_recv(rx).unwrap_or_default());
        }
        black_box(sum);
        start.elapsed()
    }
}
