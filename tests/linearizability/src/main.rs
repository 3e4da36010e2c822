//! Is every history of the channels one that could have been, had the calls come one by one?
//!
//! Threads make calls at random; when each began and returned is recorded, and an order of them is looked
//! for that the specification allows ([`channel::specification`], [`watch::specification`]).
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
#[cfg(test)]
#[path = "../../common/watchdog.rs"]
mod watchdog;
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
    use super::{channel::Slot, threads, watch::Register, watchdog::watched};

    #[test]
    fn the_channel_is_linearizable() {
        watched(|watch| {
            let _running = watch.running("histories of the channel");
            assert_eq!(threads::check::<Slot>(0, 2000).histories, 2000);
        });
    }

    #[test]
    fn watch_is_linearizable() {
        watched(|watch| {
            let _running = watch.running("histories of watch");
            assert_eq!(threads::check::<Register>(0, 2000).histories, 2000);
        });
    }
}
