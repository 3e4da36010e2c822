//! A renderer that always draws the freshest frame, however slow it is.
//!
//! A capture task makes a frame every 2 ms; drawing one takes 16 ms. A queue between the two would grow,
//! or show the past. Here each send replaces the frame that was not drawn yet, and returns it: its buffer is filled
//! again. So three buffers are enough, however long the program runs: one is being filled, one waits in the channel,
//! and one is being drawn.
//!
//! ```console
//! cargo run --example render
//! ```

use overwrite_channel::{Receiver, Sender, channel};
use std::{error::Error, sync::mpsc, time::Duration};
use tokio::time::{interval, sleep};

const FRAMES: u64 = 400;
const CAPTURE_EVERY: Duration = Duration::from_millis(2);
const DRAWING_TAKES: Duration = Duration::from_millis(16);
const PIXELS: usize = 320 * 180;

struct Frame {
    number: u64,
    pixels: Vec<u8>,
}

#[derive(Default)]
struct Captured {
    frames: u64,
    displaced: u64,
    buffers: u64,
}

/// Makes all frames, then drops its sender: that is all there is to shutting down.
async fn capture(mut frames: Sender<Frame>, drawn: mpsc::Receiver<Vec<u8>>) -> Captured {
    let mut captured = Captured::default();
    let mut free = Vec::new();
    let mut clock = interval(CAPTURE_EVERY);
    for number in 0..FRAMES {
        clock.tick().await;
        free.extend(drawn.try_iter());
        let mut pixels = free.pop().unwrap_or_else(|| {
            captured.buffers += 1;
            vec![0; PIXELS]
        });
        pixels.fill(shade(number));
        // Never waits. An error would mean that the renderer is gone.
        let Ok(stale) = frames.send(Frame { number, pixels }) else { break };
        captured.frames += 1;
        if let Some(stale) = stale {
            captured.displaced += 1;
            free.push(stale.pixels);
        }
    }
    captured
}

/// Draws until the sender is gone and the last frame is drawn; returns the numbers of what it drew.
async fn render(mut frames: Receiver<Frame>, drawn: mpsc::Sender<Vec<u8>>) -> Vec<u64> {
    let mut numbers = Vec::new();
    while let Ok(frame) = frames.recv_async().await {
        sleep(DRAWING_TAKES).await; // stands for the drawing
        let whole = frame.pixels.iter().all(|pixel| *pixel == shade(frame.number));
        assert!(whole, "frame {} was changed while it was drawn", frame.number);
        numbers.push(frame.number);
        // Each buffer must come back: a queue. It fails if the capture is over, and that is fine.
        let _over = drawn.send(frame.pixels);
    }
    numbers
}

fn shade(number: u64) -> u8 {
    (number % 251) as u8
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (frames, freshest) = channel();
    let (drawn, returned) = mpsc::channel();
    let drawing = tokio::spawn(render(freshest, drawn));
    let captured = tokio::spawn(capture(frames, returned)).await?;
    let numbers = drawing.await?;

    let rendered = numbers.len() as u64;
    println!("captured  {:>4} frames", captured.frames);
    println!("rendered  {rendered:>4}, each the freshest there was");
    println!("displaced {:>4}, their buffers filled again", captured.displaced);
    println!("buffers   {:>4} made in all", captured.buffers);

    assert_eq!(captured.frames, FRAMES, "the renderer went too early");
    assert_eq!(rendered + captured.displaced, FRAMES, "a frame was lost or doubled");
    assert!(numbers.is_sorted_by(|a, b| a < b), "a frame was rendered after a newer one");
    assert_eq!(numbers.last(), Some(&(FRAMES - 1)), "the last frame was not rendered");
    assert!(captured.buffers <= 3, "more than three buffers were needed");
    println!("The last frame was rendered, and every frame is accounted for.");
    Ok(())
}
