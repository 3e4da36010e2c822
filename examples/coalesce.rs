//! A price feed whose consumer is slower than the market: updates are merged by symbol while it is busy.
//!
//! The feed sends every update with `send_merged`. If the consumer has not taken the last ones, they are merged with the new one:
//! for each symbol the newest price, the sum of the volume. So the consumer always receives all that is new in one
//! value, nothing is lost, and the value has at most one entry for each symbol. The same feed into an unbounded queue is what
//! it is compared with.
//!
//! ```console
//! cargo run --example coalesce
//! ```

use overwrite_channel::channel;
use std::{
    collections::BTreeMap,
    iter,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};
use support::dice::Dice;

const SYMBOLS: [&str; 5] = ["AMZN", "GOOG", "MSFT", "NFLX", "RUST"];
const UPDATES: u32 = 200_000;
/// Stands for what a consumer does with each value it receives.
const CONSUMING_TAKES: Duration = Duration::from_millis(1);
/// How long the consumer of the queue goes on after the last update.
const PATIENCE: Duration = Duration::from_millis(100);

#[derive(Clone, Copy, PartialEq, Debug, Default)]
struct Quote {
    /// Of the newest update.
    price: u64,
    /// Of all updates since the consumer looked.
    volume: u64,
}

type Quotes = BTreeMap<&'static str, Quote>;

/// Adds newer quotes to older ones.
fn merge(mut quotes: Quotes, newer: Quotes) -> Quotes {
    for (symbol, newer) in newer {
        let quote = quotes.entry(symbol).or_default();
        *quote = Quote { price: newer.price, volume: quote.volume + newer.volume };
    }
    quotes
}

/// Returns each update of the market: one symbol.
fn market() -> impl Iterator<Item = Quotes> {
    let mut dice = Dice::new(1);
    iter::repeat_with(move || {
        let quote = Quote { price: dice.roll() >> 52, volume: dice.roll() >> 56 };
        Quotes::from([(dice.pick(&SYMBOLS), quote)])
    })
    .take(UPDATES as usize)
}

fn main() {
    let expected = market().fold(Quotes::new(), merge);

    let (mut tx, mut rx) = channel();
    let feed = thread::spawn(move || {
        for update in market() {
            tx.send_merged(update, merge).expect("the consumer is there");
        }
    });
    let (mut seen, mut received, mut largest) = (Quotes::new(), 0, 0);
    for quotes in &mut rx {
        (received, largest) = (received + 1, largest.max(quotes.len()));
        seen = merge(seen, quotes);
        thread::sleep(CONSUMING_TAKES);
    }
    feed.join().expect("the feed does not panic");
    assert_eq!(seen, expected, "nothing is lost, and the prices are the newest");
    assert!(largest <= SYMBOLS.len());
    println!(
        "merged  {UPDATES} updates received as {received} values of at most {largest} entries"
    );

    let (tx, rx) = mpsc::channel();
    let feed = thread::spawn(move || {
        for update in market() {
            tx.send(update).expect("the consumer is there");
        }
    });
    let end = Instant::now() + PATIENCE;
    let mut received = 0;
    while Instant::now() < end && rx.recv().is_ok() {
        received += 1;
        thread::sleep(CONSUMING_TAKES);
    }
    feed.join().expect("the feed does not panic");
    let waiting = rx.try_iter().count();
    assert_eq!(received + waiting, UPDATES as usize);
    println!("queue   after {received} values {waiting} updates wait, the oldest first");
}
