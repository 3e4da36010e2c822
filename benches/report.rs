//! All of the suite's tables and pictures as one page.
//!
//! ```text
//! cargo bench --bench report                       # some six minutes: docs/benchmarks.md, and docs/benchmarks/
//! cargo bench --bench report -- --quick            # a minute: prints the page, and writes nothing
//! cargo bench --bench report -- [--quick] --out X  # into the folder X instead, seen from the project's root
//! cargo bench --bench report -- --test             # one round, into a temporary folder: does everything run?
//! ```
//!
//! A plain `cargo bench` leaves it out: nothing in `docs/` changes unless this is asked for by name.

#[path = "allocations/mod.rs"]
mod allocations;
mod asleep;
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
use std::{io, process::ExitCode};

/// It counts only while `memory` and `allocations` ask it to: else it is one relaxed load more.
#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> ExitCode {
    if memory::is_child() {
        return ExitCode::SUCCESS;
    }
    match made() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn made() -> io::Result<()> {
    let effort = Effort::asked_for();
    let Some(folder) = effort.folder()? else {
        print!("{}", Report::measured(effort).page());
        return Ok(());
    };
    Report::measured(effort).write(&folder)?;
    println!("Written: {}", folder.join("benchmarks.md").display());
    Ok(())
}
