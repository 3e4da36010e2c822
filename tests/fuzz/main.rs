//! Random calls on the handles of a channel, and a plain model that says what must come of them.
//!
//! An interpreter reads bytes as steps. Futures are polled, dropped and forgotten at any point. Drops, keys, predicates,
//! closures and wakers panic, or use the channel in the middle of a call. Here proptest draws the bytes, and shrinks
//! those that fail; in `fuzz/`, libFuzzer looks for them.
#![cfg(feature = "watch")]

mod channel;
mod shared;
mod watch;

use channel::Channel;
use proptest::{collection::vec, prelude::*, test_runner::TestRunner};
use shared::{Interpreter, run};
use std::{env, fmt};
use support::watchdog::watched;
use watch::Watch;

#[test]
fn the_channel_is_its_model() {
    check::<Channel>("the_channel_is_its_model", 4352);
}

#[test]
fn watch_is_its_model() {
    check::<Watch>("watch_is_its_model", 1280);
}

/// The bytes of a case. Its `Debug` is the command that runs the case again, and prints its steps.
struct Case {
    test: &'static str,
    bytes: Vec<u8>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { test, bytes } = self;
        write!(f, "\nFUZZ_BYTES='{bytes:?}' cargo test --all-features --test fuzz {test}")
    }
}

/// Runs random cases: so many, or as many as `PROPTEST_CASES` says. Or it runs those bytes that `FUZZ_BYTES` holds.
fn check<I: Interpreter>(test: &'static str, cases: u32) {
    if let Ok(bytes) = env::var("FUZZ_BYTES") {
        let bytes = bytes.split(|of: char| !of.is_ascii_digit()).filter(|byte| !byte.is_empty());
        let bytes: Vec<u8> = bytes.map(|byte| byte.parse().expect("a byte")).collect();
        return watched(move |_| run::<I>(&bytes, |step| println!("{step}")));
    }
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if env::var_os("PROPTEST_CASES").is_none() {
        config.cases = cases;
    }
    let case = vec(any::<u8>(), 0..300).prop_map(move |bytes| Case { test, bytes });
    let result = TestRunner::new(config).run(&case, |case| {
        // In a thread of its own: a channel that is wrong may well go on for ever.
        watched(move |watch| {
            let _running = watch.running(format!("{case:?}"));
            run::<I>(&case.bytes, |_| ());
        });
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}
