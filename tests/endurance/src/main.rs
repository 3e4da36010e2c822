//! Runs everything that the channels have, for as long as asked, and accounts for every value and byte.
//!
//! ```text
//! cargo run --release -p overwrite-channel-endurance -- --seconds 3600
//! ```
//!
//! Channels come and go in small *worlds*, several at a time. In each, senders and receivers of every kind, threads and
//! tasks, send, wait, give up, clone and drop their handles, and panic at times. When a world ends, each of its values
//! must have had exactly one fate, and each change been reported or skipped. When no world and no thread of theirs is left,
//! no more bytes are allocated than before. An actor that makes no progress while it should ends the program, which names it.
//!
//! What the actors draw depends on the seed alone; how threads interleave does not.

mod actor;
mod buffer;
mod channel;
mod crew;
mod crowd;
mod posts;
mod receiver;
mod sender;
mod setting;
mod tally;
mod watch;

use clap::Parser;
use crew::Part;
use posts::Post;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use support::{
    allocator::{self, Counting, measure_from_now_on},
    dice::Dice,
};
use tally::Count;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[derive(Parser)]
#[command(about = "Runs the channels for as long as asked, and accounts for every value and byte")]
struct Options {
    /// How long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Ends as soon as the bytes of two runtimes were compared, if that is sooner
    #[arg(long)]
    short: bool,
    /// What the actors draw from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For how many seconds an actor may make no progress
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
}

/// The number of worlds at a time: actors mostly wait.
const LEADERS: usize = 16;
/// The largest number of threads in one world.
const THREADS: usize = 4;
/// The number of worlds of each leader in one runtime, after which bytes are counted.
const WORLDS: usize = 8;

/// A world that has begun.
struct World {
    parts: Vec<Part>,
    /// Checks its account, when all its actors have gone.
    close: Box<dyn FnOnce() + Send>,
}

fn main() {
    measure_from_now_on();
    let Options { seconds, short, seed, patience } = Options::parse();
    let command = format!(
        "cargo run --release -p overwrite-channel-endurance -- --seconds {seconds} --seed {seed}"
    );
    println!("{seconds} s, seed {seed}; an actor without progress for {patience} s is stuck");
    posts::watch(command, patience);

    crew::make_records(LEADERS * THREADS);
    let mut dice = Dice::new(seed);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut play = || {
        crew::in_runtime(LEADERS * THREADS, play_all(&mut dice, end));
        allocator::process().live_bytes
    };
    let before = play();
    loop {
        let now = play();
        let worlds = Count::Worlds.get();
        assert!(now <= before, "{now} bytes after world {worlds}, {before} before: a leak");
        if short || Instant::now() >= end {
            break;
        }
    }
    tally::report();
    println!("clean");
}

/// Lets each leader begin the next world when its last one has ended, for so many worlds, or until there is no time.
async fn play_all(dice: &mut Dice, end: Instant) {
    crew::run((0..LEADERS).map(|number| {
        let (post, mut dice) = (Post::new(0, "leader", number), dice.split());
        Part::new(Arc::clone(&post), async move {
            for _ in 0..WORLDS {
                if Instant::now() < end {
                    play(&post, dice.split()).await;
                }
            }
        })
    }))
    .await;
}

/// Plays a world from its beginning to its end.
async fn play(post: &Post, mut dice: Dice) {
    post.doing("waits for the world to end");
    let number = 1 + Count::Worlds.add(1);
    let begin = dice.pick(&[channel::begin, buffer::begin, watch::begin]);
    let World { mut parts, close } = begin(number, &mut dice);
    // One part of a world has to run on a thread at most.
    crew::deal(&mut parts, dice.within(1, THREADS - 1), &mut dice);
    crew::run(parts).await;
    post.doing("closes the account");
    close();
}
