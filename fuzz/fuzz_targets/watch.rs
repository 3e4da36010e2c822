//! See `tests/fuzz/watch.rs`.
#![no_main]

#[path = "../../tests/fuzz/mishaps.rs"]
mod mishaps;
#[path = "../../tests/common/waker.rs"]
mod waker;
#[path = "../../tests/fuzz/watch.rs"]
mod watch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| watch::run(bytes));
