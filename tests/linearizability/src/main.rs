//! Is every history of the channels one that could have been if the calls had come one by one?
//!
//! Threads make calls at random. When each began and returned is recorded, and an order of them is looked for that the
//! specification allows ([`channel::specification`], [`watch::specification`]).
//!
//! `cargo test` does so with a few thousand histories. With as many as one likes:
//!
//! ```text
//! cargo run --release -p overwrite-channel-linearizability -- --histories 100000
//! ```

mod buffer;
mod channel;
mod history;
mod script;
mod static_channel;
mod watch;
mod world;
#[cfg(test)]
mod wrong;

use clap::Parser;
use history::Call;
use script::Subject;

#[derive(Parser)]
#[command(
    about = "Records histories of the channels on threads, and checks that they are linearizable"
)]
struct Options {
    /// How many histories of each channel
    #[arg(long, default_value_t = 100_000)]
    histories: usize,
    /// Of the first history; each later one has the next
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() {
    let Options { histories, seed } = Options::parse();
    check_all(seed, histories);
}

fn check_all(seed: u64, histories: usize) {
    check::<channel::Slot>("channel", seed, histories);
    check::<channel::Slot<static_channel::Static>>("static channel", seed, histories);
    check::<buffer::Buffer>("buffer", seed, histories);
    check::<watch::Register>("watch", seed, histories);
}

/// Records and checks so many histories, and prints what they were.
///
/// # Panics
/// At the first one that no order explains, or if too few calls overlap to show anything.
fn check<S: Subject>(name: &str, first: u64, histories: usize) {
    let (mut calls, mut overlapping) = (0, 0);
    for seed in (first..).take(histories) {
        let history = script::record::<S>(seed, false);
        history.check(seed);
        let overlaps = |call: &&Call<_>| {
            history.calls.iter().any(|other| {
                other.thread != call.thread && other.from < call.to && call.from < other.to
            })
        };
        calls += history.calls.len();
        overlapping += history.calls.iter().filter(overlaps).count();
    }
    println!(
        "{name}: {histories} histories of {calls} calls, {overlapping} of which overlap another"
    );
    assert!(overlapping >= histories / 2, "{name}: the threads hardly meet");
}

#[test]
fn few_thousand_histories_of_each_channel_are_linearizable() {
    support::watchdog::watched(|watchdog| {
        let _running = watchdog.running("the histories");
        check_all(0, 2000);
    });
}
