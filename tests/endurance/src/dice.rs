//! Random numbers that are the same for the same seed.

use std::time::Duration;

#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Dice of their own for somebody who throws at the same time.
    pub(crate) fn split(&mut self) -> Self {
        Self(self.throw())
    }

    pub(crate) fn throw(&mut self) -> u64 {
        // A Weyl sequence, mixed.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number less than `limit`.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.throw() % limit as u64).expect("less than a usize")
    }

    pub(crate) fn within(&mut self, least: usize, most: usize) -> usize {
        least + self.below(most - least + 1)
    }

    /// True once in so many throws.
    pub(crate) fn one_in(&mut self, throws: usize) -> bool {
        self.below(throws) == 0
    }

    pub(crate) fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// How many there are of a crowd: for most, more than one or two words of 64 bits have room for.
    pub(crate) fn crowd(&mut self) -> usize {
        self.pick(&[20, 70, 130, 600])
    }

    /// So short that it often ends while something is about to happen; at times zero.
    pub(crate) fn moment(&mut self) -> Duration {
        Duration::from_micros(self.pick(&[0, 1, 10, 50, 200, 1000]))
    }
}
