//! What the seed decides.

#![forbid(unsafe_code)]

use std::ops::RangeInclusive;

/// Numbers that a seed determines (`SplitMix64`).
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// Draws from a range so short that the bias of a remainder does not matter.
    pub(crate) fn within(&mut self, range: RangeInclusive<usize>) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let width = range.end() - range.start() + 1;
        range.start() + usize::try_from(z % width as u64).unwrap_or_default()
    }
}

/// Returns the attempts whose sentinels arrive late, in this order: the first sentinel in time, and
/// then older sentinels that it overtakes.
pub(crate) fn late_order(stall: usize, seed: u64) -> Vec<usize> {
    let mut chance = Chance(seed);
    // If several attempts time out, the sentinel of the last is not late: the first sentinel in time
    // finds it in the channel.
    let last = stall.saturating_sub(1).max(1);
    let mut held_back: Vec<usize> = (1..=last).filter(|_| chance.within(0..=1) == 1).collect();
    if held_back.is_empty() {
        held_back.push(chance.within(1..=last));
    }
    for end in (1..held_back.len()).rev() {
        held_back.swap(end, chance.within(0..=end));
    }
    held_back.insert(0, stall + 1);
    held_back
}
