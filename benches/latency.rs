//! How long one send takes, and one hand-over: not the mean, but the percentiles.
//!
//! Each send is timed by itself, from one reading of the clock to the next. The clock takes its time, too,
//! and goes in steps; both are measured and printed, and the first table has a row that times nothing. Where a
//! send costs less than the clock, that row is what to compare with, and the `ratios` bench is the
//! one that tells the mean.
//!
//! *A hand-over* is the time from right before the send, on one thread, to right after the receive, on another.
//! What is sent is the time. A receiver that is to be parked is: the sender looks at the state that the system
//! says its thread is in, before each send (on other systems than Linux, it waits for a while instead).
//!
//! The contenders take turns in many rounds, with the floor, the first row, before and after each. The ratios
//! are the medians, over the rounds, of p50 and p99 to those of the floor in the same round.
//!
//! ```text
//! cargo bench --bench latency             # under a minute
//! cargo bench --bench latency -- --quick  # a few seconds
//! cargo bench --bench latency -- --test   # one round: does everything run?
//! ```

mod asleep;
mod cores;
#[path = "latency/mod.rs"]
mod latency;
#[allow(dead_code, reason = "what only other benches use")]
mod peers;
#[allow(dead_code, reason = "what only other benches use")]
mod table;
#[allow(dead_code, reason = "what only other benches use")]
mod tasks;
#[allow(dead_code, reason = "what only other benches use")]
mod threads;
#[allow(dead_code, reason = "what only other benches use")]
#[path = "waits/mod.rs"]
mod waits;

use cores::Pair;
use latency::{PERCENTILES, Table, timer};
use std::time::Duration;
use table::has_option;
use waits::Runtimes;

fn main() {
    // Without `--bench` it is `cargo test` that runs this.
    let seconds = if has_option("--test") || !has_option("--bench") {
        0
    } else if has_option("--quick") {
        8
    } else {
        50
    };
    // Before this thread is pinned: their threads would be, too.
    let runtimes = Runtimes::start();
    let pair = Pair::pinned();
    peers::check_all();
    let tables = latency::measure(Duration::from_secs(seconds), pair, &runtimes, &mut |_| ());
    let timer = timer();
    let threads = pair.map_or("on one core".into(), |pair| pair.to_string());
    println!(
        "Threads {threads}, tokio's not pinned; {} rounds. Nanoseconds. Two readings of the clock, one right \
         after the other, are {} ns apart (p99: {}); it goes in steps of {} ns.",
        tables[0].rows[0].ratios.len(),
        timer.cost,
        timer.cost_p99,
        timer.step
    );
    tables.iter().for_each(print);
}

fn print(table: &Table) {
    print!("\n{:<46}", table.title);
    for (name, _) in PERCENTILES {
        print!("{name:>10}");
    }
    println!("{:>12}{:>10}", "p50 ratio", "p99 ratio");
    for row in &table.rows {
        print!("  {:<44}", row.name);
        for nanos in row.percentiles() {
            print!("{nanos:>10}");
        }
        println!("{:>12.2}{:>10.2}", row.ratio(false)[1], row.ratio(true)[1]);
    }
}
