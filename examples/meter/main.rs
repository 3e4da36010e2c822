//! A level meter, from an audio thread to a screen: first the screen polls it, then it waits for it.
//!
//! The audio thread publishes the level of each block. If the level before was not taken, `publish` says so, and the writer
//! holds that level afterwards: its peak counts in the next one. So the screen misses no peak, however seldom it looks.
//!
//! An audio callback must not allocate, and must make no system call. That is counted here, not said: allocations by the
//! allocator, system calls by the kernel (`system_calls.rs`). While the screen polls, there are none. While it waits, a
//! `publish` that finds its thread asleep wakes it, by one system call.
//!
//! ```console
//! cargo run --example meter
//! ```

mod system_calls;

use overwrite_channel::{
    RecvTimeoutError,
    buffer::{Reader, Writer, channel},
};
use std::{
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};
use support::allocator::{Counting, measure};
use system_calls::Counter;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const SAMPLES: u16 = 256;
/// How many blocks are played while the screen polls, and again while it waits.
const BLOCKS: u16 = 200;
/// At 48 kHz.
const BLOCK_TAKES: Duration = Duration::from_micros(5_333);
const REFRESH: Duration = Duration::from_millis(16);
const SILENCE: Duration = Duration::from_millis(100);

/// Set before the screen waits for the first time.
static POLLED: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Copy, Default)]
struct Level {
    peak: f32,
    rms: f32,
}

struct Player {
    level: Writer<Level>,
    /// The peak of the levels that were not taken, which the next level carries on.
    carried: f32,
}

impl Player {
    /// The audio callback: fills a block, and publishes its level.
    fn callback(&mut self, block: &mut [f32; SAMPLES as usize], gain: f32) {
        let mut phase = 0.0_f32;
        for sample in &mut *block {
            *sample = gain * phase.sin();
            phase += 0.1;
        }
        let peak = block.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        let power = block.iter().map(|sample| sample * sample).sum::<f32>() / f32::from(SAMPLES);
        *self.level = Level { peak: peak.max(self.carried), rms: power.sqrt() };
        // If it replaced a level, the writer has that one back. If the screen is gone, the music goes on.
        self.carried = if self.level.publish() == Ok(true) { self.level.peak } else { 0.0 };
    }
}

#[derive(Default)]
struct Played {
    /// For the callbacks while the screen polled, and while it waited.
    allocations: [usize; 2],
    system_calls: [usize; 2],
    /// What no level carried in the end.
    carried: f32,
    loudest: f32,
}

/// The audio thread. A driver would call back; here the thread itself sleeps between the calls, and that is not counted.
fn play(level: Writer<Level>, counter: &Counter) -> Played {
    let mut totals = Played::default();
    let mut player = Player { level, carried: 0.0 };
    let mut block = [0.0; SAMPLES as usize];
    for half in 0..2 {
        for number in 0..BLOCKS {
            let gain = f32::from(number * 37 % 100) / 100.0;
            let callback = || player.callback(&mut block, gain);
            let (((), calls), counts) = measure(|| counter.count(callback));
            totals.allocations[half] += counts.allocations;
            totals.system_calls[half] += calls;
            totals.loudest = block.iter().fold(totals.loudest, |loudest, s| loudest.max(s.abs()));
            thread::sleep(BLOCK_TAKES);
        }
        POLLED.store(true, SeqCst);
    }
    thread::sleep(SILENCE * 3);
    totals.carried = player.carried;
    totals
}

/// The screen's thread. Returns the greatest peak that it saw.
fn show(mut level: Reader<Level>) -> f32 {
    let (mut polled, mut waited, mut silences, mut loudest) = (0, 0, 0, 0.0_f32);
    while !POLLED.load(SeqCst) {
        // `false` leaves the level that is shown.
        polled += usize::from(level.update());
        loudest = loudest.max(level.peak);
        thread::sleep(REFRESH);
    }
    println!(
        "polled: {polled} levels shown, the last peak {:.2}, rms {:.2}",
        level.peak, level.rms
    );
    // Sleeps at once, so that there is a thread to wake.
    level.set_spin_limit(0);
    loop {
        match level.wait_timeout(SILENCE) {
            Ok(level) => {
                waited += 1;
                loudest = loudest.max(level.peak);
            }
            Err(RecvTimeoutError::Timeout) => silences += 1,
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    println!("waited: {waited} levels shown, and {silences} times silence");
    loudest
}

fn main() {
    let (writer, reader) = channel(Level::default());
    let audio = thread::spawn(|| {
        let counter = Counter::of_this_thread();
        (play(writer, &counter), counter.failure())
    });
    let shown = show(reader);
    let (played, uncounted) = audio.join().expect("the audio thread panicked");

    for (half, screen) in ["polled", "waited"].into_iter().enumerate() {
        let calls = match &uncounted {
            None => format!("{} system calls", played.system_calls[half]),
            Some(reason) => format!("system calls not counted: {reason}"),
        };
        let allocations = played.allocations[half];
        println!(
            "while the screen {screen}, {BLOCKS} callbacks: {allocations} allocations, {calls}"
        );
    }
    let shown = shown.max(played.carried);
    println!("loudest peak: {:.2} played, {shown:.2} shown", played.loudest);

    assert_eq!(played.allocations, [0, 0], "the audio thread allocated");
    assert_eq!(played.system_calls[0], 0, "the audio thread called the system");
    assert_eq!(shown.to_bits(), played.loudest.to_bits(), "a peak was lost");
}
