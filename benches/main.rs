//! The suites, each by its name; without a name all of them, one after the other.
//!
//! ```text
//! cargo bench --bench suite -- ratios       # what a send, a receive and a round trip cost: two minutes
//! cargo bench --bench suite -- allocations  # how often each contender asks the allocator
//! cargo bench --bench suite -- waits        # a hand-over whose receiver waits
//! cargo bench --bench suite -- watch        # `watch`, beside tokio's: two minutes
//! cargo bench --bench suite -- buffer       # `buffer`, beside other ways to hand over large values: two minutes
//! cargo bench --bench suite -- latency      # percentiles of a send and a hand-over: a minute
//! cargo bench --bench suite -- fresh        # time to the fresh value, behind stale ones
//! cargo bench --bench suite -- memory       # memory against MaxRetries
//! cargo bench --bench suite -- crowds       # what thousands of receivers cost: two minutes
//!
//! … -- ratios --quick          # a fourth of the time and less
//! … -- ratios --only "1 KiB"   # the tables with this in their titles, the parts of `crowds` with this in their names
//! … -- ratios --test           # one round: does everything run?
//! ```

mod suite;

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::run(None)
}
