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
mod threads;
mod watch;
mod world;
#[cfg(test)]
mod wrong;

use clap::Parser;
use std::time::Instant;

#[derive(Parser)]
#[command(
    about = "Records histories of the channels on threads, and checks that they are linearizable"
)]
struct Options {
    /// How many histories of each channel
    #[arg(long, default_value_t = 100_000)]
    histories: u64,
    /// Of the first history; each later one has the next
    #[arg(long, default_value_t = 0)]
    seed: u64,
}

fn main() {
    let Options { histories, seed } = Options::parse();
    let start = Instant::now();
    let tally = threads::check::<channel::Slot>(seed, histories);
    println!("channel: {tally}, {:.1?}", start.elapsed());
    let start = Instant::now();
    let tally = threads::check::<watch::Register>(seed, histories);
    println!("watch:   {tally}, {:.1?}", start.elapsed());
}

#[cfg(test)]
mod tests {
    use super::{channel::Slot, script::Subject, threads, watch::Register};
    use support::watchdog::watched;

    fn few_thousand_histories_are_linearizable<S: Subject>() {
        watched(|watch| {
            let _running = watch.running("the histories");
            assert_eq!(threads::check::<S>(0, 2000).histories, 2000);
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
