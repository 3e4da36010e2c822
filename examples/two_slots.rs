//! One thread that waits for two channels at once: a market maker, its prices, and its orders.
//!
//! The market sends prices far faster than quotes can be sent out, and the desk sends a new margin now and
//! then. Of both only the newest counts. [`wait_any`] parks the thread until one of the two has something;
//! the margin stands first, because it is the more urgent.
//!
//! A channel whose senders are gone is ready for ever, so it is left out of the next waits. Here the desk
//! goes home first or the market closes first, as it comes: both must work.
//!
//! ```console
//! cargo run --example two_slots
//! ```

use overwrite_channel::{Receiver, Sender, channel, wait_any};
use std::{thread, time::Duration};

const PRICES: usize = 2_000;
const MARGINS: [u32; 5] = [10, 12, 50, 20, 15];
const QUOTING_TAKES: Duration = Duration::from_millis(5);

struct Price {
    number: usize,
    cents: u32,
}

#[derive(Default)]
struct Quoted {
    quotes: usize,
    newest: Option<usize>,
    bid_and_ask: (u32, u32),
    changes: usize,
    margin: u32,
}

fn make_market(mut margins: Receiver<u32>, mut prices: Receiver<Price>) -> Quoted {
    let mut quoted = Quoted::default();
    let (mut has_desk, mut has_market) = (true, true);
    while has_desk || has_market {
        let margin_is_ready = match (has_desk, has_market) {
            (true, true) => wait_any(&mut [&mut margins, &mut prices]) == 0,
            // With one left there is nothing to choose from: its own `recv` waits.
            (has_desk, _) => has_desk,
        };
        // No other receiver competes, so after `wait_any` a `recv` returns at once: the value, or the end.
        if margin_is_ready {
            match margins.recv() {
                Ok(cents) => {
                    quoted.margin = cents;
                    quoted.changes += 1;
                    println!("from now on {cents} cents around the price");
                }
                Err(_gone) => has_desk = false,
            }
        } else {
            match prices.recv() {
                Ok(price) => {
                    assert!(quoted.newest < Some(price.number), "an older price came later");
                    thread::sleep(QUOTING_TAKES); // stands for sending the quote out
                    quoted.quotes += 1;
                    quoted.newest = Some(price.number);
                    quoted.bid_and_ask = (price.cents - quoted.margin, price.cents + quoted.margin);
                }
                Err(_gone) => has_market = false,
            }
        }
    }
    quoted
}

/// Sends all values, one every `pause`. Returns how many of them were replaced unread.
fn feed<T>(mut tx: Sender<T>, values: impl Iterator<Item = T>, pause: Duration) -> usize {
    let mut replaced = 0;
    for value in values {
        let stale = tx.send(value).expect("the market maker stays to the end");
        replaced += usize::from(stale.is_some());
        thread::sleep(pause); // the feed's own pace
    }
    replaced
}

fn main() {
    let (desk, margins) = channel();
    let (market, prices) = channel();
    let maker = thread::spawn(move || make_market(margins, prices));
    let desk = thread::spawn(|| feed(desk, MARGINS.into_iter(), Duration::from_millis(80)));
    let walk = (10_000..10_037).cycle().take(PRICES).enumerate();
    let walk = walk.map(|(number, cents)| Price { number, cents });
    let stale_prices = feed(market, walk, Duration::from_micros(200));
    let stale_margins = desk.join().expect("the desk panicked");

    let Quoted { quotes, newest, bid_and_ask, changes, margin } =
        maker.join().expect("the market maker panicked");
    println!("{PRICES} prices: {quotes} quoted, {stale_prices} replaced before");
    println!("{} margins: {changes} applied, {stale_margins} replaced before", MARGINS.len());
    println!("the last quote, bid and ask in cents: {bid_and_ask:?}");

    assert_eq!(quotes + stale_prices, PRICES, "a price was lost or doubled");
    assert_eq!(newest, Some(PRICES - 1), "the last price was not quoted");
    assert_eq!(changes + stale_margins, MARGINS.len(), "a margin was lost or doubled");
    assert_eq!(Some(&margin), MARGINS.last(), "the last margin is not in force");
}
