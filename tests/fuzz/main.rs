//! Bytes as operations on the handles of a channel: futures are polled and dropped at any point, drops, keys,
//! predicates, closures and wakers panic, or use the channel in the middle of a call; and a plain model says
//! what must come of it. Here on bytes that were drawn once; with a fuzzer that looks for new ones in `fuzz/`.
#![cfg(all(feature = "std", feature = "watch", feature = "stream", feature = "sink"))]

mod channel;
mod mishaps;
#[path = "../common/waker.rs"]
#[expect(dead_code, reason = "each test uses a part of it")]
mod waker;
mod watch;
#[path = "../common/watchdog.rs"]
mod watchdog;

use proptest::{collection::vec, prelude::*};
use watchdog::watched;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_channel_is_its_model(bytes in vec(any::<u8>(), 0..300)) {
        run(channel::run, bytes);
    }

    #[test]
    fn watch_is_its_model(bytes in vec(any::<u8>(), 0..300)) {
        run(watch::run, bytes);
    }
}

/// In a thread of its own: a channel that is wrong may well go on for ever.
fn run(interpreter: fn(&[u8]), bytes: Vec<u8>) {
    watched(move |watch| {
        let _running = watch.running(format!("{bytes:?}"));
        interpreter(&bytes);
    });
}
