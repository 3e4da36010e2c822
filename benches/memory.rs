//! Memory against `MaxRetries`: what it costs to have room for a sentinel of every attempt, and what a slot of
//! one costs.
//!
//! Each channel is built in a process of its own with a limited address space, which is then told to send a
//! million values that nobody receives. How a channel ends that cannot be built is part of the table.
//!
//! ```text
//! cargo bench --bench memory             # a few seconds
//! cargo bench --bench memory -- --quick  # fewer processes
//! cargo bench --bench memory -- --test   # the smallest and the largest, once: is everything correct?
//! ```

#[path = "memory/channels.rs"]
mod channels;
#[path = "memory/counting.rs"]
mod counting;
#[path = "memory/mod.rs"]
mod memory;

use counting::Counting;
use memory::{ADDRESS_SPACE, CAPACITIES, Found, Row, SENDS, in_words, with_commas};
use std::env;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() {
    if memory::is_child() {
        return;
    }
    let has_option = |option: &str| env::args().any(|arg| arg == option);
    // Without `--bench` it is `cargo test` that runs this.
    let (rounds, capacities) = if has_option("--test") || !has_option("--bench") {
        (1, [CAPACITIES[0], CAPACITIES[CAPACITIES.len() - 1]].to_vec())
    } else {
        (if has_option("--quick") { 5 } else { 15 }, CAPACITIES.to_vec())
    };
    let rows = memory::measure(rounds, &capacities, &mut |_, _| ());
    println!(
        "A sentinel takes 16 bytes. Medians of {rounds} processes each, which may have an address space of {} GiB.",
        ADDRESS_SPACE >> 30
    );
    for capacity in capacities {
        print(capacity, rows.iter().filter(|row| row.capacity == capacity));
    }
    println!(
        "\nbytes, blocks: what the allocator gave. VmRSS, VmSize: by how much the process grew; the system\n\
         counts the first in batches, so a few hundred kB are nothing. stale: what is received before the\n\
         newest value that was accepted."
    );
    if rows.iter().flat_map(|row| &row.outcome).any(|found| found.built_pages.resident.is_none()) {
        println!("This system has no /proc/self/status to read VmRSS and VmSize from.");
    }
}

fn print<'a>(capacity: u64, rows: impl Iterator<Item = &'a Row>) {
    println!(
        "\n{:<26}|{:^49}|{:^55}",
        "MaxRetries",
        "the channel, just built",
        format!("after {} sends that nobody received", with_commas(SENDS))
    );
    println!(
        "{:<26}|{:>9}{:>8}{:>10}{:>10}{:>11} |{:>9}{:>8}{:>10}{:>10}{:>9}{:>9}",
        with_commas(capacity),
        "bytes",
        "blocks",
        "VmRSS",
        "VmSize",
        "time",
        "bytes",
        "blocks",
        "VmRSS",
        "VmSize",
        "refused",
        "stale"
    );
    for row in rows {
        let figures = row.outcome.as_ref().map_or_else(|failure| format!(" {failure}"), figures);
        println!("  {:<24}|{figures}", row.name);
    }
}

fn figures(found: &Found) -> String {
    format!(
        "{:>9}{:>8}{:>10}{:>10}{:>11} |{:>9}{:>8}{:>10}{:>10}{:>9}{:>9}",
        signed(found.built.held),
        found.built.allocations,
        found.built_pages.resident.map_or("?".into(), signed),
        found.built_pages.mapped.map_or("?".into(), signed),
        time(found.nanos),
        signed(found.filled.held),
        found.filled.allocations,
        found.filled_pages.resident.map_or("?".into(), signed),
        found.filled_pages.mapped.map_or("?".into(), signed),
        SENDS - found.accepted,
        found.stale,
    )
}

fn signed(bytes: i64) -> String {
    let sign = if bytes < 0 { "-" } else { "" };
    format!("{sign}{}", in_words(bytes.unsigned_abs()))
}

fn time(nanos: u64) -> String {
    match nanos {
        0..10_000 => format!("{nanos} ns"),
        10_000..10_000_000 => format!("{} µs", nanos / 1_000),
        _ => format!("{} ms", nanos / 1_000_000),
    }
}
