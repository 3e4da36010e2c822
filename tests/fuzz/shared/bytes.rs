//! Choices, drawn from bytes.

use std::{array, time::Duration};

/// Choices, drawn from bytes. Without any left, each is the first.
pub(crate) struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn next(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        first
    }

    /// Returns a number less than `end`. A choice of one costs no byte.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        match end {
            1 => 0,
            2..=256 => usize::from(self.next()) % end,
            _ => usize::from(u16::from_be_bytes([self.next(), self.next()])) % end,
        }
    }

    /// Returns the index of an item of so many, if there is any.
    pub(crate) fn index(&mut self, len: usize) -> Option<usize> {
        (len > 0).then(|| self.below(len))
    }

    pub(crate) fn one_in(&mut self, many: usize) -> bool {
        self.below(many) == many - 1
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// Returns how many handles or futures come at once: seldom more than two words of 64 bits have room for, and very
    /// seldom more than a thousand.
    pub(crate) fn crowd(&mut self) -> usize {
        match self.below(64) {
            0..32 => 6,
            32..52 => 65,
            52..63 => 130,
            _ => 1200,
        }
    }

    /// Returns a few bytes for a whole crowd: each member draws the same ones, from another place on.
    pub(crate) fn pattern(&mut self) -> [u8; 7] {
        array::from_fn(|_| self.next())
    }

    /// Returns how long a call that blocks may wait in vain: so long that it parks, or not at all.
    pub(crate) fn patience(&mut self) -> Duration {
        Duration::from_micros(if self.one_in(4) { 50 } else { 0 })
    }
}
