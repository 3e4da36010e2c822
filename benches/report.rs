//! All of the suite's tables and pictures as one page.
//!
//! The whole run takes some six minutes and writes `docs/benchmarks.md`, with its pictures in `docs/benchmarks/`. The
//! others write the same to `target/benchmarks/`.
//!
//! ```text
//! cargo bench --bench report             # all of it, into docs/
//! cargo bench --bench report -- --quick  # a minute and a half
//! cargo bench --bench report -- --test   # one round: does everything run?
//! ```

#[path = "allocations/mod.rs"]
mod allocations;
#[path = "memory/channels.rs"]
mod channels;
#[path = "charts/mod.rs"]
mod charts;
mod cores;
#[path = "memory/counting.rs"]
mod counting;
mod crowd;
mod echo;
#[path = "fresh/mod.rs"]
mod fresh;
#[path = "latency/mod.rs"]
mod latency;
#[path = "memory/mod.rs"]
mod memory;
mod peers;
#[path = "ratios/mod.rs"]
mod ratios;
#[path = "report/mod.rs"]
mod report;
#[allow(dead_code, reason = "what only other benches use")]
mod table;
mod tasks;
mod threads;
#[path = "waits/mod.rs"]
mod waits;
#[path = "watch/mod.rs"]
mod watch;

use counting::Counting;
use report::{Effort, Report};
use std::process::ExitCode;

/// It counts only while `memory` and `allocations` ask it to: else it is one relaxed load more.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    if memory::is_child() {
        return ExitCode::SUCCESS;
    }
    let effort = Effort::asked_for();
    let folder = effort.folder();
    match Report::measured(effort).write(&folder) {
        Ok(()) => {
            println!("Written: {}", folder.join("benchmarks.md").display());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {}: {error}", folder.display());
            ExitCode::FAILURE
        }
    }
}
