//! What each contender costs, by criterion: on one thread, between two that poll, and for several that send.
//!
//! Criterion measures one contender after the other, and a busy machine changes meanwhile. For how they compare, see
//! `cargo bench --bench suite -- ratios`, which measures the same. Plots of each and of each group are drawn under
//! `target/criterion`, with `report/index.html` as the way in.
//!
//! ```text
//! cargo bench --bench slot                            # four minutes
//! cargo bench --bench slot -- --quick                 # under two
//! cargo bench --bench slot -- overwrite-channel       # this crate's, in all groups
//! cargo bench --bench slot -- --save-baseline before  # and, after a change, --baseline before
//! ```

mod suite;

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::run(Some("criterion"))
}
