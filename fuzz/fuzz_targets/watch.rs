//! See `tests/fuzz/watch/`.
#![no_main]

#[expect(dead_code, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/mishaps.rs"]
mod mishaps;
#[expect(dead_code, reason = "each target uses a part of it")]
#[path = "../../tests/common/waker.rs"]
mod waker;
#[path = "../../tests/fuzz/watch/mod.rs"]
mod watch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watch::run(bytes));
