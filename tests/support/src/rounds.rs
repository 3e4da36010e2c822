//! Rounds of a test, bounded in count and in time.

use std::time::{Duration, Instant};

/// Returns the numbers from 1 to `most`, or fewer if these take longer than a second.
pub fn rounds(most: usize) -> impl Iterator<Item = usize> {
    let start = Instant::now();
    (1..=most).take_while(move |_| start.elapsed() < Duration::from_secs(1))
}
