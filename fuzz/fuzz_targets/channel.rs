//! See `tests/fuzz/channel/`.
#![no_main]

#[path = "../../tests/fuzz/channel/mod.rs"]
mod channel;
#[expect(dead_code, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/mishaps.rs"]
mod mishaps;
#[expect(dead_code, reason = "each target uses a part of it")]
#[path = "../../tests/common/waker.rs"]
mod waker;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| channel::run(bytes));
