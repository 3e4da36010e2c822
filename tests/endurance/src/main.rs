//! Runs everything that the channels have, for as long as asked, and accounts for every value and byte.
//!
//! ```text
//! cargo run --release -p overwrite-channel-endurance -- --seconds 3600
//! ```
//!
//! Channels come and go in small *worlds*, several at a time. In each, senders and receivers of every kind,
//! threads and tasks, send, wait, give up, clone and drop their handles, and panic at times. When a world
//! ends, each of its values must have had exactly one fate, and each change been reported or skipped. When
//! no world is left, as many bytes are allocated as before. Whoever makes no progress while it should is
//! named, and the program ends.
//!
//! What the actors draw depends on the seed alone; how threads interleave does not.

mod bytes;
mod channel;
mod crew;
mod dice;
mod mishaps;
mod posts;
mod tally;
mod wakers;
mod watch;

use clap::Parser;
use crew::{Crew, Part, THREADS};
use dice::Dice;
use posts::{Post, fail};
use std::{
    io::{IsTerminal, stderr},
    process::ExitCode,
    sync::{Arc, Mutex, atomic::Ordering::Relaxed},
    thread,
    time::{Duration, Instant},
};
use tally::TALLY;

#[derive(Parser)]
#[command(about = "Runs the channels for as long as asked, and accounts for every value and byte")]
struct Options {
    /// How long
    #[arg(long, default_value_t = 30)]
    seconds: u64,
    /// Ends after so many worlds, if that is sooner
    #[arg(long)]
    worlds: Option<u64>,
    /// What the actors draw from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// For how many seconds an actor may make no progress
    #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..))]
    patience: u64,
}

/// So many play at once: what actors mostly do is wait.
const CREWS: usize = 8;
/// How often they play until bytes are counted.
const PLAYS: usize = 64;

fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) if !error.use_stderr() => error.exit(),
        Err(error) => {
            let error = error.to_string();
            eprintln!("{}", error.lines().next().unwrap_or("error"));
            return ExitCode::from(2);
        }
    };
    let Options { seconds, worlds, seed, patience } = options;
    let command = format!(
        "cargo run --release -p overwrite-channel-endurance -- --seconds {seconds} --seed {seed}"
    );
    println!("{seconds} s, seed {seed}; an actor without progress for {patience} s is stuck");
    posts::watch(command, patience);

    let (leaders, crews) = Crew::several(CREWS);
    let mut dice = Dice::new(seed);
    let clock = Clock { start: Instant::now(), length: Duration::from_secs(seconds) };
    let mut progress = Progress::new(clock);
    play_all(&leaders, &crews, &mut dice, clock);
    let mut before = bytes::live();
    loop {
        play_all(&leaders, &crews, &mut dice, clock);
        let (now, worlds_so_far) = (settled(before), TALLY.worlds.load(Relaxed));
        if now > before {
            let more = now - before;
            fail(&format!("after world {worlds_so_far}, {more} bytes more than before: a leak"));
        }
        // Fewer, if something of a task was still there then.
        before = now;
        progress.tell();
        if clock.is_over() || worlds.is_some_and(|most| worlds_so_far >= most) {
            break;
        }
    }
    progress.clear();
    println!("{TALLY}");
    println!("bytes with no world {before:>14}  (never more than before)");
    println!("clean");
    ExitCode::SUCCESS
}

/// Each crew takes the next play when it is done with one, until there are no more, or no time.
fn play_all(leaders: &Crew, crews: &[Arc<Crew>], dice: &mut Dice, clock: Clock) {
    let plays: Vec<_> = (0..PLAYS).map(|_| dice.split()).collect();
    let plays = Arc::new(Mutex::new(plays.into_iter()));
    let parts = crews.iter().map(|crew| {
        let (crew, plays) = (Arc::clone(crew), Arc::clone(&plays));
        let post = Post::new(0, "leader");
        Part::thread(post.who(), move || {
            while !clock.is_over() {
                let next = plays.lock().unwrap().next();
                let Some(mut dice) = next else { break };
                play(&crew, &post, &mut dice);
            }
        })
    });
    leaders.run(parts.collect());
}

/// A few worlds at the same time, from their beginning to their end.
fn play(crew: &Crew, post: &Post, dice: &mut Dice) {
    post.doing("waits for the worlds to end");
    let together = dice.within(1, 3);
    let mut parts: Vec<Part> = Vec::new();
    let mut channels: Vec<Arc<channel::World>> = Vec::new();
    let mut watches: Vec<Arc<watch::World>> = Vec::new();
    for _ in 0..together {
        let number = 1 + TALLY.worlds.fetch_add(1, Relaxed);
        let threads = THREADS / together;
        if dice.one_in(2) {
            let (world, more) = channel::begin(number, threads, dice);
            channels.push(world);
            parts.extend(more);
        } else {
            let (world, more) = watch::begin(number, threads, dice);
            watches.push(world);
            parts.extend(more);
        }
    }
    crew.run(parts);
    post.doing("closes the account");
    for world in channels {
        world.close();
    }
    for world in watches {
        world.close();
    }
}

/// How many bytes are allocated when nothing runs. The runtime drops what is left of a task a moment after
/// the task has ended: if there are more than `expected`, it looks again, for some seconds.
fn settled(expected: usize) -> usize {
    let mut live = bytes::live();
    for _ in 0..5000 {
        if live <= expected {
            break;
        }
        thread::sleep(Duration::from_millis(1));
        live = bytes::live();
    }
    live
}

#[derive(Clone, Copy)]
struct Clock {
    start: Instant,
    length: Duration,
}

impl Clock {
    fn is_over(self) -> bool {
        self.start.elapsed() >= self.length
    }
}

/// A line that says how far it is: always the same one on a terminal, else one in ten seconds.
struct Progress {
    clock: Clock,
    next: Duration,
    is_terminal: bool,
}

impl Progress {
    fn new(clock: Clock) -> Self {
        Self { clock, next: Duration::ZERO, is_terminal: stderr().is_terminal() }
    }

    fn tell(&mut self) {
        let elapsed = self.clock.start.elapsed();
        if elapsed >= self.next {
            self.next = elapsed + Duration::from_secs(if self.is_terminal { 1 } else { 10 });
            let line = format!(
                "{} of {} s: {} worlds, {} values sent, {} changes, {} waits given up, {} panics, {} bytes",
                elapsed.as_secs(),
                self.clock.length.as_secs(),
                TALLY.worlds.load(Relaxed),
                TALLY.sent.load(Relaxed),
                TALLY.changes.load(Relaxed),
                TALLY.cancelled.load(Relaxed),
                TALLY.panics.load(Relaxed),
                bytes::live(),
            );
            if self.is_terminal { eprint!("\r{line}\x1b[K") } else { eprintln!("{line}") }
        }
    }

    fn clear(&self) {
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
    }
}
