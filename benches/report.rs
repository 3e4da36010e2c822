//! All of the suite's tables and pictures as one page.
//!
//! ```text
//! cargo bench --bench report             # some six minutes: docs/benchmarks.md, and docs/benchmarks/
//! cargo bench --bench report -- --quick  # a minute: prints the page, and writes nothing
//! cargo bench --bench report -- --test   # one round, into a temporary folder: does everything run?
//! ```
//!
//! A plain `cargo bench` leaves it out: nothing in `docs/` changes unless this is asked for by name.

mod suite;

use std::process::ExitCode;

fn main() -> ExitCode {
    suite::run(Some("report"))
}
