//! See `tests/fuzz/watch/`.
#![no_main]

#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/shared/mod.rs"]
mod shared;
#[path = "../../tests/fuzz/watch/mod.rs"]
mod watch;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::run::<watch::Register>(bytes, |_| ()));
