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

mod channel;
mod history;
mod script;
mod watch;
mod world;
#[cfg(test)]
mod wrong;

use clap::Parser;
use history::{Call, History};
use script::{Part, Script, Subject};
use std::thread::spawn;

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
    check::<channel::Slot>("channel", seed, histories);
    check::<watch::Register>("watch", seed, histories);
}

/// The largest number of threads in one history.
const THREADS: usize = 6;
/// Threads are made for so many histories at a time, and meet at the beginning of each.
const BATCH: usize = 100;

/// Records and checks so many histories, and prints what they were.
///
/// # Panics
/// At the first one that no order explains.
fn check<S: Subject>(name: &str, first: u64, histories: usize) {
    let (mut calls, mut overlapping) = (0, 0);
    let seeds: Vec<_> = (first..).take(histories).collect();
    for seeds in seeds.chunks(BATCH) {
        for (seed, history) in seeds.iter().zip(record::<S>(seeds)) {
            history.check(*seed);
            let overlaps = |call: &&Call<_>| {
                history.calls.iter().any(|other| {
                    other.thread != call.thread && other.from < call.to && call.from < other.to
                })
            };
            calls += history.calls.len();
            overlapping += history.calls.iter().filter(overlaps).count();
        }
    }
    println!(
        "{name}: {histories} histories of {calls} calls, {overlapping} of which overlap another"
    );
}

/// Records a batch of histories, one after the other.
fn record<S: Subject>(seeds: &[u64]) -> Vec<History<S::Model>> {
    let mut scripts: Vec<_> = seeds.iter().map(|seed| Script::<S>::new(*seed, false)).collect();
    let mut parts: [Vec<_>; THREADS] = Default::default();
    for (at, script) in scripts.iter_mut().enumerate() {
        for (parts, part) in parts.iter_mut().zip(script.parts.drain(..)) {
            parts.push((at, part));
        }
    }
    let play = |parts: Vec<(usize, Part<S>)>| {
        spawn(|| parts.into_iter().map(|(at, part)| (at, part())).collect::<Vec<_>>())
    };
    for thread in parts.map(play) {
        for (at, played) in thread.join().expect("no call panics") {
            scripts[at].add(played);
        }
    }
    scripts.into_iter().map(Script::end).collect()
}

#[cfg(test)]
mod tests {
    use super::{Subject, channel::Slot, check, watch::Register};
    use support::watchdog::watched;

    fn few_thousand_histories_are_linearizable<S: Subject>() {
        watched(|watch| {
            let _running = watch.running("the histories");
            check::<S>("tested", 0, 2000);
        });
    }

    #[test]
    fn the_channel_is_linearizable() {
        few_thousand_histories_are_linearizable::<Slot>();
    }

    #[test]
    fn watch_is_linearizable() {
        few_thousand_histories_are_linearizable::<Register>();
    }
}
