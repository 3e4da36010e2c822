//! See `tests/fuzz/channel/`.
#![no_main]

#[path = "../../tests/fuzz/channel/mod.rs"]
mod channel;
#[expect(dead_code, unused_imports, reason = "each target uses a part of it")]
#[path = "../../tests/fuzz/shared/mod.rs"]
mod shared;
#[path = "../../tests/fuzz/slot/mod.rs"]
mod slot;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| shared::run::<slot::Slot<channel::Channel>>(
    bytes,
    |_| ()
));
