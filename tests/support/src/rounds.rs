//! Rounds of a test, bounded in count and in time, and timeouts.

use std::time::{Duration, Instant};

/// A timeout whose deadline can be expressed, and that no test lives to see.
pub const LONG: Duration = Duration::from_secs(3600);

/// Returns the end of a timeout that may be too long for a deadline.
pub fn after(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(LONG)
}

/// Returns the numbers from 1 to `most`, or fewer if these take longer than a second.
pub fn rounds(most: usize) -> impl Iterator<Item = usize> {
    let start = Instant::now();
    (1..=most).take_while(move |_| start.elapsed() < Duration::from_secs(1))
}
