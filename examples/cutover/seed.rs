//! What the seed decides, beside the rows.

#![forbid(unsafe_code)]

use support::dice::Dice;

/// Returns the attempts whose sentinels arrive late, in this order: the first sentinel in time, and
/// then older sentinels that it overtakes.
pub(crate) fn late_order(stall: usize, seed: u64) -> Vec<usize> {
    let mut dice = Dice::new(seed);
    // If several attempts time out, the sentinel of the last is not late: the first sentinel in time
    // finds it in the channel.
    let last = stall.saturating_sub(1).max(1);
    let mut held_back: Vec<usize> = (1..=last).filter(|_| dice.one_in(2)).collect();
    if held_back.is_empty() {
        held_back.push(dice.within(1, last));
    }
    for end in (1..held_back.len()).rev() {
        held_back.swap(end, dice.below(end + 1));
    }
    held_back.insert(0, stall + 1);
    held_back
}
