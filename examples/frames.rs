//! A screen and an encoder, which both get large frames that are neither copied nor allocated.
//!
//! A producer fills 1920×1080 RGBA frames at its own pace. A renderer shows the newest at 60 Hz, and the same one again if
//! there is no newer one. An encoder takes one when it has time.
//!
//! The readers of one `buffer` compete: a frame that the encoder takes would never be shown. So there are two buffers. The
//! producer publishes to the renderer. When the renderer takes a newer frame, it swaps the one that it has shown for one
//! that the encoder no longer needs, and publishes it to the encoder. The pixels lie in a box, so a swap moves a pointer.
//! The screen misses no frame that it could have shown, and the encoder gets the newest of those that were on the screen.
//! Eight frames are enough, however long the program runs, and all are made before it starts. A `watch` would show each
//! frame to both, but allocates with each send.
//!
//! ```console
//! cargo run --release --example frames
//! cargo run --release --example frames -- 10s
//! ```

#![forbid(unsafe_code)]

use overwrite_channel::buffer::{Reader, Writer, channel_with};
use std::{
    env,
    ffi::OsStr,
    mem,
    process::ExitCode,
    thread,
    time::{Duration, Instant},
};
use support::{
    allocator::{Counting, measure},
    arguments,
};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const BYTES: usize = 1920 * 1080 * 4;
const REFRESH: Duration = Duration::from_nanos(1_000_000_000 / 60);
/// The producer's pace, in milliseconds: mostly faster than the screen, at times slower.
const PAUSES: [u64; 5] = [4, 7, 3, 11, 30];
/// Room for the longest run, also if the producer ends late.
const MOST_REFRESHES: usize = 60 * 60 + 1_000;
const ENCODING_TAKES: Duration = Duration::from_millis(50);

struct Frame {
    /// The producer's first frame has 1.
    number: usize,
    made: Instant,
    pixels: Box<[u8]>,
}

impl Frame {
    fn white() -> Self {
        Self { number: 0, made: Instant::now(), pixels: vec![255; BYTES].into() }
    }

    /// Checks that all pixels are of this frame: the first one is, and each equals the one before.
    fn check(&self) {
        let whole = self.pixels[0] == shade(self.number)
            && self.pixels[1..] == self.pixels[..self.pixels.len() - 1];
        assert!(whole, "frame {} was changed while it was looked at", self.number);
    }
}

fn shade(number: usize) -> u8 {
    number.to_le_bytes()[0]
}

/// Returns how many frames it made, and how many of them were replaced before the renderer took them.
fn produce(mut frames: Writer<Frame>, duration: Duration) -> (usize, usize) {
    let start = Instant::now();
    let (mut made, mut skipped) = (0, 0);
    for pause in PAUSES.into_iter().cycle() {
        made += 1;
        frames.pixels.fill(shade(made));
        frames.number = made;
        frames.made = Instant::now();
        let Ok(replaced) = frames.publish() else { break };
        skipped += usize::from(replaced);
        if start.elapsed() >= duration {
            break;
        }
        thread::sleep(Duration::from_millis(pause)); // the producer's own pace
    }
    (made, skipped)
}

/// Shows frames until the producer is gone and its last one is on the screen. Returns how many it showed, and writes how
/// old the frame on the screen was at each refresh.
fn render(
    mut frames: Reader<Frame>,
    mut encoder: Writer<Frame>,
    ages: &mut Vec<Duration>,
) -> usize {
    let (mut shown, mut newest) = (0, 0);
    let mut refresh = Instant::now();
    loop {
        // Asked before the look: after the end there is nothing newer.
        let is_last = frames.is_closed();
        // No other reader can take what is there, so it will be taken below.
        if !frames.is_empty() {
            if shown > 0 {
                pass_on(&mut frames, &mut encoder);
            }
            assert!(frames.update() && frames.number > newest, "an older frame came later");
            (shown, newest) = (shown + 1, frames.number);
        }
        if shown > 0 {
            frames.check(); // stands for the drawing
            ages.push(frames.made.elapsed());
        }
        if is_last {
            break;
        }
        // A refresh that is late is not made up for.
        refresh = Instant::now().max(refresh + REFRESH);
        thread::sleep(refresh - Instant::now());
    }
    pass_on(&mut frames, &mut encoder);
    shown
}

/// Publishes the frame on the screen to the encoder, and leaves the renderer one that the encoder does not need.
fn pass_on(frames: &mut Reader<Frame>, encoder: &mut Writer<Frame>) {
    mem::swap(&mut **frames, &mut **encoder);
    encoder.publish().expect("the encoder stays while the renderer does");
}

/// Returns how many frames it encoded, and the number of the last.
fn encode(mut frames: Reader<Frame>) -> (usize, usize) {
    let (mut encoded, mut last) = (0, 0);
    while let Ok(frame) = frames.wait() {
        thread::sleep(ENCODING_TAKES); // stands for the encoding
        frame.check();
        assert!(frame.number > last, "an older frame came later");
        (encoded, last) = (encoded + 1, frame.number);
    }
    (encoded, last)
}

fn run(duration: Duration) {
    let (to_renderer, from_producer) = channel_with(Frame::white);
    let (to_encoder, from_renderer) = channel_with(Frame::white);
    let mut ages = Vec::with_capacity(MOST_REFRESHES);
    let producing = thread::spawn(move || measure(|| produce(to_renderer, duration)));
    let encoding = thread::spawn(|| measure(|| encode(from_renderer)));
    let (shown, by_renderer) = measure(|| render(from_producer, to_encoder, &mut ages));
    let ((made, skipped), by_producer) = producing.join().expect("the producer panicked");
    let ((encoded, last), by_encoder) = encoding.join().expect("the encoder panicked");
    let allocations = (by_renderer + by_producer + by_encoder).allocations;

    ages.sort_unstable();
    let age = |percent: usize| ages[(ages.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("made      {made:>5} frames of {BYTES} bytes");
    println!("shown     {shown:>5}, in {} refreshes", ages.len());
    println!("skipped   {skipped:>5}, replaced by newer ones");
    println!("encoded   {encoded:>5} of those shown");
    println!("allocated {allocations:>5} times after the start");
    println!("age of what was shown: p50 {:.1} ms, p99 {:.1} ms", age(50), age(99));

    assert_eq!(shown + skipped, made, "a frame was lost or doubled");
    assert_eq!(last, made, "the last frame was not encoded");
    assert_eq!(allocations, 0, "a thread allocated");
}

/// Returns how long the producer makes frames.
fn duration() -> Result<Duration, String> {
    let arguments = env::args_os().skip(1).collect::<Vec<_>>();
    if arguments.is_empty() {
        return Ok(Duration::from_secs(3));
    }
    let text = arguments.join(OsStr::new(" "));
    let text = text.to_string_lossy();
    arguments::duration(&text).map_err(|expected| format!("{expected}, not {text:?}"))
}

fn main() -> ExitCode {
    match duration() {
        Ok(duration) => {
            run(duration);
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("frames: {wrong}");
            ExitCode::from(2)
        }
    }
}
