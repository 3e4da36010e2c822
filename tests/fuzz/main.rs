//! Random calls on the handles of a channel, and a plain model that says what must come of them.
//!
//! An interpreter reads bytes as steps. Futures are polled, dropped and forgotten at any point. Drops, keys, predicates,
//! closures and wakers panic, or use the channel in the middle of a call. The channel holds a clone of a waker only while
//! that waits, and in the end all memory is given back. Here proptest draws the bytes, and shrinks those that fail; in
//! `fuzz/`, libFuzzer looks for them.
#![cfg(feature = "watch")]

mod buffer;
mod channel;
mod shared;
mod slot;
mod watch;

use buffer::Buffer;
use channel::Channel;
use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{TestError, TestRunner},
};
use shared::{Interpreter, run};
use slot::Slot;
use std::env;
use support::{
    allocator::{Counting, measure},
    watchdog::watched,
};
use watch::Register;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn the_channel_is_its_model() {
    check::<Slot<Channel>>("the_channel_is_its_model", 4352);
}

#[test]
fn buffer_is_its_model() {
    check::<Slot<Buffer>>("buffer_is_its_model", 1000);
}

#[test]
fn watch_is_its_model() {
    check::<Register>("watch_is_its_model", 1280);
}

/// Runs random cases: so many, or as many as `PROPTEST_CASES` says. Or it runs the bytes that `FUZZ_BYTES` holds.
fn check<I: Interpreter>(test: &str, cases: u32) {
    if let Ok(bytes) = env::var("FUZZ_BYTES") {
        let bytes = bytes.split(|of: char| !of.is_ascii_digit()).filter(|byte| !byte.is_empty());
        let bytes: Vec<u8> = bytes.map(|byte| byte.parse().expect("a byte")).collect();
        return watched(move |_| run::<I>(&bytes, |step| println!("{step}")));
    }
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let result = TestRunner::new(config).run(&vec(any::<u8>(), 0..300), |bytes| {
        // In a thread of its own: a channel that is wrong may well go on for ever.
        watched(move |watchdog| {
            let _running = watchdog.running(format!("{bytes:?}"));
            // `arc_swap` keeps a record for each thread, which a first channel makes.
            run::<I>(&[], |_| ());
            let ((), counts) = measure(|| run::<I>(&bytes, |_| ()));
            assert_eq!(counts.live_bytes, 0, "memory is left");
        });
        Ok(())
    });
    match result {
        Err(TestError::Fail(reason, bytes)) => panic!(
            "{reason}\nagain, with its steps:\n\
             FUZZ_BYTES='{bytes:?}' cargo test --all-features --test fuzz {test}"
        ),
        result => result.unwrap(),
    }
}
